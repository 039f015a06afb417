"""Tokens, passwords and sessions: whose they are, and when they are nobody's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import (
    BadTerm,
    NotAuthenticated,
    NotFound,
    Refused,
    RuleViolation,
    TryLater,
    WrongState,
)
from clearway.identity import tables, vault
from clearway.identity.actions.close_account import close_account
from clearway.identity.actions.enrol_device import enrol_device
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.actions.revoke_credential import revoke_credential
from clearway.identity.actions.set_password import set_password
from clearway.identity.actions.sign_in import record_failure, sign_in, sign_out, stay_signed_in
from clearway.identity.credentials import (
    authenticate_session,
    authenticate_token,
    digest_of,
    form_key,
    token_text,
)
from clearway.identity.model import ActorKind, Role
from clearway.identity.passwords import authenticate_password, hash_password
from clearway.identity.rules import session_lives
from clearway.terms.identifiers import PartyId

SECRET, SALT = bytes(range(32)), bytes(16)
PASSWORD = "correct horse battery staple"


@pytest.fixture
def amina(house: Any) -> Any:
    """The house, with the account of a customs officer in it."""
    house.do(open_account, "amina", ActorKind.OFFICER, "customs", [Role.CUSTOMS_OFFICER])
    return house


def me(house: Any) -> Any:
    return house.read(lambda c: tables.actor_of(c, tables.get_account(c, "amina"), house.now))


def test_a_token_is_its_account(amina: Any) -> None:
    token = amina.do(issue_token, "amina", SECRET)
    actor = amina.read(authenticate_token, token, amina.now)
    assert (actor.reference, actor.agency, actor.roles) == (
        "officer:amina",
        "customs",
        {Role.CUSTOMS_OFFICER},
    )


def test_a_traders_token_brings_the_parties_it_represents(house: Any) -> None:
    party = PartyId("KE0001")
    house.do(open_account, "acme", ActorKind.TRADER, "customs", [Role.TRADER], party=party)
    token = house.do(issue_token, "acme", SECRET)
    actor = house.read(authenticate_token, token, house.now)
    assert (actor.party, actor.represents) == ("KE0001", {"KE0001"})


def test_an_expired_token_is_nobodys(amina: Any) -> None:
    token = amina.do(issue_token, "amina", SECRET, expires_at=amina.now + timedelta(hours=1))
    amina.read(authenticate_token, token, amina.now + timedelta(minutes=59))
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_token, token, amina.now + timedelta(hours=1))


def test_a_revoked_token_is_nobodys_and_the_others_live_on(amina: Any) -> None:
    first = amina.do(issue_token, "amina", SECRET)
    second = amina.do(issue_token, "amina", SECRET[::-1])
    listed = amina.read(vault.list_credentials, "amina")
    id = next(c.id for c in listed if amina.facts[1].body.decode().find(c.id) > 0)
    amina.do(revoke_credential, "amina", id, "left on a train")
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_token, first, amina.now)
    assert amina.read(authenticate_token, second, amina.now).id == "amina"
    with pytest.raises(NotFound):
        amina.do(revoke_credential, "amina", id, "again")


def test_a_closed_account_is_dead_at_once(amina: Any) -> None:
    token = amina.do(issue_token, "amina", SECRET)
    amina.do(set_password, "amina", hash_password(PASSWORD, "amina", SALT))
    session = amina.do(sign_in, SECRET, by=me(amina))
    amina.do(close_account, "amina", "left")
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_token, token, amina.now)
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_session, session, amina.now)
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_password, "amina", PASSWORD, amina.now)
    with pytest.raises(WrongState, match="closed"):
        amina.do(issue_token, "amina", SECRET[::-1])


@given(st.text())
def test_any_other_text_is_nobodys(token: str) -> None:
    # The store is not even asked for what has not the form of a token.
    if token.startswith("cw_") and len(token) <= 200:
        return
    with pytest.raises(NotAuthenticated):
        authenticate_token(None, token, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "token", ["cw_", "cw_' OR 1=1 --", "cw_" + "A" * 43, "cw_\ud800", "cw_é\x00"]
)
def test_a_guess_of_the_right_form_is_nobodys(amina: Any, token: str) -> None:
    with pytest.raises(NotAuthenticated, match="not valid"):
        amina.read(authenticate_token, token, amina.now)


def test_a_secret_needs_32_random_bytes() -> None:
    with pytest.raises(BadTerm, match="32 random bytes"):
        token_text(b"short")


def test_no_secret_is_in_a_fact_or_in_the_file(amina: Any, tmp_path: Path) -> None:
    token = amina.do(issue_token, "amina", SECRET)
    hashed = hash_password(PASSWORD, "amina", SALT)
    amina.do(set_password, "amina", hashed)
    session = amina.do(sign_in, SECRET[::-1], by=me(amina))
    bodies = b"".join(fact.body for fact in amina.facts)
    for secret in [token, session, PASSWORD, hashed, digest_of(token).hex()]:
        assert secret.encode() not in bodies
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert digest_of(token) in stored
    for secret in [token, token[3:], session, PASSWORD]:
        assert secret.encode() not in stored


def test_issuing_and_revoking_are_facts(amina: Any) -> None:
    amina.do(issue_token, "amina", SECRET)
    amina.do(set_password, "amina", hash_password(PASSWORD, "amina", SALT))
    types = [fact.type for fact in amina.facts]
    assert types == [
        "identity.account_opened/1",
        "identity.credential_issued/1",
        "identity.credential_issued/1",
    ]


def test_an_expiry_in_the_past_is_refused(amina: Any) -> None:
    with pytest.raises(RuleViolation, match="expired already"):
        amina.do(issue_token, "amina", SECRET, expires_at=amina.now)


def test_only_administrators_issue_tokens(amina: Any) -> None:
    with pytest.raises(Refused):
        amina.do(issue_token, "amina", SECRET, by=me(amina))


def test_the_right_password_is_its_account_and_a_wrong_one_is_nobodys(amina: Any) -> None:
    amina.do(set_password, "amina", hash_password(PASSWORD, "amina", SALT), by=me(amina))
    assert amina.read(authenticate_password, "amina", PASSWORD, amina.now).id == "amina"
    for account, password in [("amina", PASSWORD + "!"), ("amina", ""), ("nobody", PASSWORD)]:
        with pytest.raises(NotAuthenticated, match="account or the password"):
            amina.read(authenticate_password, account, password, amina.now)


def test_an_account_without_a_password_has_no_way_in_by_password(amina: Any) -> None:
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_password, "amina", "nobody has this password", amina.now)


def test_a_new_password_ends_the_old_one_and_its_sessions(amina: Any) -> None:
    amina.do(set_password, "amina", hash_password(PASSWORD, "amina", SALT))
    session = amina.do(sign_in, SECRET, by=me(amina))
    amina.do(set_password, "amina", hash_password("another long password", "amina", SALT))
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_password, "amina", PASSWORD, amina.now)
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_session, session, amina.now)
    assert amina.read(authenticate_password, "amina", "another long password", amina.now)


def test_a_device_has_no_password(house: Any) -> None:
    house.do(enrol_device, "CL-100")
    with pytest.raises(RuleViolation, match="comes in with a token"):
        house.do(set_password, "CL-100", "hash")


def test_after_five_wrong_passwords_even_the_right_one_must_wait(amina: Any) -> None:
    amina.do(set_password, "amina", hash_password(PASSWORD, "amina", SALT))
    for _ in range(6):
        amina.do(record_failure, "amina")
    with pytest.raises(TryLater, match="Too many wrong passwords") as caught:
        amina.read(authenticate_password, "amina", PASSWORD, amina.now)
    assert caught.value.retry_after_s == 3
    amina.now += timedelta(seconds=3)
    assert amina.read(authenticate_password, "amina", PASSWORD, amina.now).id == "amina"
    amina.do(sign_in, SECRET, by=me(amina))
    assert amina.read(vault.find_password, "amina")[0].failures == 0


def test_a_session_lives_while_it_is_used(amina: Any) -> None:
    session = amina.do(sign_in, SECRET, by=me(amina))
    amina.now += timedelta(minutes=20)
    assert amina.read(authenticate_session, session, amina.now).id == "amina"
    amina.do(stay_signed_in, session, by=me(amina))
    amina.now += timedelta(minutes=20)
    assert amina.read(authenticate_session, session, amina.now).id == "amina"
    amina.now += timedelta(minutes=11)
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_session, session, amina.now)
    assert amina.do(lambda act: vault.forget_sessions_before(act.connection, amina.now)) == 1


def test_a_session_ages_by_the_machines_clock_while_a_day_is_replayed(amina: Any) -> None:
    wall = amina.now + timedelta(days=40)
    session = amina.do(sign_in, SECRET, by=me(amina), wall=wall)
    amina.now += timedelta(hours=23)
    assert amina.read(authenticate_session, session, amina.now, wall=wall).id == "amina"
    wall += timedelta(minutes=29)
    amina.do(stay_signed_in, session, by=me(amina), wall=wall)
    wall += timedelta(minutes=29)
    assert amina.read(authenticate_session, session, amina.now, wall=wall).id == "amina"
    wall += timedelta(minutes=2)
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_session, session, amina.now, wall=wall)


def test_an_operator_may_shorten_a_session_and_never_lengthen_it(amina: Any) -> None:
    session = amina.do(sign_in, SECRET, by=me(amina))
    amina.now += timedelta(minutes=25)
    assert amina.read(authenticate_session, session, amina.now, longest=timedelta(days=9))
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_session, session, amina.now, longest=timedelta(minutes=20))
    start = amina.now - timedelta(hours=13)
    assert not session_lives(start, amina.now, amina.now, timedelta(days=9))


def test_failures_are_forgotten_by_the_machines_clock(amina: Any) -> None:
    amina.do(set_password, "amina", hash_password(PASSWORD, "amina", SALT))
    wall = amina.now + timedelta(days=40)
    for _ in range(6):
        amina.do(record_failure, "amina", wall=wall)
    with pytest.raises(TryLater):
        amina.read(authenticate_password, "amina", PASSWORD, amina.now, wall=wall)
    wall += timedelta(seconds=3)  # the replayed day stands still meanwhile
    assert amina.read(authenticate_password, "amina", PASSWORD, amina.now, wall=wall)


def test_signing_out_ends_the_session(amina: Any) -> None:
    session = amina.do(sign_in, SECRET, by=me(amina))
    other = amina.do(sign_in, SECRET[::-1], by=me(amina))
    amina.do(sign_out, session, by=me(amina))
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_session, session, amina.now)
    assert amina.read(authenticate_session, other, amina.now).id == "amina"
    with pytest.raises(NotAuthenticated):
        amina.read(authenticate_session, "", amina.now)


def test_the_key_of_forms_belongs_to_one_session() -> None:
    assert form_key("a") == form_key("a") != form_key("b")
    assert len(form_key("a")) == 64


def test_use_of_tokens_is_noted_aside(amina: Any) -> None:
    token = amina.do(issue_token, "amina", SECRET)
    later = amina.now + timedelta(minutes=1)
    amina.do(lambda act: vault.mark_used(act.connection, [digest_of(token)], later))
    assert amina.read(vault.list_credentials, "amina")[0].last_used_at == later
