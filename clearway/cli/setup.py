"""Accounts from the command line: acts of the machine's owner on a node that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from clearway.cli.store import readable
from clearway.errors import BadTerm
from clearway.identity import passwords
from clearway.identity.actions.close_account import close_account as close
from clearway.identity.actions.give_mandate import give_mandate
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.actions.register_party import register_party
from clearway.identity.actions.set_password import set_password as keep_password
from clearway.identity.model import Actor, ActorKind, Role
from clearway.node.clock import entropy, utc_now
from clearway.node.files import Folder
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.risk.actions.activate_model import activate_model as record_activation
from clearway.risk.card import ModelCard
from clearway.risk.formats import artefact
from clearway.settings import Settings, load
from clearway.terms.identifiers import PartyId
from clearway.terms.period import Period
from clearway.terms.places import Country

Result = TypeVar("Result")

# Whoever can write to the node's folder owns the node; in the log the acts bear this name.
OWNER = Actor(
    ActorKind.SYSTEM, "owner", "customs", frozenset({Role.ADMINISTRATOR, Role.RISK_ANALYST})
)
_TOKEN_LIFE = timedelta(days=365)
_TRADERS = {Role.TRADER, Role.BROKER, Role.CARRIER, Role.TERMINAL}


def first_administrator(settings: Settings) -> tuple[str, str]:
    """Open the account `admin` on a new node; return its name and its token."""
    return "admin", with_node(settings, lambda act: _open(act, "admin", {Role.ADMINISTRATOR}))


def add_account(
    file: Path | None,
    name: str,
    roles: Iterable[str],
    *,
    agency: str,
    party: str | None,
    person: str,
) -> str:
    """Open an account and return its token. Raises: BadTerm: an unknown role."""
    chosen = {_role(role) for role in roles}
    owner = None if party is None else PartyId(party)
    return with_node(
        load(file),
        lambda act: _open(act, name, chosen, agency=agency, party=owner, person=person),
    )


def add_token(file: Path | None, name: str) -> str:
    """Return one more token of an account."""
    return with_node(load(file), lambda act: _token(act, name))


def set_password(file: Path | None, name: str, text: str) -> None:
    """Set the console password of an account."""
    hashed = passwords.hash_password(text, name, entropy(16))
    with_node(load(file), lambda act: keep_password(act, name, hashed))


def close_account(file: Path | None, name: str) -> None:
    """Close an account."""
    with_node(load(file), lambda act: close(act, name, "closed on the command line"))


def add_party(file: Path | None, party: str, name: str, country: str) -> None:
    """Register who stands behind a party number."""
    with_node(load(file), lambda act: register_party(act, PartyId(party), name, Country(country)))


def add_mandate(file: Path | None, principal: str, agent: str, days: int) -> datetime:
    """Let one party act for another from now on; return when that ends."""

    def action(act: Act) -> datetime:
        end = act.now + timedelta(days=days)
        give_mandate(act, PartyId(principal), PartyId(agent), Period(act.now, end))
        return end

    return with_node(load(file), action)


def activate_model(file: Path | None, folder: Path, reason: str) -> ModelCard:
    """Copy a trained model into the node and record that it scores from now on."""
    settings = load(file)
    made = artefact.load(folder)
    models = Folder(settings.data_directory).models
    if not (models / made.card.id).exists():
        artefact.save(made, models)
    with_node(settings, lambda act: record_activation(act, made.card, reason))
    return made.card


def with_node(settings: Settings, action: Callable[[Act], Result]) -> Result:
    """Do an action in the owner's name on a node that stands still, and return its result."""
    with (
        readable(Folder.of(settings).store),
        Node.open(settings, clock=utc_now, entropy=entropy) as node,
    ):
        return node.act(OWNER, action).result().result


def _open(
    act: Act,
    name: str,
    roles: set[Role],
    *,
    agency: str = "customs",
    party: PartyId | None = None,
    person: str = "",
) -> str:
    kind = ActorKind.OFFICER
    if roles & _TRADERS:
        kind = ActorKind.TRADER
    elif Role.DEVICE in roles:
        kind = ActorKind.DEVICE
    elif Role.WORKER in roles:
        kind = ActorKind.SYSTEM
    open_account(act, name, kind, agency, roles, party=party, name=person or name)
    return _token(act, name)


def _token(act: Act, name: str) -> str:
    return issue_token(act, name, entropy(32), expires_at=act.now + _TOKEN_LIFE)


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        raise BadTerm("role", text, f"is none of: {known}") from error
