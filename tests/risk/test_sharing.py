"""What agencies tell each other: counts that name nobody, and lists that neither side shows."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.errors import MalformedMessage, RuleViolation, TooLarge
from clearway.risk.sharing import psi
from clearway.risk.sharing.hazards import Case, Cell, Threshold, cells, prior, require_cells

A, B = psi.secret_of(bytes(range(64))), psi.secret_of(bytes(range(100, 164)))
CONTEXT = psi.context_of("customs.example/log", "plants.example/log")
_words = st.sets(st.text(min_size=1, max_size=12), max_size=12)


@given(mine=_words, theirs=_words)
@settings(max_examples=25, deadline=None)
def test_the_asker_learns_what_both_have_and_nothing_else(mine: set[str], theirs: set[str]) -> None:
    asked = sorted(mine)
    answer = psi.answer(psi.question(asked, CONTEXT, A), sorted(theirs), CONTEXT, B)
    common, held = psi.common(asked, answer, A)
    assert set(common) == mine & theirs
    assert held == len(theirs)


def test_points_that_travel_are_no_hashes_that_can_be_guessed() -> None:
    """Negative control: a list of plain hashes falls to whoever tries all numbers."""
    secret = "party:GH000123"
    guesses = [f"party:GH{number:06d}" for number in range(300)]
    plain = hashlib.sha256(secret.encode()).digest()
    assert any(hashlib.sha256(guess.encode()).digest() == plain for guess in guesses)
    (sent,) = psi.blind([secret], CONTEXT, A)
    tried = {point for guess in guesses for point in psi.blind([guess], CONTEXT, B)}
    assert sent not in tried


def test_two_comparisons_of_one_list_do_not_look_alike() -> None:
    again = psi.secret_of(hashlib.sha512(b"another").digest())
    assert not set(psi.blind(["x"], CONTEXT, A)) & set(psi.blind(["x"], CONTEXT, again))
    other = psi.context_of("plants.example/log", "customs.example/log")
    assert psi.blind(["x"], CONTEXT, A) != psi.blind(["x"], other, A)


def test_the_answer_hides_the_order_of_the_list() -> None:
    held = [f"party:{number}" for number in range(20)]
    one = psi.answer(b"", held, CONTEXT, B)
    assert one == psi.answer(b"", held[::-1], CONTEXT, B)
    assert one != b"".join(psi.blind(held, CONTEXT, B))


_SMALL_ORDER = bytes.fromhex("0100000000000000000000000000000000000000000000000000000000000000")
_EIGHTH = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
_NOT_CANONICAL = bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")


@pytest.mark.parametrize(
    "point", [_SMALL_ORDER, _EIGHTH, _NOT_CANONICAL, bytes(32), b"\xff" * 32, b"short"]
)
def test_points_that_are_not_of_the_group_are_refused_on_both_sides(point: bytes) -> None:
    with pytest.raises(MalformedMessage):
        psi.answer(point, ["x"], CONTEXT, B)
    with pytest.raises(MalformedMessage):
        psi.common([], point, A)


def test_questions_and_answers_are_bounded_and_fit_each_other() -> None:
    with pytest.raises(TooLarge):
        psi.question(["x"] * (psi.MOST_ASKED + 1), CONTEXT, A)
    with pytest.raises(TooLarge):
        psi.answer(bytes(psi.MOST_QUESTION + 32), [], CONTEXT, B)
    with pytest.raises(TooLarge):
        psi.answer(b"", ["x"] * (psi.MOST_HELD + 1), CONTEXT, B)
    twice = psi.question(["x"], CONTEXT, A) * 2
    with pytest.raises(MalformedMessage, match="twice"):
        psi.answer(twice, [], CONTEXT, B)
    with pytest.raises(MalformedMessage, match="1 points for 2"):
        psi.common(["x", "y"], psi.question(["x"], CONTEXT, B), A)
    with pytest.raises(MalformedMessage, match="random bytes"):
        psi.secret_of(b"too short")


# Counts

_cases = st.lists(
    st.builds(
        Case,
        hs6=st.sampled_from(["030214", "030219", "080390"]),
        origin=st.sampled_from(["NO", "EC"]),
        importer=st.sampled_from([f"I{number}" for number in range(7)]),
        is_found=st.booleans(),
        kinds=st.just(("pest",)),
    ),
    max_size=120,
)
THRESHOLD = Threshold(examined=6, importers=4, found=3)


@given(_cases)
def test_no_cell_is_told_of_few(given_cases: list[Case]) -> None:
    told = cells(given_cases, THRESHOLD)
    require_cells(told)
    named = {(cell.product, cell.origin) for cell in told}
    assert len(named) == len(told)
    for cell in told:
        members = [
            case
            for case in given_cases
            if case.origin == cell.origin
            and case.hs6.startswith(cell.product)
            and (len(cell.product) == 6 or (case.hs6, case.origin) not in named)
        ]
        importers = Counter(case.importer for case in members)
        assert cell.examined == len(members) >= THRESHOLD.examined  # cells never overlap
        assert len(importers) >= THRESHOLD.importers
        assert max(importers.values()) <= len(members) / 2
        assert cell.found == 0 or cell.found >= THRESHOLD.found
        assert cell.found == sum(case.is_found for case in members)
        assert all(count >= THRESHOLD.found for _, count in cell.kinds)


def test_what_is_left_of_a_heading_is_told_as_one_or_not_at_all() -> None:
    def some(hs6: str, importers: int, found: int = 0) -> list[Case]:
        return [
            Case(hs6, "NO", f"{hs6}-{number % importers}", number < found) for number in range(8)
        ]

    told = cells(some("030214", 8) + some("030219", 2) + some("030211", 3), THRESHOLD)
    assert [(cell.product, cell.examined) for cell in told] == [("0302", 16), ("030214", 8)]
    assert cells(some("030219", 3), THRESHOLD) == ()
    assert cells(some("030214", 8, found=2), THRESHOLD) == (), "two finds would tell of one"


def test_one_importer_that_makes_up_most_of_a_cell_hides_it() -> None:
    many = [Case("030214", "NO", f"I{number}", False) for number in range(6)]
    assert cells(many, THRESHOLD)
    assert cells(many + [Case("030214", "NO", "I0", False)] * 9, THRESHOLD) == ()


@pytest.mark.parametrize(
    "values", [{"examined": 2}, {"importers": 1}, {"found": 1}, {"share": 0.9}]
)
def test_a_threshold_that_protects_nobody_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(RuleViolation, match="protects nobody"):
        Threshold(**values)


@pytest.mark.parametrize(
    "cell",
    [
        Cell("0302", "NO", 5, 6), Cell("0302", "NO", 5, -1), Cell("03", "NO", 5, 1),
        Cell("030x", "NO", 5, 1), Cell("0302", "no", 5, 1), Cell("٠٣٠٢", "NO", 5, 1),
        Cell("0302", "NO", 2**50, 1),
    ],
)  # fmt: skip
def test_counts_that_cannot_be_are_refused(cell: Cell) -> None:
    with pytest.raises(RuleViolation):
        require_cells([cell])


def test_a_prior_is_the_rate_of_others_shrunk_to_the_usual_one() -> None:
    counts = {"030214": (100, 40), "0803": (10, 0)}
    assert prior(counts, "0302140000") == pytest.approx(41 / 120)
    assert prior(counts, "080390") == pytest.approx(1 / 30)
    assert prior(counts, "847989") == -1.0
