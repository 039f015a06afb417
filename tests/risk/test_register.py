"""The register that a node keeps of importers: their kin by word of persons, likeness by keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import delete

from clearway.declarations.model import Declaration, Party
from clearway.identity.facts import PartyRegistered
from clearway.policy.act import Act
from clearway.risk import schema, tables
from clearway.risk.kept import unpack
from clearway.risk.network import register
from clearway.risk.network.actions.confirm_kin import confirm_kin
from clearway.risk.network.model import Link, Verdict
from clearway.terms.identifiers import PartyId
from clearway.terms.places import Country

from .border import accept, declaration
from .world import BEGIN, history

OLD, HEIR, THIRD = PartyId("KE000001"), PartyId("KE000002"), PartyId("KE000003")
SAME, DIFFERENT = Verdict.SAME, Verdict.DIFFERENT


@pytest.fixture
def node(store: Callable[..., Any]) -> Any:
    opened = store(tables.PROJECTIONS)
    opened.now = BEGIN
    return opened


def enter(node: Any, party: PartyId, name: str, address: str) -> None:
    node.now += timedelta(hours=1)
    body = PartyRegistered(party, name, Country("KE"), address, "customs")
    node.act(lambda act: act.append(body, subject=f"party:{party}"))


def declared(importer: PartyId, broker: str = "KEB1", address: str = "") -> Declaration:
    row = history(1, seed=1).to_dicts()[0]
    one = declaration([{**row, "importer": str(importer), "declarant": broker}])
    return replace(one, importer=Party(importer, "", None, address))


def lodge(node: Any, mrn: str, what: Declaration) -> None:
    node.now += timedelta(hours=1)
    node.act(accept, mrn, what, node.now)


def say(node: Any, one: str, other: str, verdict: Verdict) -> None:
    node.now += timedelta(hours=1)
    node.act(confirm_kin, one, other, verdict, "One director.")


def ask(node: Any, question: Callable[..., Any], *of: Any) -> Any:
    with node.engine.connect() as connection:
        return question(connection, *of)


def kin(node: Any, party: str) -> str:
    found: str = ask(node, register.find, party).kin
    return found


def test_whom_nobody_met_is_nobodys_kin_and_who_is_alone_is_its_own(node: Any) -> None:
    assert (kin(node, OLD), kin(node, "")) == ("", "")
    lodge(node, "M1", declared(OLD))
    assert kin(node, OLD) == OLD


def test_the_number_that_was_known_first_names_the_group(node: Any) -> None:
    lodge(node, "M1", declared(HEIR))
    enter(node, OLD, "Firm", "7 Quay Road")
    say(node, OLD, HEIR, SAME)
    assert kin(node, OLD) == kin(node, HEIR) == HEIR


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_words_in_any_order_make_the_same_groups(node: Any, order: tuple[int, ...]) -> None:
    for each in (OLD, HEIR, THIRD):
        lodge(node, f"M{each}", declared(each))
    words = [(OLD, HEIR, SAME), (HEIR, THIRD, SAME), (OLD, THIRD, DIFFERENT)]
    for place in order:
        say(node, *words[place])
    assert kin(node, OLD) == kin(node, HEIR) == OLD
    assert kin(node, THIRD) == THIRD, "of these a person said that they are different"


def test_a_word_that_is_taken_back_parts_the_group_and_frees_what_it_kept_apart(node: Any) -> None:
    for each in (OLD, HEIR, THIRD):
        lodge(node, f"M{each}", declared(each))
    say(node, OLD, THIRD, DIFFERENT)
    say(node, OLD, HEIR, SAME)
    say(node, HEIR, THIRD, SAME)
    say(node, OLD, HEIR, DIFFERENT)
    assert (kin(node, OLD), kin(node, HEIR), kin(node, THIRD)) == (OLD, HEIR, HEIR)


def test_goods_are_kept_as_they_were_counted(node: Any) -> None:
    enter(node, OLD, "Firm", "7 Quay Road")
    lodge(node, "M1", declared(OLD))
    lodge(node, "M2", declared(HEIR, address="9 Hill Lane"))
    say(node, OLD, HEIR, SAME)
    lodge(node, "M3", declared(HEIR, address="9 Hill Lane"))
    with node.engine.connect() as connection:
        rows = dict(connection.execute(tables.declaration.select().with_only_columns(
            tables.declaration.c.mrn, tables.declaration.c.goods)).all())  # fmt: skip
    seen = {mrn: (unpack(data)[0].kin, unpack(data)[0].address) for mrn, data in rows.items()}
    assert seen == {
        "M1": (OLD, "7 Quay Road"),
        "M2": (HEIR, "9 Hill Lane"),
        "M3": (OLD, "9 Hill Lane"),
    }


def alike(node: Any, party: str) -> tuple[Link, ...]:
    found: tuple[Link, ...] = ask(node, register.alike, party)
    return found


def test_a_new_party_at_a_rare_address_with_the_name_is_proposed_at_once(node: Any) -> None:
    enter(node, OLD, "Komaria Seafood Ltd", "7 Quay Rd.")
    assert alike(node, OLD) == ()
    enter(node, HEIR, "Komaria Imports", "7 Quay Road")
    (link,) = alike(node, HEIR)
    assert link[:2] == (OLD, HEIR) and link.shared == ("root", "address")
    assert alike(node, OLD) == (link,)
    assert kin(node, HEIR) == HEIR, "a proposal joins nobody"
    say(node, OLD, HEIR, DIFFERENT)
    assert alike(node, HEIR) == (), "it has been judged"


def test_an_address_alone_proposes_nothing_but_with_the_broker_it_does(node: Any) -> None:
    enter(node, OLD, "Komaria Seafood", "7 Quay Road")
    enter(node, HEIR, "Baraka Trading", "7 Quay Road")
    assert alike(node, HEIR) == ()
    lodge(node, "M1", declared(OLD, "KEB7"))
    lodge(node, "M2", declared(HEIR, "KEB7"))
    assert [link.shared for link in alike(node, HEIR)] == [("address", "broker")]


def test_a_centre_of_many_firms_links_nobody(node: Any) -> None:
    for place in range(4):
        enter(node, PartyId(f"KE00001{place}"), f"Baraka {place}", "1 Centre Street")
    assert alike(node, "KE000010") == ()


def test_the_tables_come_out_the_same_when_they_are_made_anew(node: Any) -> None:
    facts: list[Any] = []

    def keeping(action: Callable[..., Any]) -> Callable[[Act], Any]:
        def run(act: Act) -> Any:
            done = action(act)
            facts.extend(act.tx.facts)
            return done

        return run

    body = PartyRegistered(OLD, "Firm", Country("KE"), "7 Quay Road", "customs")
    node.act(keeping(lambda act: act.append(body, subject="party:1")))
    node.act(keeping(lambda act: accept(act, "M1", declared(HEIR), act.now)))
    node.act(keeping(lambda act: confirm_kin(act, OLD, HEIR, SAME, "One director.")))
    rooms = (register.party, schema.declaration, schema.history)
    with node.engine.begin() as connection:
        before = [connection.execute(one.select()).all() for one in rooms]
        for one in tables.TABLES:
            connection.execute(delete(one))
        for fact in facts:
            for project in tables.PROJECTIONS[fact.type]:
                project(connection, fact)
        assert [connection.execute(one.select()).all() for one in rooms] == before
    assert [row.kin for row in before[0]] == [OLD, OLD]
