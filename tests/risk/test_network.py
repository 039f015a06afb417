"""Who is who behind the numbers: links, groups in time, verdicts and the picture of an importer."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from clearway.errors import (
    InputError,
    MalformedMessage,
    NotFound,
    RuleViolation,
    VerificationError,
)
from clearway.identity import model as identity
from clearway.identity.model import Actor, ActorKind
from clearway.ledger.columns import to_microseconds
from clearway.policy.cedar import CedarPolicy
from clearway.risk import tables
from clearway.risk.network import history, judge, keys, sealed
from clearway.risk.network import tables as network
from clearway.risk.network.actions.confirm_kin import confirm_kin
from clearway.risk.network.kinship import MOST_KIN, Kinship, timeline
from clearway.risk.network.linking import link
from clearway.risk.network.model import Kin, Link, Registration, Role, Verdict
from clearway.risk.network.neighbourhood import FrameTrade, SqlTrade, neighbourhood
from clearway.simulator import registry
from clearway.simulator.scale import NATION
from clearway.simulator.world import World, build

SMALL = replace(NATION, importers=500, brokers=40, schemes_a_year=60)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def party(number: str, at: int = 0, **told: str) -> Registration:
    known = {"name": "", "address": "", "phone": "", "country": "XA", "broker": "", **told}
    return Registration(number, **known, at=at)


@pytest.fixture(scope="module")
def world() -> World:
    return build(11, "XA", SMALL)


@pytest.fixture(scope="module")
def register(world: World) -> list[Registration]:
    parties = history.registrations(registry.registrations(world))
    return [each for each in parties if each.at < to_microseconds(NOW)]


@pytest.fixture(scope="module")
def people(world: World, register: list[Registration]) -> dict[str, str]:
    behind = dict(registry.principals(world).iter_rows())
    return {each.party: behind[each.party] for each in register}


@pytest.fixture(scope="module")
def links(register: list[Registration]) -> tuple[Link, ...]:
    return link(register, seed=1)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Komaria Seafood Ltd", "KOMARIA SEAFOOD LIMITED"),
        ("Société Générale d'Importation S.A.R.L.", "SOCIETE GENERALE D IMPORTATION"),
        ("Müller & Söhne GmbH", "Muller Sohne"),
    ],
)
def test_names_of_one_firm_have_one_key(one: str, other: str) -> None:
    assert keys.name_key(one) == keys.name_key(other)


def test_names_of_two_firms_have_two_keys() -> None:
    assert keys.name_key("Komaria Seafood Ltd") != keys.name_key("Komarix Seafood Ltd")
    assert keys.name_key("Ltd") == "LTD", "a name of nothing but a form is kept"


def test_an_address_is_one_however_it_is_spelt() -> None:
    assert keys.address_key("12 Mill St., Kelling") == keys.address_key("12 MILL STREET KELLING")
    assert keys.address_key("12 Mill St., Kelling") != keys.address_key("21 Mill St., Kelling")


def test_a_telephone_is_one_however_it_is_dialled() -> None:
    forms = ("+999 58 9638375", "0589638375", "(058) 963 8375")
    assert len({keys.phone_key(form) for form in forms}) == 1
    assert keys.phone_key("none") == keys.phone_key("112") == ""


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=400))
def test_any_text_has_keys_and_a_key_is_its_own_key(name: str, address: str, phone: str) -> None:
    key = keys.of(party("1", name=name, address=address, phone=phone))
    assert keys.address_key(key.address) == key.address
    assert keys.phone_key(key.phone) == key.phone


def test_links_are_mostly_right_and_find_half_of_what_is_there(
    links: tuple[Link, ...], people: dict[str, str]
) -> None:
    judged = judge.of_pairs([(each.one, each.other) for each in links], people)
    assert judged.precision > 0.9
    assert judged.recall > 0.35, "a tenth of the pairs shares nothing at all: it cannot be one"


def test_links_are_worse_when_the_register_says_nothing_true(
    register: list[Registration], people: dict[str, str]
) -> None:
    # Negative control: each party with the address, telephone and broker of another.
    turned = register[7:] + register[:7]
    mixed = [
        own._replace(address=other.address, phone=other.phone, broker=other.broker)
        for own, other in zip(register, turned, strict=True)
    ]
    judged = judge.of_pairs([(each.one, each.other) for each in link(mixed, seed=1)], people)
    assert judged.precision < 0.5


def test_the_same_parties_in_any_order_have_the_same_links(
    register: list[Registration], links: tuple[Link, ...]
) -> None:
    assert link(list(reversed(register)), seed=1) == links


def test_a_link_is_knowable_once_both_are_registered(
    register: list[Registration], links: tuple[Link, ...]
) -> None:
    at = {each.party: each.at for each in register}
    assert links
    for each in links:
        assert each.one < each.other
        assert each.since == max(at[each.one], at[each.other])


def test_too_few_parties_have_no_links_and_a_party_stands_once() -> None:
    assert link([party("1"), party("2")], seed=1) == ()
    with pytest.raises(InputError, match="registered twice"):
        link([party("1"), party("1", at=5)], seed=1)


def test_without_the_extra_linking_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, register: list[Registration]
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("splink"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"clearway\[analysis\]"):
        link(register, seed=1)


def test_a_new_party_finds_its_kin_by_a_rare_telephone() -> None:
    kinship = Kinship([party("A", phone="0201234567"), party("B", at=1, phone="0207654321")])
    assert kinship.add(party("C", at=2, phone="+999 20 1234567")) == "A"
    assert kinship.members("C") == ("A", "C")
    assert kinship.add(party("D", at=3)) == "D"
    assert kinship.kin("nobody") is None


def test_an_accountants_telephone_links_nobody() -> None:
    clients = [party(f"C{number}", at=number, phone="0201234567") for number in range(3)]
    kinship = Kinship(clients)
    assert kinship.add(party("N", at=9, phone="0201234567")) == "N"


def test_an_address_alone_links_nobody_but_with_the_broker_it_does() -> None:
    kinship = Kinship([party("A", address="1 Mill St, Kelling", broker="B1")])
    assert kinship.add(party("X", at=1, address="1 Mill Street, Kelling", broker="B2")) == "X"
    assert kinship.add(party("Y", at=2, address="1 MILL STREET Kelling", broker="B1")) == "A"


def test_a_persons_word_goes_before_any_proposal() -> None:
    parties = [party("A"), party("B", at=1), party("C", at=2)]
    proposed = [Link("A", "B", 0.99, ("phone",), 1)]
    denied = Kinship(parties, proposed, {("A", "B"): Verdict.DIFFERENT})
    assert denied.kin("B") == "B"
    confirmed = Kinship(parties, proposed, {("A", "C"): Verdict.SAME})
    assert confirmed.members("C") == ("A", "B", "C")


def test_groups_do_not_grow_without_end() -> None:
    parties = [party(f"{number:03}", at=number) for number in range(3 * MOST_KIN)]
    chain = [
        Link(f"{number:03}", f"{number + 1:03}", 0.9, (), number + 1)
        for number in range(len(parties) - 1)
    ]
    kinship = Kinship(parties, chain)
    assert max(len(kinship.members(each.party)) for each in parties) <= MOST_KIN


def test_what_is_registered_later_changes_no_kin_before(register: list[Registration]) -> None:
    half = sorted(each.at for each in register)[len(register) // 2]
    whole = timeline(register)
    part = timeline([each for each in register if each.at <= half])
    assert [each for each in whole if each.since <= half] == list(part)
    assert len(whole) > len(part)


def test_a_batch_holds_from_its_moment_on() -> None:
    parties = [party("A", at=1), party("B", at=2), party("C", at=9)]
    found = timeline(parties, [(5, [Link("A", "B", 0.9, (), 2)])])
    assert found == (
        Kin("A", "A", 1), Kin("B", "B", 2), Kin("B", "A", 5), Kin("C", "C", 9),
    )  # fmt: skip


def test_a_verdict_counts_from_the_next_batch_on() -> None:
    parties = [party("A", at=1), party("B", at=2)]
    said = [(3, ("A", "B"), Verdict.SAME)]
    assert Kin("B", "A", 4) in timeline(parties, [(4, [])], said)
    assert Kin("B", "A", 2) not in timeline(parties, [(2, [])], said)


def test_history_gets_the_kin_that_was_known_at_acceptance() -> None:
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    days = [begin + timedelta(days=day) for day in (0, 10, 20)]
    frame = pl.DataFrame({"importer": ["B", "B", "Z"], "accepted_at": days})
    kins = [
        Kin("B", "B", to_microseconds(begin - timedelta(days=1))),
        Kin("B", "A", to_microseconds(begin + timedelta(days=5))),
    ]
    assert history.with_kin(frame, kins)["kin"].to_list() == ["B", "A", None]


def test_batches_see_only_who_was_registered_before(
    register: list[Registration], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(history, "link", lambda known, seed: seen.append(len(known)) or ())
    first = datetime(2023, 1, 1, tzinfo=UTC)
    made = history.batches(register, first, NOW, days=365, seed=1)
    assert [sum(each.at < at for each in register) for at, _ in made] == seen
    assert seen == sorted(seen) and len(seen) == 4


def test_a_register_without_a_column_is_refused_in_plain_words() -> None:
    with pytest.raises(MalformedMessage, match="registered_at"):
        history.registrations(pl.DataFrame({"party": ["A"]}))


def test_sealed_links_come_back_and_changed_ones_do_not(
    tmp_path: Path, register: list[Registration], links: tuple[Link, ...]
) -> None:
    batch = sealed.Batch(5, 1, len(register), sealed.digest(register), links)
    file = sealed.save(batch, tmp_path)
    assert sealed.load(file) == batch
    assert sealed.save(batch, tmp_path) == file
    file.write_bytes(file.read_bytes().replace(b'"seed":1', b'"seed":2'))
    with pytest.raises(VerificationError, match="not what was sealed"):
        sealed.load(file)
    with pytest.raises(NotFound):
        sealed.load(tmp_path / "kin-0.json")


def test_judging_counts_pairs_of_groups() -> None:
    people = {"A": "p", "B": "p", "C": "p", "D": "q"}
    judged = judge.of_groups({"A": "A", "B": "A", "C": "C", "D": "A"}, people)
    assert (judged.proposed, judged.right, judged.true) == (3, 1, 3)
    assert judge.of_pairs([], {"A": "p"}).precision == judge.of_pairs([], {"A": "p"}).recall == 1


ROWS = pl.DataFrame(
    [
        ("I1", "D1", "E1", True, True, 1), ("I1", "D1", "E1", True, False, 1),
        ("I1", "D1", "E2", False, None, 1), ("I2", "D1", "E1", True, True, 2),
        ("I3", "D2", "E1", False, None, 2), ("I4", "D2", "E9", True, True, 3),
        ("K1", "D3", "E1", True, True, 3), ("I1", None, "E3", None, None, 4),
    ],
    schema=["importer", "declarant", "exporter", "examined", "illicit", "day"],
    orient="row",
).with_columns(
    accepted_at=pl.lit(NOW) + pl.duration(days="day"),
    known_at=pl.lit(NOW) + pl.duration(days=pl.col("day") + 1),
)  # fmt: skip


@pytest.mark.parametrize("until", [None, NOW + timedelta(days=2, hours=12)])
def test_frame_and_engine_draw_the_same_picture(until: datetime | None) -> None:
    with duckdb.connect() as connection:
        connection.register("rows", ROWS.to_arrow())
        asked = SqlTrade(
            lambda sql, parameters: pl.DataFrame(connection.sql(sql, params=list(parameters))),
            "rows",
            until,
        )
        linked = [Link("I1", "K1", 0.8, ("phone",), 0)]
        drawn = neighbourhood("I1", asked, linked)
    assert drawn == neighbourhood("I1", FrameTrade(ROWS, until), linked)


def test_the_picture_has_partners_kin_and_who_shares_exporters() -> None:
    drawn = neighbourhood("I1", FrameTrade(ROWS), [Link("I1", "K1", 0.8, ("phone",), 0)])
    nodes = {each.party: each for each in drawn.nodes}
    assert (nodes["I1"].items, nodes["I1"].examined, nodes["I1"].found) == (3, 2, 1)
    assert nodes["K1"].steps == 1 and nodes["K1"].found == 1
    assert nodes["I2"].steps == 2 and nodes["I2"].role is Role.IMPORTER
    assert "I4" not in nodes, "nobody shares an exporter with it"
    kin = [each for each in drawn.edges if each.kind == "kin"]
    assert [(each.other, each.probability, each.shared) for each in kin] == [
        ("K1", 0.8, ("phone",))
    ]
    assert drawn.left_out == 0


def test_results_that_came_later_are_not_in_the_picture_of_before() -> None:
    early = neighbourhood("I1", FrameTrade(ROWS, NOW + timedelta(days=1, hours=12)))
    assert {each.party: each.found for each in early.nodes}["I1"] == 0
    assert "I2" not in {each.party for each in early.nodes}


def test_a_picture_is_bounded_and_says_what_it_left_out() -> None:
    drawn = neighbourhood("I1", FrameTrade(ROWS), most=4)
    assert len(drawn.nodes) <= 4 and drawn.left_out > 0
    assert len(neighbourhood("I1", FrameTrade(ROWS)).nodes) > 4
    with pytest.raises(InputError, match="1 to"):
        neighbourhood("I1", FrameTrade(ROWS), most=0)
    with pytest.raises(InputError, match="name of a view"):
        SqlTrade(lambda sql, parameters: ROWS, "x; DROP TABLE y")


def test_a_stranger_has_an_empty_picture() -> None:
    drawn = neighbourhood("nobody", FrameTrade(ROWS))
    assert [each.party for each in drawn.nodes] == ["nobody"] and not drawn.edges


@pytest.fixture
def node(store: Callable[..., Any]) -> Any:
    opened = store(tables.PROJECTIONS)
    opened.now = NOW
    return opened


PROPOSED = Link("XA1", "XA2", 0.83, ("phone", "broker"), 0)


def test_a_confirmed_link_is_a_fact_and_the_last_word_counts(node: Any) -> None:
    node.act(confirm_kin, "XA2", "XA1", Verdict.SAME, "met them", PROPOSED)
    node.act(confirm_kin, "XA1", "XA3", Verdict.DIFFERENT, "two offices")
    fact = node.act(confirm_kin, "XA1", "XA2", Verdict.DIFFERENT, "error")
    with node.engine.connect() as connection:
        stored = network.list_verdicts(connection, party="XA2")
        every = network.list_verdicts(connection)
    assert [(each.one, each.other, each.verdict) for each in stored] == [
        ("XA1", "XA2", Verdict.DIFFERENT)
    ]
    assert stored[0].seq == fact.seq and stored[0].reason == "error"
    assert len(every) == 2 and every[0].seq > every[1].seq


@pytest.mark.parametrize(
    "one, other, reason, complaint",
    [
        ("XA1", "XA1", "r", "two different"),
        ("", "XA1", "r", "two different"),
        ("XA1", "XA3", "r", "not XA1 and XA3"),
        ("XA1", "XA2", " ", "Say why"),
        ("XA1", "XA2", "x" * 2_001, "Say why"),
    ],
)
def test_a_word_that_makes_no_sense_is_refused(
    node: Any, one: str, other: str, reason: str, complaint: str
) -> None:
    with pytest.raises(RuleViolation, match=complaint):
        node.act(confirm_kin, one, other, Verdict.SAME, reason, PROPOSED)


def test_the_table_of_links_comes_out_the_same_from_its_facts(node: Any) -> None:
    said = ((Verdict.SAME, "met them"), (Verdict.DIFFERENT, "error"))
    facts = [node.act(confirm_kin, "XA1", "XA2", *each, PROPOSED) for each in said]
    with node.engine.begin() as connection:
        before = network.list_verdicts(connection)
        connection.execute(delete(network.kin))
        for fact in facts:
            for projection in tables.PROJECTIONS[fact.type]:
                projection(connection, fact)
        assert network.list_verdicts(connection) == before != ()


def test_policy_lets_analysts_confirm_and_nobody_else() -> None:
    policy = CedarPolicy.load()
    ada = Actor(ActorKind.OFFICER, "ada", "customs", frozenset({identity.Role.RISK_ANALYST}))
    assert policy.ask(ada, "risk.confirm_kin", {}).allowed
    officer = replace(ada, roles=frozenset({identity.Role.CUSTOMS_OFFICER}))
    assert not policy.ask(officer, "risk.confirm_kin", {}).allowed
