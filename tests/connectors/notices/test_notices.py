"""Who is told, when, how often it is tried, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from clearway.connectors.notices import rules, tables
from clearway.connectors.notices.actions.post import post
from clearway.connectors.notices.actions.record_attempt import record_attempt
from clearway.connectors.notices.actions.set_address import set_address, withdraw_address
from clearway.connectors.notices.model import (
    Address,
    Attempt,
    Channel,
    Language,
    Message,
    Progress,
    Quiet,
    Result,
)
from clearway.errors import BadTerm, NotFound, Refused
from clearway.identity.model import Actor, ActorKind, Role
from clearway.policy.act import Act
from clearway.policy.cedar import CedarPolicy
from clearway.terms.alarm import AlarmLevel
from tests.conftest import NOON, officer

GATE = Address("gate", Channel.WEBHOOK, "https://hook.example/x", "customs", "terminal")
MAIL = Address("duty", Channel.MAIL, "duty@food.example", "food_safety", "officer")
FAILED, DELIVERED = Attempt(Result.FAILED, "HTTP 503"), Attempt(Result.DELIVERED, "HTTP 204")


def message(**changed):
    words = {language: (f"Power off ({language})", "Plug it in.") for language in Language}
    made = Message(
        "task.opened", "task:5", NOON, "terminal", "food_safety", "", AlarmLevel.WARNING, words,
        {"task": 5},
    )  # fmt: skip
    return replace(made, **changed)


def ask(node, query, *args, **kw):
    with node.engine.connect() as connection:
        return query(connection, *args, **kw)


def outbox(node):
    return ask(node, tables.list_notices)


def test_a_message_becomes_a_notice_for_each_address_that_wants_it(node):
    for address in (GATE, replace(GATE, name="yard", language=Language.FRENCH), MAIL):
        node.act(set_address, address)
    node.act(post, message())
    told = {notice.address: notice for notice in outbox(node)}
    assert set(told) == {"gate", "yard"}
    assert told["yard"].title == "Power off (fr)"
    assert told["gate"].id != told["yard"].id
    assert "." not in told["gate"].id
    assert told["gate"].data == b'{"task":5}'
    assert node.act(post, message(audience="trader", party="KE1")) == ()


@pytest.mark.parametrize(
    ("address", "changed", "is_wanted"),
    [
        (GATE, {}, True),
        (GATE, {"level": AlarmLevel.NOTICE}, False),
        (replace(GATE, least_level=AlarmLevel.NOTICE), {"level": AlarmLevel.NOTICE}, True),
        (replace(GATE, least_level=AlarmLevel.CRITICAL), {}, False),
        (GATE, {"audience": "carrier"}, False),
        (MAIL, {"audience": "officer"}, True),
        (MAIL, {"audience": "officer", "agency": "customs"}, False),
        (replace(GATE, audience="trader", party="A"), {"audience": "trader", "party": "A"}, True),
        (replace(GATE, audience="trader", party="A"), {"audience": "trader", "party": "B"}, False),
        (replace(GATE, party="TERMINAL"), {"party": "A"}, True),
    ],
)
def test_each_hears_what_concerns_it(address, changed, is_wanted):
    assert rules.wants(address, message(**changed)) is is_wanted


def test_in_quiet_hours_only_what_is_critical_is_sent():
    night = replace(GATE, quiet=Quiet(22 * 60, 6 * 60, 180))
    late = NOON + timedelta(hours=9)  # 21:00 UTC is midnight on the reader's clock
    assert rules.not_before(night, message(due_at=late)) == late + timedelta(hours=6)
    critical = message(due_at=late, level=AlarmLevel.CRITICAL)
    assert rules.not_before(night, critical) == late
    assert rules.not_before(night, message(due_at=NOON)) == NOON
    never = replace(GATE, quiet=Quiet(60, 60))
    assert rules.not_before(never, message(due_at=late)) == late


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(-840, 840), st.integers(0, 5000))
def test_after_quiet_hours_it_is_not_quiet(begins, ends, offset, minutes):
    address = replace(GATE, quiet=Quiet(begins, ends, offset))
    due = message(due_at=NOON + timedelta(minutes=minutes))
    at = rules.not_before(address, due)
    assert due.due_at <= at < due.due_at + timedelta(days=1)
    assert rules.not_before(address, replace(due, due_at=at)) == at


def test_a_failed_attempt_is_repeated_later_and_later_until_it_is_given_up(node):
    node.act(set_address, GATE)
    node.act(post, message())
    (notice,) = outbox(node)
    waited = []
    for _ in rules.PAUSES:
        node.act(record_attempt, notice.id, FAILED)
        (now,) = outbox(node)
        waited.append(now.due_at - node.now)
        assert ask(node, tables.list_due, node.now) == ()
        node.now = now.due_at
        assert [one.id for one in ask(node, tables.list_due, node.now)] == [notice.id]
    assert waited == sorted(waited)
    assert sum(waited, timedelta(0)) > timedelta(hours=20)
    node.act(record_attempt, notice.id, FAILED)
    (dead,) = outbox(node)
    assert (dead.progress, dead.attempts, dead.detail) == (Progress.DEAD, 9, "HTTP 503")
    assert node.act(record_attempt, notice.id, DELIVERED) is None
    assert ask(node, tables.list_notices, progress=Progress.DEAD) == (dead,)
    assert ask(node, tables.count) == {"dead": 1}


def test_delivered_is_delivered(node):
    node.act(set_address, GATE)
    node.act(post, message())
    (notice,) = outbox(node)
    node.act(record_attempt, notice.id, FAILED)
    node.act(record_attempt, notice.id, DELIVERED)
    assert outbox(node)[0].progress is Progress.DELIVERED
    assert ask(node, tables.list_due, node.now + timedelta(days=9)) == ()
    with pytest.raises(NotFound):
        node.act(record_attempt, "msg_0", DELIVERED)


def test_who_is_gone_is_not_told_again(node):
    node.act(set_address, GATE)
    node.act(post, message())
    node.act(post, message(about="task:6"))
    node.act(record_attempt, outbox(node)[1].id, Attempt(Result.GONE, "HTTP 410"))
    assert [notice.progress for notice in outbox(node)] == [Progress.CANCELLED, Progress.DEAD]
    assert ask(node, tables.list_addresses) == ()


def test_what_is_refused_for_good_is_not_tried_again(node):
    node.act(set_address, GATE)
    node.act(post, message())
    node.act(record_attempt, outbox(node)[0].id, Attempt(Result.REFUSED, "not callable" * 99))
    assert outbox(node)[0].progress is Progress.DEAD
    assert len(outbox(node)[0].detail) == 200


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "The Gate"}, "name"),
        ({"name": ""}, "name"),
        ({"audience": "everybody"}, "audience"),
        ({"audience": "trader"}, "party"),
        ({"target": "ftp://hook.example/"}, "target"),
        ({"target": "https://user:pass@hook.example/"}, "target"),
        ({"target": "https://hook.example/#x"}, "target"),
        ({"target": "https://hook.example:99999/"}, "target"),
        ({"target": "https://hook.example/ x"}, "target"),
        ({"target": "https://hook.example/\r\nHost: x"}, "target"),
        ({"target": "https://[hook/"}, "target"),
        ({"target": "https://hook.example/" + "x" * 500}, "target"),
        ({"channel": Channel.MAIL, "target": "a@b.example\r\nBcc: c@d.example"}, "target"),
        ({"channel": Channel.MAIL, "target": "a@b.example, c@d.example"}, "target"),
        ({"channel": Channel.MAIL, "target": "x" * 250 + "@b.example"}, "target"),
        ({"quiet": Quiet(1440, 0)}, "quiet"),
        ({"quiet": Quiet(0, 60, 900)}, "quiet"),
    ],
)
def test_an_address_that_cannot_be_is_refused_by_name(node, changed, field):
    with pytest.raises(BadTerm) as refusal:
        node.act(set_address, replace(GATE, **changed))
    assert refusal.value.field == field


@given(st.text(max_size=60))
def test_no_mail_address_holds_a_line_break(text):
    try:
        rules.require_possible(replace(MAIL, target=text))
    except BadTerm:
        return
    assert text.isprintable()
    assert text.count("@") == 1


def test_a_secret_made_anew_counts_up_and_the_same_words_change_nothing(node):
    assert node.act(set_address, GATE).generation == 0
    before = node.next_seq
    node.act(set_address, GATE)
    assert node.next_seq == before
    assert node.act(partial(set_address, address=GATE, renew_secret=True)).generation == 1
    assert node.act(set_address, GATE).generation == 1


def test_withdrawing_cancels_what_waits(node):
    node.act(set_address, GATE)
    node.act(post, message())
    with pytest.raises(BadTerm):
        node.act(withdraw_address, "gate", " ")
    node.act(withdraw_address, "gate", "The yard is closed.")
    assert outbox(node)[0].progress is Progress.CANCELLED
    with pytest.raises(NotFound):
        node.act(withdraw_address, "gate", "again")


def test_nobody_changes_the_address_of_another(node):
    policy = CedarPolicy.load()

    def by(actor, action, *args):
        return node.act(lambda act: action(Act(act.tx, actor, policy), *args))

    firm = Actor(
        ActorKind.TRADER, "acme", "customs", frozenset({Role.TRADER}), "A", frozenset({"A"})
    )
    rival = replace(firm, id="rival", party="B", represents=frozenset({"B"}))
    mine = replace(GATE, name="acme", audience="trader", party="A")
    by(firm, set_address, mine)
    for action, *args in (
        (set_address, mine),
        (set_address, replace(mine, party="B")),
        (withdraw_address, "acme", "mine now"),
    ):
        with pytest.raises(Refused):
            by(rival, action, *args)
    for audience in ("officer", "terminal", "carrier"):
        with pytest.raises(Refused):  # what others are asked is not for a trader to hear
            by(firm, set_address, replace(mine, name="ear", audience=audience))
    with pytest.raises(Refused):
        by(officer(agency="customs"), set_address, MAIL)
    by(officer(Role.FOOD_INSPECTOR, agency="food_safety"), set_address, MAIL)


def test_replaying_the_facts_makes_the_same_tables(node):
    facts = []

    class Recording(dict):
        def get(self, key, default=()):
            return (*super().get(key, default), lambda _, fact: facts.append(fact))

    node.projections = Recording(tables.PROJECTIONS)
    node.act(set_address, GATE)
    node.act(set_address, replace(GATE, name="old"))
    node.act(post, message())
    node.act(record_attempt, outbox(node)[0].id, FAILED)
    node.act(withdraw_address, "old", "closed")
    with node.engine.begin() as connection:
        live = [connection.execute(select(table)).all() for table in tables.TABLES]
        for table in tables.TABLES:
            connection.execute(table.delete())
        for fact in facts:
            for project in tables.PROJECTIONS.get(fact.type, ()):
                project(connection, fact)
        assert [connection.execute(select(table)).all() for table in tables.TABLES] == live
    assert all(live)
