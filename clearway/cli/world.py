"""Putting a simulated day's people into a node: parties, mandates, accounts, tokens."""

from __future__ import annotations

from datetime import datetime

import msgspec

from clearway.cli.setup import OWNER
from clearway.identity.actions.give_mandate import give_mandate
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.actions.register_party import register_party
from clearway.identity.model import Actor
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.simulator.day import Day
from clearway.simulator.mail import Event, Kind
from clearway.terms.identifiers import PartyId
from clearway.terms.period import Period
from clearway.terms.places import Country


def admit(node: Node, day: Day) -> dict[str, str]:
    """Register the parties of a simulated day, open its accounts; return a token for each."""

    def admit_all(act: Act) -> dict[str, str]:
        tokens = {actor.id: _open(act, actor, node.entropy(32)) for actor in day.accounts}
        for event in day.events:
            _register(act, event)
        return tokens

    return node.act(OWNER, admit_all).result().result


def _open(act: Act, actor: Actor, secret: bytes) -> str:
    party = None if actor.party is None else PartyId(actor.party)
    open_account(act, actor.id, actor.kind, actor.agency, actor.roles, party=party, name=actor.name)
    return issue_token(act, actor.id, secret)


def _register(act: Act, event: Event) -> None:
    """Take in what traders bring on paper before the day: who they are, who acts for them."""
    if event.kind not in (Kind.PARTY, Kind.MANDATE):
        return
    paper = msgspec.json.decode(event.body)
    if event.kind is Kind.PARTY:
        register_party(act, PartyId(paper["id"]), paper["name"], Country(paper["country"]))
        return
    since, until = (datetime.fromisoformat(paper[name]) for name in ("valid_from", "valid_until"))
    give_mandate(act, PartyId(paper["from"]), PartyId(paper["to"]), Period(since, until))
