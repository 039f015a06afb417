"""The picture of an importer: with whom it trades, who shares them, and what was found.

    trade = FrameTrade(history, until=now)              # or SqlTrade(lake.frame, "history")
    neighbourhood("XA123", trade, links)                # at most 40 nodes

Step 0 is the importer; step 1 its exporters, declarants and linked numbers; step 2 the other
importers of its exporters. A declarant's other importers are left out: brokers have hundreds, and
to share one says little. What does not fit is counted, never hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import polars as pl

from clearway.errors import InputError
from clearway.risk.network.model import Edge, Link, Neighbourhood, Node, Role

MOST_NODES = 40
MOST_ASKED = 200
_SHARE_OF_PARTNERS = 0.6  # of the places; the rest is for whoever shares the exporters


class Pair(NamedTuple):
    """What an importer and one of its partners did together."""

    importer: str
    other: str
    role: str
    items: int
    examined: int
    found: int


class Trade(Protocol):
    """Where pairs are asked for; answers are bounded, those with finds and many items first."""

    def of_importers(self, importers: Sequence[str]) -> list[Pair]:
        """Return the partners of these importers."""
        ...

    def of_exporters(self, exporters: Sequence[str]) -> list[Pair]:
        """Return the importers of these exporters."""
        ...


_MOST_PAIRS = 500


class FrameTrade:
    """Pairs of a history in memory."""

    def __init__(self, frame: pl.DataFrame, until: datetime | None = None) -> None:
        """Look at a history.

        Args:
            frame: of `formats.history`.
            until: aware UTC; rows accepted and results known at or after it do not count.
        """
        if until is not None:
            frame = frame.filter(pl.col("accepted_at") < until)
        known = pl.col("examined") & pl.col("illicit").is_not_null()
        if until is not None:
            known = known & (pl.col("known_at") < until)
        self._frame = frame.select(
            "importer", "declarant", "exporter", examined=known, found=known & pl.col("illicit")
        )

    def of_importers(self, importers: Sequence[str]) -> list[Pair]:
        """Return the partners of these importers."""
        rows = self._frame.filter(pl.col("importer").is_in(list(importers)))
        return self._pairs(rows, (Role.DECLARANT, Role.EXPORTER))

    def of_exporters(self, exporters: Sequence[str]) -> list[Pair]:
        """Return the importers of these exporters."""
        rows = self._frame.filter(pl.col("exporter").is_in(list(exporters)))
        return self._pairs(rows, (Role.EXPORTER,))

    def _pairs(self, rows: pl.DataFrame, roles: Iterable[Role]) -> list[Pair]:
        together = pl.concat(
            rows.group_by("importer", other=pl.col(role.value))
            .agg(
                pl.len().alias("items"),
                pl.col("examined").fill_null(False).sum(),
                pl.col("found").fill_null(False).sum(),
            )
            .select(
                "importer",
                "other",
                pl.lit(role.value).alias("role"),
                pl.exclude("importer", "other"),
            )
            .drop_nulls(("importer", "other"))
            for role in roles
        )
        ordered = together.sort(
            ["found", "items", "importer", "other", "role"],
            descending=[True, True, False, False, False],
        )
        return [Pair(*row) for row in ordered.head(_MOST_PAIRS).iter_rows()]


class SqlTrade:
    """Pairs of a history that DuckDB holds: the lake's view of it, or Parquet files."""

    def __init__(
        self,
        ask: Callable[[str, Sequence[Any]], pl.DataFrame],
        view: str,
        until: datetime | None = None,
    ) -> None:
        """Look at a view.

        Args:
            ask: of one SELECT and its parameters; `Lake.frame` is one.
            view: its name: a plain word, never from outside.
            until: as for `FrameTrade`.

        Raises: InputError: the name is no plain word.
        """
        if not view.replace("_", "").isalnum():
            raise InputError(f"{view!r} cannot be the name of a view: letters, digits and _ only")
        self._ask, self._view, self._until = ask, view, until

    def of_importers(self, importers: Sequence[str]) -> list[Pair]:
        """Return the partners of these importers."""
        return self._pairs("importer", importers, (Role.DECLARANT, Role.EXPORTER))

    def of_exporters(self, exporters: Sequence[str]) -> list[Pair]:
        """Return the importers of these exporters."""
        return self._pairs("exporter", exporters, (Role.EXPORTER,))

    def _pairs(self, column: str, wanted: Sequence[str], roles: Sequence[Role]) -> list[Pair]:
        if not wanted:
            return []
        until = [] if self._until is None else [self._until]
        before = " AND accepted_at < ?" if until else ""
        known = "coalesce(examined AND illicit IS NOT NULL" + (
            " AND known_at < ?, false)" if until else ", false)"
        )
        one = (
            "SELECT importer, {role} AS other, '{role}' AS role, count(*) AS items,"
            f" count(*) FILTER ({known}) AS examined,"
            f" count(*) FILTER ({known} AND illicit) AS found FROM {self._view}"
            f" WHERE {column} IN ({', '.join('?' * len(wanted))}){before}"
            " AND importer IS NOT NULL AND {role} IS NOT NULL GROUP BY 1, 2"
        )
        both = " UNION ALL ".join(one.format(role=role.value) for role in roles)
        sql = f"SELECT * FROM ({both}) ORDER BY found DESC, items DESC, 1, 2, 3 LIMIT {_MOST_PAIRS}"
        parameters = [*until, *until, *wanted, *until] * len(roles)
        return [Pair(*row) for row in self._ask(sql, parameters).iter_rows()]


