"""The life of a rule, and of a watch list, on real stores and under the real policies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from clearway.errors import BadTerm, NotFound, Refused, RuleViolation, TooLarge, WrongState
from clearway.identity.model import Role
from clearway.ledger.fact import Fact, decode
from clearway.policy.act import Act
from clearway.policy.cedar import CedarPolicy
from clearway.risk.backtest.actions.record_test import record_test
from clearway.risk.backtest.run import run
from clearway.risk.formats import history as files
from clearway.risk.formats import profiles
from clearway.risk.lists import tables as lists
from clearway.risk.lists.actions.change import change
from clearway.risk.lists.actions.keep import keep
from clearway.risk.lists.model import Subject, WatchList
from clearway.risk.model import Channel, Profile
from clearway.risk.profiles import tables
from clearway.risk.profiles.actions.activate import activate
from clearway.risk.profiles.actions.draft import draft
from clearway.risk.profiles.actions.retire import retire
from clearway.risk.profiles.facts import RuleActivated
from clearway.risk.profiles.model import Bounds, State
from clearway.terms.period import Period
from tests.conftest import officer

from .test_features import goods
from .world import BEGIN, history

NOON = BEGIN + timedelta(days=370, hours=12)
AUTHOR, APPROVER = officer(Role.RISK_ANALYST, id="ada"), officer(Role.RISK_ANALYST, id="ben")
PROJECTIONS = {**tables.PROJECTIONS, **lists.PROJECTIONS}


def rule(expression: str = "item.packages > 20", id: str = "R-1", **changed: Any) -> Profile:
    fields: dict[str, Any] = {
        "text": "Many packages.",
        "lane": Channel.YELLOW,
        "agency": "customs",
        "mandatory": False,
        "period": Period(BEGIN),
        "owner": "risk analysis",
    }
    return Profile(id=id, expression=expression, **{**fields, **changed})


@pytest.fixture
def node(store: Callable[..., Any]) -> Any:
    opened = store(PROJECTIONS)
    opened.now = NOON
    return opened


def tried(node: Any, profile: Profile, version: int = 1) -> Any:
    report = run([profile], files.conform(history(300, seed=1)))
    return node.act(record_test, profile.id, version, report, actor=AUTHOR)


def brought_in(node: Any, profile: Profile, version: int = 1) -> Any:
    node.act(draft, profile, "seen last week", actor=AUTHOR)
    tried(node, profile, version)
    return node.act(activate, profile.id, version, "agreed", actor=APPROVER)


def test_until_a_rule_of_its_own_is_active_the_samples_are_in_force(node: Any) -> None:
    node.act(draft, rule(), "seen last week", actor=AUTHOR)
    with node.engine.connect() as connection:
        assert tables.rules_in_force(connection).version == profiles.sample().version


def test_a_rule_is_drafted_tried_approved_changed_and_retired(node: Any) -> None:
    brought_in(node, rule())
    with node.engine.connect() as connection:
        first = tables.rules_in_force(connection)
        stored = tables.get(connection, "R-1", 1)
    assert [one.id for one in first.profiles] == ["R-1"]
    assert (stored.state, stored.author, stored.approver) == (
        State.ACTIVE,
        AUTHOR.reference,
        APPROVER.reference,
    )
    assert stored.tested is not None and stored.tested.hits > 0

    brought_in(node, rule("item.packages > 40"), 2)
    node.act(retire, "R-1", 2, "the scheme ended", actor=APPROVER)
    with node.engine.connect() as connection:
        states = [(one.version, one.state) for one in tables.list_versions(connection, id="R-1")]
        assert states == [(2, State.RETIRED), (1, State.REPLACED)]
        assert tables.rules_in_force(connection).profiles == ()


def test_the_author_ends_a_draft_alone_and_what_is_in_force_only_another_does(node: Any) -> None:
    policy = CedarPolicy.load()

    def end(id: str, why: str, actor: Any) -> None:
        node.act(lambda act: retire(Act(act.tx, actor, policy), id, 1, why), actor=actor)

    brought_in(node, rule())
    node.act(draft, rule(id="R-2"), "", actor=AUTHOR)
    with pytest.raises(Refused, match="another analyst must take it out of use"):
        end("R-1", "the scheme ended", AUTHOR)
    with node.engine.connect() as connection:
        assert tables.get(connection, "R-1", 1).state is State.ACTIVE
    end("R-2", "given up", AUTHOR)
    end("R-1", "the scheme ended", APPROVER)
    with node.engine.connect() as connection:
        stored = tables.get(connection, "R-1", 1)
    assert (stored.state, stored.ended_by) == (State.RETIRED, APPROVER.reference)


@pytest.mark.parametrize("id", ["CTL-SEEDS", "ctl_meat", "CTL", "random", "Mandatory", "model"])
def test_a_rule_does_not_bear_the_name_of_a_control_or_a_stratum(node: Any, id: str) -> None:
    with pytest.raises(BadTerm, match="would be read as a mandatory control"):
        node.act(draft, rule(id=id), "", actor=AUTHOR)
    node.act(draft, rule(id=f"R-{id}"), "", actor=AUTHOR)


def test_so_many_rules_are_in_force_and_no_more_but_one_can_replace_another(
    node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.risk.profiles.actions.activate.MOST_ACTIVE", 1)
    brought_in(node, rule())
    with pytest.raises(WrongState, match="retire one first"):
        brought_in(node, rule("item.is_vague", "R-2"))
    brought_in(node, rule("item.packages > 40"), 2)
    node.act(retire, "R-1", 2, "the scheme ended", actor=APPROVER)
    node.act(activate, "R-2", 1, "agreed", actor=APPROVER)


def test_any_set_that_was_ever_in_force_can_be_loaded_again(node: Any) -> None:
    facts = [brought_in(node, rule()), brought_in(node, rule("item.packages > 40"), 2)]
    facts.append(brought_in(node, rule("item.is_vague", "R-2")))
    with node.engine.connect() as connection:
        expressions = []
        for fact in facts:
            name = decode(fact.body, RuleActivated).rules
            found = tables.rules_at(connection, name)
            assert found.version == name
            expressions.append([one.expression for one in found.profiles])
        shipped = profiles.sample()
        assert tables.rules_at(connection, shipped.version).profiles == shipped.profiles
        with pytest.raises(NotFound, match="ever in force"):
            tables.rules_at(connection, "rules-000000000000")
    assert expressions == [
        ["item.packages > 20"],
        ["item.packages > 40"],
        ["item.packages > 40", "item.is_vague"],
    ]


def test_no_rule_is_activated_without_a_back_test_of_its_own_expression(node: Any) -> None:
    node.act(draft, rule(), "seen", actor=AUTHOR)
    with pytest.raises(WrongState, match="needs a back-test"):
        node.act(activate, "R-1", 1, "", actor=APPROVER)
    with pytest.raises(WrongState, match="did not try"):
        node.act(
            record_test, "R-1", 1,
            run([rule("item.packages > 21")], files.conform(history(50))), actor=AUTHOR,
        )  # fmt: skip
    tried(node, rule())
    node.act(activate, "R-1", 1, "", actor=APPROVER)
    with pytest.raises(WrongState, match="only a draft"):
        node.act(activate, "R-1", 1, "", actor=APPROVER)


def test_a_back_test_of_one_version_opens_no_door_to_the_next(node: Any) -> None:
    brought_in(node, rule())
    node.act(draft, rule("item.packages > 40"), "more", actor=AUTHOR)
    with pytest.raises(WrongState, match="needs a back-test"):
        node.act(activate, "R-1", 2, "", actor=APPROVER)


def test_whoever_drafted_a_rule_cannot_approve_it(node: Any) -> None:
    policy = CedarPolicy.load()

    def under_policy(action: Callable[..., Any], *args: Any, actor: Any) -> Any:
        return node.act(lambda act: action(Act(act.tx, actor, policy), *args), actor=actor)

    under_policy(draft, rule(), "seen", actor=AUTHOR)
    report = run([rule()], files.conform(history(50)))
    under_policy(record_test, "R-1", 1, report, actor=AUTHOR)
    with pytest.raises(Refused, match="drafted this rule yourself"):
        under_policy(activate, "R-1", 1, "", actor=AUTHOR)
    with pytest.raises(Refused):
        under_policy(activate, "R-1", 1, "", actor=officer(Role.CUSTOMS_OFFICER))
    under_policy(activate, "R-1", 1, "", actor=APPROVER)
    with pytest.raises(Refused):
        under_policy(change, "firms", actor=officer(Role.CUSTOMS_OFFICER))


@pytest.mark.parametrize(
    ("changed", "error", "why"),
    [
        ({"id": "no good"}, BadTerm, "id of a rule"),
        ({"owner": ""}, RuleViolation, "owner"),
        ({"text": ""}, RuleViolation, "text"),
        ({"expression": "item.nothing > 1"}, RuleViolation, "cannot be used"),
        ({"expression": "item.packages"}, RuleViolation, "true or false"),
    ],
)
def test_a_draft_that_could_not_live_is_refused(
    node: Any, changed: dict[str, Any], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        node.act(draft, replace(rule(), **changed), "", actor=AUTHOR)


def test_bounds_of_rules_are_kept_and_sound(node: Any) -> None:
    node.act(draft, rule(), "", Bounds(3, 8, 18), actor=AUTHOR)
    tried(node, rule())
    node.act(activate, "R-1", 1, "", actor=APPROVER)
    with node.engine.connect() as connection:
        assert tables.bounds_in_force(connection) == {"R-1": Bounds(3, 8, 18)}
    with pytest.raises(RuleViolation, match="no bounds"):
        node.act(draft, rule(mandatory=True), "", Bounds(3), actor=AUTHOR)
    for wrong in ((-1, 0, 24), (1, 9, 9), (1, 0, 25)):
        with pytest.raises(BadTerm):
            Bounds(*wrong)


FIRMS = WatchList(
    "firms", Subject.PARTY, "risk analysis", "phoenix firms", "registry", Period(BEGIN)
)


def test_a_declaration_is_looked_up_in_all_lists_at_once(node: Any) -> None:
    words = replace(FIRMS, name="words", subject=Subject.TEXT)
    later = replace(FIRMS, name="later", period=Period(NOON + timedelta(days=1)))
    for one in (FIRMS, words, later):
        node.act(keep, one, actor=AUTHOR)
    importer = goods().importer
    node.act(lambda act: change(act, "firms", add=[importer, "GH999999"]), actor=AUTHOR)
    node.act(lambda act: change(act, "later", add=[importer]), actor=AUTHOR)
    node.act(lambda act: change(act, "words", add=["fresh SALMON"]), actor=AUTHOR)
    items = [goods(item=1, description="Whole fresh salmon, gutted"), goods(item=2)]
    with node.engine.connect() as connection:
        found = lists.look_up(connection, items, NOON)
        assert (found.parties, found.goods) == (("firms",), {1: ("words",)})
    node.act(lambda act: change(act, "firms", remove=[importer]), actor=AUTHOR)
    assert node.act(lambda act: change(act, "firms", remove=[importer]), actor=AUTHOR) is None
    with node.engine.connect() as connection:
        assert lists.look_up(connection, items, NOON).parties == ()
        (kept, *_) = lists.list_lists(connection)
        assert (kept.list.name, kept.entries) == ("firms", 1)


def test_a_list_that_a_rule_in_force_reads_changes_with_a_reason_and_notice(node: Any) -> None:
    node.act(keep, FIRMS, actor=AUTHOR)
    node.act(lambda act: change(act, "firms", add=["A"]), actor=AUTHOR)  # no rule reads it yet
    brought_in(node, rule('"firms" in declaration.watch'))
    brought_in(node, rule('"others" in declaration.watch', "R-2"))
    for wrong in ("", "   "):
        for what in ({"add": ["B"]}, {"remove": ["A"]}):
            with pytest.raises(RuleViolation, match="R-1 in force asks for") as refused:
                node.act(
                    lambda act, what=what, wrong=wrong: change(act, "firms", **what, reason=wrong),
                    actor=APPROVER,
                )
            assert refused.value.fields["field"] == "reason"
    told = node.act(lambda act: change(act, "firms", remove=["A"], reason="paid"), actor=APPROVER)
    with node.engine.connect() as connection:
        last, first = lists.list_changes(connection, "firms")
    assert (last.seq, last.actor, last.rules) == (told.seq, APPROVER.reference, ("R-1",))
    assert (last.removed, last.reason) == (("party:A",), "paid")
    assert (first.added, first.rules) == (("party:A",), ())


def test_entries_that_are_none_are_refused(node: Any) -> None:
    node.act(keep, replace(FIRMS, name="codes", subject=Subject.HS), actor=AUTHOR)
    for wrong in ("03a2", "1", "", "12345678901"):
        with pytest.raises(BadTerm):
            node.act(lambda act, value=wrong: change(act, "codes", add=[value]), actor=AUTHOR)
    with pytest.raises(TooLarge):
        node.act(lambda act: change(act, "codes", add=["03"] * 10_001), actor=AUTHOR)
    with pytest.raises(NotFound):
        node.act(lambda act: change(act, "nothing", add=["03"]), actor=AUTHOR)
    with pytest.raises(WrongState, match="about hs"):
        node.act(keep, replace(FIRMS, name="codes"), actor=AUTHOR)
    with pytest.raises(BadTerm):
        replace(FIRMS, name="Not a name")
    with pytest.raises(RuleViolation, match="source"):
        node.act(keep, replace(FIRMS, source=""), actor=AUTHOR)


def test_the_tables_are_those_that_the_facts_make_anew(store: Callable[..., Any]) -> None:
    told: list[Fact] = []

    def note(connection: Connection, fact: Fact) -> None:
        told.append(fact)

    node = store({type: (*known, note) for type, known in PROJECTIONS.items()})
    node.now = NOON
    brought_in(node, rule())
    brought_in(node, rule("item.packages > 40"), 2)
    node.act(draft, rule(id="R-2"), "", actor=AUTHOR)
    node.act(retire, "R-2", 1, "given up", actor=AUTHOR)
    node.act(keep, FIRMS, actor=AUTHOR)
    node.act(lambda act: change(act, "firms", add=["A", "B"]), actor=AUTHOR)
    node.act(lambda act: change(act, "firms", remove=["A"]), actor=AUTHOR)
    every = [*tables.TABLES, *lists.TABLES]
    with node.engine.begin() as connection:
        before = [connection.execute(select(table)).all() for table in every]
        for table in every:
            connection.execute(table.delete())
        for fact in told:
            for project in PROJECTIONS[fact.type]:
                project(connection, fact)
        assert [connection.execute(select(table)).all() for table in every] == before
    assert all(before)
    assert len(told) == 11
