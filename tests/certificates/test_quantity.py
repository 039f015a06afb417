"""A line's account: never negative, never more than certified."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from clearway.certificates.quantity import Balance, UseKind, apply, consume, give_back, reserve
from clearway.errors import InputError, RuleViolation, WrongState
from clearway.terms.identifiers import Mrn
from clearway.terms.quantity import Quantity, UnitCode, kilograms

from .conftest import MRN, OTHER_MRN

FULL = Balance(1, kilograms(1000))


def refusal(error: pytest.ExceptionInfo[InputError]) -> str:
    return str(error.value.fields["refusal"])


def test_a_second_reservation_of_an_item_replaces_the_first() -> None:
    balance = reserve(reserve(FULL, MRN, 1, kilograms(600)), MRN, 1, kilograms(900))
    assert (balance.reserved, balance.available) == (kilograms(900), kilograms(100))


def test_consuming_uses_up_for_good_and_frees_the_rest_of_the_hold() -> None:
    balance = consume(reserve(FULL, MRN, 1, kilograms(600)), MRN, 1, kilograms(590))
    assert balance.reserved == kilograms(0)
    assert (balance.consumed, balance.available) == (kilograms(590), kilograms(410))
    with pytest.raises(WrongState) as refused:
        give_back(balance, MRN, 1)
    assert refusal(refused) == "03"


def test_consuming_without_a_reservation_takes_what_is_free() -> None:
    balance = reserve(FULL, MRN, 1, kilograms(600))
    assert consume(balance, OTHER_MRN, 1, kilograms(400)).available == kilograms(0)
    with pytest.raises(
        RuleViolation, match=r"400 KGM left of 1000 KGM, but 401 KGM is needed"
    ) as refused:
        consume(balance, OTHER_MRN, 1, kilograms(401))
    assert refusal(refused) == "05"


def test_units_of_one_dimension_convert_and_pieces_never() -> None:
    tonne = Quantity(Decimal("0.25"), UnitCode("TNE"))
    assert reserve(FULL, MRN, 1, tonne).available == kilograms(750)
    with pytest.raises(RuleViolation, match="kilogram") as refused:
        reserve(FULL, MRN, 1, Quantity(Decimal(5), UnitCode("H87")))
    assert refusal(refused) == "10"


@pytest.mark.parametrize("amount", ["0", "-0"])
def test_nothing_cannot_be_reserved(amount: str) -> None:
    with pytest.raises(RuleViolation, match="above zero"):
        reserve(FULL, MRN, 1, kilograms(amount))


def test_a_line_without_a_quantity_cannot_be_used() -> None:
    with pytest.raises(RuleViolation, match="states no quantity"):
        reserve(Balance(1, None), MRN, 1, kilograms(1))
    assert Balance(1, None).available is None


def test_a_later_version_that_certifies_less_leaves_nothing_rather_than_less_than_nothing() -> None:
    held = reserve(FULL, MRN, 1, kilograms(900)).positions
    assert Balance(1, kilograms(500), held).available == kilograms(0)


def test_returning_what_is_not_held_is_refused() -> None:
    with pytest.raises(WrongState) as refused:
        give_back(FULL, MRN, 1)
    assert refusal(refused) == "02"


def test_recorded_steps_of_the_european_system_are_answered_alike(shared_data: Path) -> None:
    recorded = json.loads((shared_data / "ephyto" / "certex_quantity.json").read_bytes())
    started = Mrn.build(2024, "GB", "BGBKCDMS64010")
    balance = consume(FULL, started, 1, kilograms(600))
    names = {"A": MRN, "B": OTHER_MRN}
    answered = 0
    for step in recorded["steps"]:
        if step["certificate"] != "CHEDP.XI.2026.0000875":
            continue
        balance = answer(balance, step, names)
        answered += 1
    assert answered == 12


def answer(balance: Balance, step: dict[str, Any], names: dict[str, Mrn]) -> Balance:
    """Take one recorded step and compare the outcome."""
    expected = step["expect"]
    mrn = names.get(step["mrn"] or "", MRN)
    try:
        if step["op"] == "reserve":
            request = step["request"]
            amount = Quantity(Decimal(request["qty"]), UnitCode(request["unit"]))
            balance = reserve(balance, mrn, request["goodsItem"], amount)
            assert expected["result"] == 1
        elif step["op"] == "release":
            balance = consume(balance, mrn, 1, balance.held(mrn, 1))
            assert expected["outcome"] == "01"
        elif step["op"] == "delete":
            balance = give_back(balance, mrn, 1)
            assert expected["outcome"] == "01"
    except InputError as error:
        assert error.fields["refusal"] == expected["outcome"]
    if "available" in expected:
        assert str(balance.available) == expected["available"]["1"]
    return balance


amounts = st.decimals(0, 700, places=3).map(lambda value: Quantity(value, UnitCode("KGM")))
uses = st.tuples(
    st.sampled_from(UseKind), st.sampled_from([MRN, OTHER_MRN]), st.integers(1, 3), amounts
)


@settings(max_examples=150, deadline=None)
@given(st.lists(uses, max_size=25))
def test_no_sequence_of_uses_overdraws_a_line_or_makes_a_part_negative(
    steps: list[tuple[UseKind, Mrn, int, Quantity]],
) -> None:
    balance = FULL
    consumed = kilograms(0)
    for kind, mrn, item, amount in steps:
        try:
            balance = apply(balance, kind, mrn, item, amount)
        except InputError as error:
            assert error.fields["refusal"] in {"02", "03", "05", "06"}
        assert balance.available is not None
        assert balance.reserved is not None
        assert balance.consumed is not None
        assert balance.reserved + balance.consumed + balance.available == kilograms(1000)
        assert balance.consumed >= consumed
        consumed = balance.consumed


class Account(RuleBasedStateMachine):
    """The account beside a plain dictionary of holds and write-offs."""

    def __init__(self) -> None:
        super().__init__()
        self.balance = FULL
        self.held: dict[int, Decimal] = {}
        self.gone: dict[int, Decimal] = {}

    def free(self, item: int) -> Decimal:
        others = sum(value for key, value in self.held.items() if key != item)
        return 1000 - others - sum(self.gone.values())

    @rule(item=st.integers(1, 4), amount=st.decimals(1, 600, places=1))
    def reserve(self, item: int, amount: Decimal) -> None:
        """A hold is taken exactly when the plain dictionary allows it."""
        fits = item not in self.gone and amount <= self.free(item)
        if self.taken(UseKind.RESERVE, item, amount, fits):
            self.held[item] = amount

    @rule(item=st.integers(1, 4), amount=st.decimals(1, 600, places=1))
    def consume(self, item: int, amount: Decimal) -> None:
        """A write-off is taken exactly when the plain dictionary allows it."""
        fits = item not in self.gone and amount <= self.free(item)
        if self.taken(UseKind.CONSUME, item, amount, fits):
            self.held.pop(item, None)
            self.gone[item] = amount

    @rule(item=st.integers(1, 4))
    def give_back(self, item: int) -> None:
        """A return is taken exactly when there is a hold."""
        if self.taken(UseKind.RETURN, item, Decimal(1), item in self.held):
            del self.held[item]

    def taken(self, kind: UseKind, item: int, amount: Decimal, expected: bool) -> bool:
        try:
            self.balance = apply(self.balance, kind, MRN, item, kilograms(amount))
        except InputError:
            assert not expected
            return False
        assert expected
        return True

    @invariant()
    def agrees(self) -> None:
        """Both keep the same sums."""
        assert self.balance.reserved == kilograms(sum(self.held.values(), Decimal(0)))
        assert self.balance.consumed == kilograms(sum(self.gone.values(), Decimal(0)))


Account.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestAccount = Account.TestCase
