"""Progress bars on long work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting(noun: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told (done, total) and draws a bar on standard error."""
    if quiet:
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn(noun),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task(noun, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def phases(*, quiet: bool = False) -> Iterator[Callable[[str, float], None]]:
    """Give a function that is told (phase, share done) and draws a bar on standard error."""
    with counting("training", quiet=quiet) as bar:
        yield lambda phase, share: bar(int(share * 100), 100)