@dataclass(slots=True)
class _Drawing:
    """What the picture holds so far."""

    nodes: dict[str, Node]
    edges: list[Edge]
    left_out: int = 0

    def add(self, node: Node, edge: Edge, most: int) -> bool:
        """Add a node, if it fits, and its edge; return whether it is in the picture."""
        if node.party not in self.nodes:
            if len(self.nodes) >= most:
                self.left_out += 1
                return False
            self.nodes[node.party] = node
        self.edges.append(edge)
        return True


def neighbourhood(
    importer: str, trade: Trade, links: Iterable[Link] = (), *, most: int = MOST_NODES
) -> Neighbourhood:
    """Return the picture of an importer.

    Args:
        importer: its number.
        trade: where pairs are asked for.
        links: proposed or confirmed; those of other parties are passed over.
        most: nodes, 1 to `MOST_ASKED`.

    Raises: InputError: `most` is outside its range.
    """
    if not 1 <= most <= MOST_ASKED:
        raise InputError(f"A picture has 1 to {MOST_ASKED} nodes; {most} were asked for")
    kin = {_far(each, importer): each for each in links if importer in each[:2]}
    own = trade.of_importers([importer, *sorted(kin)])
    drawing = _Drawing({importer: _node(importer, Role.IMPORTER, 0, _of(own, importer))}, [])
    near = sorted(kin.values(), key=lambda link: (-link.probability, link.one, link.other))
    for link in near:
        far = _far(link, importer)
        node = _node(far, Role.IMPORTER, 1, _of(own, far))
        edge = Edge(importer, far, "kin", 0, 0, 0, link.probability, link.shared)
        drawing.add(node, edge, most)
    partners = max(len(drawing.nodes), round(most * _SHARE_OF_PARTNERS))
    for pair in own:
        _draw(drawing, pair, partners, step=1)
    exporters = [each.party for each in drawing.nodes.values() if each.role is Role.EXPORTER]
    for pair in trade.of_exporters(exporters):
        if pair.importer not in kin and pair.importer != importer:
            _draw(drawing, pair, most, step=2)
    return Neighbourhood(
        importer, tuple(drawing.nodes.values()), tuple(drawing.edges), drawing.left_out
    )


def _draw(drawing: _Drawing, pair: Pair, most: int, *, step: int) -> None:
    """Draw a pair one end of which is in the picture already."""
    counts = (pair.items, pair.examined, pair.found)
    edge = Edge(pair.importer, pair.other, pair.role, *counts)
    if step == 1 and pair.importer not in drawing.nodes:
        drawing.left_out += 1
        return
    party, role = (pair.other, Role(pair.role)) if step == 1 else (pair.importer, Role.IMPORTER)
    before = drawing.nodes.get(party)
    drawn = drawing.add(Node(party, role, step, *counts), edge, most)
    if drawn and before is not None and before.steps == step:
        drawing.nodes[party] = replace(
            before,
            items=before.items + pair.items,
            examined=before.examined + pair.examined,
            found=before.found + pair.found,
        )


def _far(link: Link, importer: str) -> str:
    return link.other if link.one == importer else link.one


def _of(pairs: Iterable[Pair], importer: str) -> tuple[int, int, int]:
    """Return items, examined and found of an importer: every item has one declarant."""
    mine = [
        each for each in pairs if each.importer == importer and each.role == Role.DECLARANT.value
    ]
    return (
        sum(each.items for each in mine),
        sum(each.examined for each in mine),
        sum(each.found for each in mine),
    )


def _node(party: str, role: Role, steps: int, counts: tuple[int, int, int]) -> Node:
    return Node(party, role, steps, *counts)
