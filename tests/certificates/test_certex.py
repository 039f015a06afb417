"""The recorded steps of the EU's quantity management, taken by our actions on a real store."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from clearway.certificates import tables
from clearway.certificates.actions.manage_quantity import Answer, Request, manage_quantity
from clearway.certificates.actions.use import use
from clearway.certificates.model import Assurance, Channel, Key, Provenance
from clearway.certificates.quantity import Balance, UseKind
from clearway.certificates.record import Record
from clearway.certificates.uses import account
from clearway.certificates.uses.account import Operation, Want, scaled
from clearway.certificates.uses.facts import QuantityManaged
from clearway.certificates.uses.tables import allocations
from clearway.errors import BadTerm, ConflictingKey
from clearway.ledger.fact import decode
from clearway.terms.goods import HsPrefix
from clearway.terms.identifiers import Mrn
from clearway.terms.quantity import Quantity, UnitCode, kilograms

from .conftest import MRN, NOW, OTHER_MRN, FactDesk, certificate, line, take

STARTED = Mrn.build(2024, "GB", "BGBKCDMS64010")
NAMES = {"A": MRN, "B": OTHER_MRN, "24GBBGBKCDMS640103": STARTED}


def amount(text: str) -> Quantity:
    value, unit = text.split()
    return Quantity(Decimal(value), UnitCode(unit))


def file_recorded(desk: FactDesk, number: str, recorded: dict[str, Any]) -> Key:
    """File a certificate as the recording describes it, in its state at the first step."""
    lines = []
    for each in recorded["lines"]:
        quantity = amount(each["qty"])
        is_mass = quantity.unit.dimension == "mass"
        lines.append(line(
            each["line"], hs=(HsPrefix(each["cn"]),), net_mass=quantity if is_mass else None,
            quantity=None if is_mass else quantity, gross_mass=None,
        ))  # fmt: skip
    status = {"Validated": "70", "New": "42"}[recorded["status"]]
    filed = certificate(number=number, status=status, lines=tuple(lines))
    take(desk, filed)
    for each in recorded["lines"]:
        for mrn, used in each.get("alreadyConsumed", {}).items():
            desk.act(use, filed.key, each["line"], NAMES[mrn], 1, UseKind.CONSUME, amount(used))
    return filed.key


def ask(desk: FactDesk, operation: str, key: Key, mrn: Mrn, *wants: Want, id: str = "") -> Answer:
    answer: Answer = desk.act(
        manage_quantity, Request(Operation(operation), key, mrn, wants, message_id=id)
    )
    with desk.engine.begin() as connection:
        stored = tables.get(connection, key)
    told = answer.record.balances
    assert [(each.line, each.available) for each in told] == [
        (each.line, each.available) for each in stored.balances
    ]
    return answer


def kg(value: str, *, item: int = 1, at: int = 1, hs: str = "0401") -> Want:
    return Want(item, at, hs, kilograms(value))


@pytest.fixture
def recorded(shared_data: Path) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((shared_data / "ephyto/certex_quantity.json").read_bytes())
    return whole


def test_every_recorded_step_is_answered_as_recorded(
    desk: FactDesk, recorded: dict[str, Any]
) -> None:
    keys = {
        number: file_recorded(desk, number, content)
        for number, content in recorded["certificates"].items()
    }
    for step in recorded["steps"]:
        key, expected = keys[step["certificate"]], step["expect"]
        if step["op"] != "read":
            request = step["request"] or {}
            wants = (
                (Want(request["goodsItem"], request["line"], request["code"],
                      Quantity(Decimal(request["qty"]), UnitCode(request["unit"]))),)
                if request else ()
            )  # fmt: skip
            answer = ask(desk, step["op"], key, NAMES[step["mrn"]], *wants)
            code = "01" if expected.get("result") == 1 else expected["outcome"]
            assert (answer.code, answer.is_executed) == (code, code == "01"), step
        with desk.engine.begin() as connection:
            record = tables.get(connection, key)
        check_account(record, expected, step["n"])
    assert len(recorded["steps"]) == 12


def check_account(record: Record, expected: dict[str, Any], step: int) -> None:
    for number, available in expected.get("available", {}).items():
        balance = record.balance(int(number))
        assert balance is not None and balance.available == amount(available)
    for part in ("reserved", "consumed"):
        for mrn, used in expected.get(part, ()):
            (held,) = (each for _, each in account.holdings(record, NAMES[mrn]))
            assert getattr(held, part) == amount(used)
    balance = record.balance(1)
    assert balance is not None
    if step in (6, 7, 10, 12):
        assert balance.available == kilograms("399.998")
        assert account.holdings(record, OTHER_MRN) == ()


def test_the_codes_are_those_of_the_recording(recorded: dict[str, Any]) -> None:
    assert {each.value for each in account.ReservationFailure} == set(
        recorded["codes"]["ReservationFailureReason"]
    )
    assert {each.value for each in account.ManagementOutcome} == set(
        recorded["codes"]["QuantityManagementOutcome"]
    )


def dairy(desk: FactDesk, status: str = "70") -> Key:
    lines = (
        line(1, hs=(HsPrefix("0401"),), net_mass=kilograms(1000), gross_mass=None),
        line(2, hs=(HsPrefix("0102"),), net_mass=None, gross_mass=None,
             quantity=Quantity(Decimal(2), UnitCode("H87"))),
    )  # fmt: skip
    take(desk, certificate(lines=lines, status=status))
    return certificate().key


def left(answer: Answer, at: int = 1) -> str:
    balance = answer.record.balance(at)
    assert balance is not None
    return str(balance.available)


def test_refusal_05_on_a_replacement_drops_the_old_hold_and_is_told(desk: FactDesk) -> None:
    key = dairy(desk)
    assert left(ask(desk, "reserve", key, MRN, kg("600"))) == "400 KGM"
    refused = ask(desk, "reserve", key, MRN, kg("1000.001"))
    assert (refused.code, refused.is_executed, left(refused)) == ("05", False, "1000 KGM")
    assert ask(desk, "release", key, MRN).code == "02"
    told = [decode(fact.body, QuantityManaged) for fact in desk.seen
            if fact.type == QuantityManaged.TYPE]  # fmt: skip
    assert [(each.operation, each.code) for each in told] == [
        ("reserve", "01"), ("reserve", "05"), ("release", "02"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "code, wanted",
    [
        ("03", kg("1", hs="0402")),
        ("07", kg("1", at=9)),
        ("10", Want(1, 1, "0401", Quantity(Decimal(1), UnitCode("H87")))),
        ("10", Want(1, 1, "0401", Quantity(Decimal(1), UnitCode("LTR")))),
        ("10", Want(1, 2, "0102", kilograms(1))),
    ],
)
def test_refusals_03_07_and_10_keep_the_old_hold(desk: FactDesk, code: str, wanted: Want) -> None:
    key = dairy(desk)
    ask(desk, "reserve", key, MRN, kg("600"))
    refused = ask(desk, "reserve", key, MRN, wanted)
    assert (refused.code, left(refused)) == (code, "400 KGM")
    assert ask(desk, "release", key, MRN).code == "01"


def test_a_certificate_that_is_not_in_force_is_refused_with_04(desk: FactDesk) -> None:
    assert ask(desk, "reserve", dairy(desk, "42"), MRN, kg("1")).code == "04"


def test_goods_that_are_out_are_written_off_with_a_warning_after_a_withdrawal(
    desk: FactDesk,
) -> None:
    key = dairy(desk)
    ask(desk, "reserve", key, MRN, kg("600"))
    take(desk, replace(_as_filed(desk, key), status="40"))
    assert ask(desk, "reserve", key, OTHER_MRN, kg("1")).code == "04"
    released = ask(desk, "release", key, MRN)
    assert (released.code, released.is_executed, left(released)) == ("04", True, "400 KGM")


def _as_filed(desk: FactDesk, key: Key) -> Any:
    with desk.engine.begin() as connection:
        held = tables.get(connection, key).certificate
    return replace(held, digest="", content_digest="")


def test_a_declaration_that_has_written_off_reserves_no_more(desk: FactDesk) -> None:
    key = dairy(desk)
    ask(desk, "reserve", key, MRN, kg("600"))
    ask(desk, "release", key, MRN)
    assert ask(desk, "reserve", key, MRN, kg("1", item=2)).code == "06"
    assert ask(desk, "delete", key, MRN).code == "03"


def test_a_reservation_states_the_whole_position_and_is_taken_whole_or_not_at_all(
    desk: FactDesk,
) -> None:
    key = dairy(desk)
    pieces = Want(2, 2, "01022910", Quantity(Decimal(2), UnitCode("H87")))
    both = ask(desk, "reserve", key, MRN, kg("600"), pieces)
    assert (left(both), left(both, 2)) == ("400 KGM", "0 H87")
    only_one = ask(desk, "reserve", key, MRN, pieces)
    assert (left(only_one), left(only_one, 2)) == ("1000 KGM", "0 H87")
    neither = ask(desk, "reserve", key, OTHER_MRN, kg("1"), pieces)
    assert (neither.code, left(neither)) == ("05", "1000 KGM")


def test_units_of_a_family_convert_and_the_allocation_is_shown_as_declared(desk: FactDesk) -> None:
    key = dairy(desk)
    tonne, grams = amount("0.4 TNE"), amount("600000 GRM")
    ask(desk, "reserve", key, MRN, Want(1, 1, "", tonne))
    full = ask(desk, "reserve", key, OTHER_MRN, Want(1, 1, "", grams))
    assert (full.code, left(full)) == ("01", "0 KGM")
    with desk.engine.begin() as connection:
        held = allocations(connection, key)
    assert [str(each.position.reserved) for each in held] == ["0.4 TNE", "600000 GRM"]
    assert scaled(tonne, up=True) == 400_000_000 == scaled(amount("400 KGM"), up=False)
    assert (scaled(amount("1 ONZ"), up=True), scaled(amount("1 ONZ"), up=False)) == (28350, 28349)
    assert scaled(amount("1 MTQ"), up=True) == scaled(amount("1000 LTR"), up=True)


def test_the_same_message_is_done_once_and_another_under_its_id_is_refused(desk: FactDesk) -> None:
    key = dairy(desk)
    ask(desk, "reserve", key, MRN, kg("600"))
    first = ask(desk, "release", key, MRN, id="m-1")
    again = ask(desk, "release", key, MRN, id="m-1")
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.code, again.seq) == (first.code, first.seq) == ("01", first.seq)
    assert ask(desk, "release", key, MRN).code == "03"
    with pytest.raises(ConflictingKey):
        ask(desk, "delete", key, MRN, id="m-1")


def test_positions_that_state_nothing_are_refused() -> None:
    with pytest.raises(BadTerm, match="above zero"):
        kg("0")
    with pytest.raises(BadTerm, match="once"):
        account.require_wants((kg("1"), kg("2")))
    for wants in ((), tuple(kg("1", item=n + 1) for n in range(1000))):
        with pytest.raises(BadTerm, match="1 to 999"):
            account.require_wants(wants)


UNITS = {"KGM": 1, "GRM": Decimal("0.001"), "TNE": 1000}
wants = st.dictionaries(
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.tuples(st.integers(1, 700), st.sampled_from(sorted(UNITS))),
    min_size=1,
    max_size=3,
)


class Ledger(RuleBasedStateMachine):
    """The account of two lines of 500 kg beside plain dictionaries of holds and write-offs."""

    def __init__(self) -> None:
        super().__init__()
        self.record = Record(
            certificate(lines=tuple(line(n, net_mass=kilograms(500)) for n in (1, 2))), "70",
            Provenance(Channel.HUB, "EC"), Assurance.CHANNEL, (), False, None, NOW, 0,
            (Balance(1, kilograms(500)), Balance(2, kilograms(500))),
        )  # fmt: skip
        self.held: dict[Mrn, dict[tuple[int, int], Decimal]] = {}
        self.gone: dict[Mrn, dict[tuple[int, int], Decimal]] = {}

    def take(self, decided: account.Decided, mrn: Mrn) -> None:
        """Follow the steps."""
        self.record = account.applied(self.record, mrn, decided.steps)

    @rule(mrn=st.sampled_from(sorted(NAMES.values())), wanted=wants)
    def reserve(self, mrn: Mrn, wanted: dict[tuple[int, int], tuple[int, str]]) -> None:
        """A position is held exactly when the plain dictionaries have room for all of it."""
        asked = tuple(Want(item, at, "080440", Quantity(Decimal(value), UnitCode(unit)))
                      for (item, at), (value, unit) in wanted.items())  # fmt: skip
        mine = {where: value * Decimal(UNITS[unit]) for where, (value, unit) in wanted.items()}
        decided = account.reserve(self.record, mrn, asked)
        if mrn in self.gone:
            assert decided.code == "06" and not decided.steps
            return
        self.held.pop(mrn, None)
        fits = all(self.total(at) + sum(v for (_, a), v in mine.items() if a == at) <= 500
                   for at in (1, 2))  # fmt: skip
        assert decided.code == ("01" if fits else "05")
        if fits:
            self.held[mrn] = mine
        self.take(decided, mrn)

    @rule(mrn=st.sampled_from(sorted(NAMES.values())))
    def release(self, mrn: Mrn) -> None:
        """All that is held is consumed."""
        decided = account.release(self.record, mrn)
        if mrn in self.held:
            assert decided.code == "01"
            self.gone[mrn] = self.held.pop(mrn)
        else:
            assert decided.code == ("03" if mrn in self.gone else "02")
        self.take(decided, mrn)

    @rule(mrn=st.sampled_from(sorted(NAMES.values())))
    def delete(self, mrn: Mrn) -> None:
        """All that is held returns, and nothing that is consumed."""
        decided = account.delete(self.record, mrn)
        if self.held.pop(mrn, None) is not None:
            assert decided.code == "01"
        else:
            assert decided.code == ("03" if mrn in self.gone else "02")
        self.take(decided, mrn)

    def total(self, at: int) -> Decimal:
        """Return what is held and gone of a line."""
        parts = (*self.held.values(), *self.gone.values())
        return sum((v for part in parts for (_, a), v in part.items() if a == at), Decimal(0))

    @invariant()
    def agrees(self) -> None:
        """Both keep the same sums, and no line is over what is certified."""
        for balance in self.record.balances:
            assert balance.available == kilograms(500 - self.total(balance.line))
            assert self.total(balance.line) <= 500


Ledger.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestLedger = Ledger.TestCase
