"""Accounts, parties, mandates and devices: opened, closed, given, withdrawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from clearway.errors import BadTerm, NotFound, Refused, RuleViolation, WrongState
from clearway.identity import tables
from clearway.identity.actions.close_account import close_account
from clearway.identity.actions.give_mandate import give_mandate
from clearway.identity.actions.open_account import open_account
from clearway.identity.actions.register_party import register_party
from clearway.identity.actions.withdraw_mandate import withdraw_mandate
from clearway.identity.model import Actor, ActorKind, Role
from clearway.terms.identifiers import PartyId
from clearway.terms.period import Period
from clearway.terms.places import Country

IMPORTER, BROKER, OTHER = PartyId("KE0001"), PartyId("KE0002"), PartyId("KE0003")


def open_officer(house: Any, name: str = "amina", *roles: Role) -> None:
    house.do(open_account, name, ActorKind.OFFICER, "customs", roles or [Role.CUSTOMS_OFFICER])


def actor(house: Any, account: str) -> Actor:
    return house.read(
        lambda connection: tables.actor_of(
            connection, tables.get_account(connection, account), house.now
        )
    )


def test_the_founder_opens_the_first_account(house: Any) -> None:
    fact = house.do(
        open_account, "amina", ActorKind.OFFICER, "customs", [Role.CUSTOMS_OFFICER], name="Amina"
    )
    assert (fact.type, fact.subject) == ("identity.account_opened/1", "account:amina")
    assert fact.actor == "system:founder"
    account = house.read(tables.get_account, "amina")
    assert (account.name, account.is_open, account.opened_at) == ("Amina", True, house.now)
    assert account.roles == {Role.CUSTOMS_OFFICER}


def test_a_name_is_given_once_even_after_closing(house: Any) -> None:
    open_officer(house)
    house.do(close_account, "amina", "left the service")
    assert not house.read(tables.get_account, "amina").is_open
    with pytest.raises(WrongState, match="is, or was"):
        open_officer(house)
    with pytest.raises(WrongState, match="closed already"):
        house.do(close_account, "amina", "again")


def test_nobody_closes_the_own_account_or_one_that_is_not_there(house: Any) -> None:
    open_officer(house, "root", Role.ADMINISTRATOR)
    with pytest.raises(WrongState, match="Nobody closes"):
        house.do(close_account, "root", "tired", by=actor(house, "root"))
    with pytest.raises(NotFound):
        house.do(close_account, "nobody", "why not")


def test_only_administrators_open_accounts(house: Any) -> None:
    open_officer(house)
    with pytest.raises(Refused, match="is for: administrator"):
        house.do(
            open_account,
            "friend",
            ActorKind.OFFICER,
            "customs",
            [Role.CUSTOMS_OFFICER],
            by=actor(house, "amina"),
        )
    assert house.read(tables.find_account, "friend") is None


def test_a_party_is_registered_and_later_known_better(house: Any) -> None:
    house.do(register_party, IMPORTER, "Acme Ltd", Country("KE"))
    house.do(register_party, IMPORTER, "Acme Limited", Country("KE"), "Mombasa")
    party = house.read(tables.get_party, IMPORTER)
    assert (party.name, party.address, party.agency) == ("Acme Limited", "Mombasa", "customs")
    assert len(house.read(tables.list_parties)) == 1
    with pytest.raises(BadTerm):
        house.do(register_party, OTHER, "  ", Country("KE"))
    with pytest.raises(NotFound):
        house.read(tables.get_party, OTHER)


def test_a_broker_represents_whom_it_has_a_mandate_of_while_it_holds(house: Any) -> None:
    house.do(open_account, "bro", ActorKind.TRADER, "customs", [Role.BROKER], party=BROKER)
    assert actor(house, "bro").represents == {BROKER}
    week = Period(house.now, house.now + timedelta(days=7))
    house.do(give_mandate, IMPORTER, BROKER, week)
    house.do(give_mandate, OTHER, BROKER, Period(house.now + timedelta(days=1)))
    assert actor(house, "bro").represents == {BROKER, IMPORTER}
    house.now += timedelta(days=2)
    assert actor(house, "bro").represents == {BROKER, IMPORTER, OTHER}
    house.do(withdraw_mandate, OTHER, BROKER, "changed broker")
    assert actor(house, "bro").represents == {BROKER, IMPORTER}
    house.now += timedelta(days=5)
    assert actor(house, "bro").represents == {BROKER}


def test_a_mandate_withdrawn_may_be_given_again(house: Any) -> None:
    house.do(give_mandate, IMPORTER, BROKER, Period(house.now))
    house.do(withdraw_mandate, IMPORTER, BROKER, "")
    with pytest.raises(WrongState, match="withdrawn already"):
        house.do(withdraw_mandate, IMPORTER, BROKER, "")
    house.do(give_mandate, IMPORTER, BROKER, Period(house.now))
    assert house.read(tables.find_mandate, IMPORTER, BROKER).holds_at(house.now)


def test_a_mandate_that_makes_no_sense_is_refused(house: Any) -> None:
    with pytest.raises(RuleViolation, match="no mandate for itself"):
        house.do(give_mandate, IMPORTER, IMPORTER, Period(house.now))
    past = Period(house.now - timedelta(days=2), house.now - timedelta(days=1))
    with pytest.raises(RuleViolation, match="ended already"):
        house.do(give_mandate, IMPORTER, BROKER, past)
    with pytest.raises(NotFound, match="gave KE0002 no mandate"):
        house.do(withdraw_mandate, IMPORTER, BROKER, "")


def test_an_importer_gives_its_own_mandate_but_none_for_another(house: Any) -> None:
    house.do(open_account, "acme", ActorKind.TRADER, "customs", [Role.TRADER], party=IMPORTER)
    me = actor(house, "acme")
    house.do(give_mandate, IMPORTER, BROKER, Period(house.now), by=me)
    with pytest.raises(Refused, match="Only KE0003 itself"):
        house.do(give_mandate, OTHER, IMPORTER, Period(house.now), by=me)


def test_lists_go_on_after_the_last_one_seen(house: Any) -> None:
    for name in ["c", "a", "b"]:
        open_officer(house, name)
    first = house.read(tables.list_accounts, limit=2)
    assert [account.id for account in first] == ["a", "b"]
    assert [a.id for a in house.read(tables.list_accounts, after="b")] == ["c"]


def test_replaying_the_facts_makes_the_same_tables(house: Any) -> None:
    open_officer(house)
    house.do(open_account, "bro", ActorKind.TRADER, "customs", [Role.BROKER], party=BROKER)
    house.do(register_party, IMPORTER, "Acme", Country("KE"))
    house.do(register_party, IMPORTER, "Acme Ltd", Country("KE"))
    house.do(give_mandate, IMPORTER, BROKER, Period(house.now))
    house.now += timedelta(hours=1)
    house.do(withdraw_mandate, IMPORTER, BROKER, "")
    house.do(give_mandate, OTHER, BROKER, Period(house.now))
    house.do(close_account, "amina", "")
    with house.engine.begin() as connection:
        before = [connection.execute(select(table)).fetchall() for table in tables.TABLES]
        for table in tables.TABLES:
            connection.execute(delete(table))
        for fact in house.facts:
            for project in tables.PROJECTIONS.get(fact.type, ()):
                project(connection, fact)
        after = [connection.execute(select(table)).fetchall() for table in tables.TABLES]
    assert after == before
    assert all(before)
