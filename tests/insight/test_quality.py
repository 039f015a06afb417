"""Data quality per declarant."""

from __future__ import annotations

import pytest

from clearway.insight.model import Lodgement
from clearway.insight.quality import data_quality


def test_one_row_per_declarant_with_what_to_mend_by_hand() -> None:
    rows = data_quality(
        [
            Lodgement("good"),
            Lodgement("poor", is_rejected=True, findings=("DEC_R12", "DEC_R03")),
            Lodgement("poor", is_corrected=True, findings=("DEC_R12",)),
            Lodgement("poor", differing=("CLR_M12",)),
            Lodgement("poor"),
        ]
    )
    poor = next(row for row in rows if row.declarant == "poor")
    assert (poor.lodged, poor.rejected, poor.corrected, poor.mismatched, poor.clean) == (
        4,
        1,
        1,
        1,
        1,
    )
    assert list(poor.frequent.items()) == [("DEC_R12", 2), ("CLR_M12", 1), ("DEC_R03", 1)]
    assert poor.score == pytest.approx(0.0456, abs=1e-4)
    assert [row.declarant for row in rows] == ["poor", "good"]


def test_one_clean_lodgement_does_not_make_a_better_name_than_a_hundred() -> None:
    rows = data_quality([Lodgement("new"), *[Lodgement("old")] * 100])
    assert [row.declarant for row in rows] == ["new", "old"]


def test_nothing_lodged_nothing_said() -> None:
    assert data_quality([]) == ()
