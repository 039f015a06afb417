"""The bench of seals: its figures, and the goals that do not depend on the machine."""

from __future__ import annotations

from clearway.cli.bench.seal import measure_seal


def test_sizes_and_versions_meet_their_goals_and_all_is_measured() -> None:
    figures = {figure.what: figure for figure in measure_seal(True)}
    for what, figure in figures.items():
        if figure.peer in ("allowed", "goal"):
            assert figure.theirs is not None and figure.ours <= figure.theirs, what
    assert len(figures) == 15
    assert all(figure.ours > 0 for figure in figures.values())
