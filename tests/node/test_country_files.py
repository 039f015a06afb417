"""A node lays its country's own goods and treatments over the libraries when it opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.coldchain import commodities, treatment_schedules
from clearway.errors import InputError, RuleViolation
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node, create
from clearway.settings import Settings
from tests.docs.test_goods_page import COMMODITIES, TREATMENTS


@pytest.fixture(autouse=True)
def shelves() -> Iterator[None]:
    yield
    commodities.use(())
    treatment_schedules.use(())


def settings(folder: Path, goods: str, treatments: str = TREATMENTS) -> Settings:
    own, schedule = folder / "goods.csv", folder / "treatments.csv"
    own.write_text(goods, encoding="utf-8")
    schedule.write_text(treatments, encoding="utf-8")
    return replace(
        Settings(),
        data_directory=folder / "node",
        commodities_file=str(own),
        treatments_file=str(schedule),
    )


def opened(chosen: Settings) -> None:
    with Node.open(chosen, clock=utc_now, entropy=entropy):
        pass


def test_own_rows_are_used_and_the_next_node_without_them_does_not(tmp_path: Path) -> None:
    chosen = settings(tmp_path, COMMODITIES)
    create(chosen, entropy)
    opened(chosen)
    assert commodities.of_hs("121190").code == "khat"  # type: ignore[union-attr]
    assert treatment_schedules.get("xa_orange_1.7_18d").authority == "XA"
    opened(replace(chosen, commodities_file="", treatments_file=""))
    assert commodities.of_hs("121190") is None


def test_a_wrong_row_stops_the_node_with_its_line(tmp_path: Path) -> None:
    chosen = settings(tmp_path, COMMODITIES.replace(",8,3,5,", ",x,3,5,"))
    create(chosen, entropy)
    with pytest.raises(RuleViolation, match="line 2, limit_c"):
        opened(chosen)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    chosen = replace(settings(tmp_path, COMMODITIES), treatments_file=str(tmp_path / "none.csv"))
    create(chosen, entropy)
    with pytest.raises(InputError, match=r"none\.csv cannot be read"):
        opened(chosen)
