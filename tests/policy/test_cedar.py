"""What policy answers, and why."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import Refused, RuleViolation
from clearway.identity.model import Actor, ActorKind, Role
from clearway.policy.book import packaged, read_book
from clearway.policy.cedar import NAMING, CedarPolicy
from clearway.policy.table import action_table

POLICY = CedarPolicy.load()
AMINA = Actor(ActorKind.OFFICER, "amina", "customs", frozenset({Role.CUSTOMS_OFFICER}))
ACME = Actor(
    ActorKind.TRADER,
    "acme",
    "customs",
    frozenset({Role.TRADER}),
    "KE001",
    frozenset({"KE001", "KE002"}),
)
DECISIONS = ["declaration.order_control", "declaration.release", "declaration.clear"]


def test_a_yes_says_why() -> None:
    allowed = POLICY.require(AMINA, "declaration.release", {"agency": "customs"})
    assert allowed.reason == "Allowed, because customs officers decide on declarations."


def test_a_no_says_which_role_is_missing_and_who_has_it() -> None:
    with pytest.raises(Refused, match=r"is for: customs officer\. You act as: trader") as caught:
        POLICY.require(ACME, "declaration.release", {"party": "KE009"})
    assert caught.value.fields["action"] == "declaration.release"


@pytest.mark.parametrize("action", [*DECISIONS, "clearance.examine", "clearance.release"])
def test_who_lodged_a_declaration_does_not_decide_on_it(action: str) -> None:
    answer = POLICY.ask(AMINA, action, {"lodged_by": "officer:amina", "agency": "customs"})
    assert (answer.allowed, answer.policies) == (False, ("four-eyes-lodged",))
    assert "another officer must decide" in answer.reason
    assert POLICY.ask(AMINA, action, {"lodged_by": "officer:bakari"}).allowed


def test_who_corrected_a_declaration_does_not_release_it() -> None:
    mine = {"corrected_by": AMINA.reference}
    assert POLICY.ask(AMINA, "declaration.release", mine).policies == ("four-eyes-corrected",)
    assert POLICY.ask(AMINA, "declaration.order_control", mine).allowed


def test_who_trained_a_model_does_not_bring_it_into_use() -> None:
    analyst = replace(AMINA, roles=frozenset({Role.RISK_ANALYST}))
    assert POLICY.ask(analyst, "risk.activate_model", {"trained_by": "officer:b"}).allowed
    refused = POLICY.ask(analyst, "risk.activate_model", {"trained_by": "officer:amina"})
    assert refused.policies == ("four-eyes-model",)


def test_who_has_a_stake_in_the_goods_does_not_decide_on_them() -> None:
    both = replace(AMINA, represents=frozenset({"KE001"}))
    assert POLICY.ask(both, "declaration.release", {"party": "KE001"}).policies == ("own-goods",)
    assert POLICY.ask(both, "declaration.release", {"party": "KE002"}).allowed


def test_a_trader_needs_a_mandate_to_lodge_for_an_importer() -> None:
    assert POLICY.ask(ACME, "declaration.lodge", {"party": "KE002"}).allowed
    refused = POLICY.ask(ACME, "declaration.lodge", {"party": "KE003"})
    assert not refused.allowed
    assert refused.reason.startswith("You do not represent KE003")


def test_a_withdrawn_mandate_is_another_answer_at_once() -> None:
    assert POLICY.ask(ACME, "declaration.lodge", {"party": "KE002"}).allowed
    alone = replace(ACME, represents=frozenset({"KE001"}))
    assert not POLICY.ask(alone, "declaration.lodge", {"party": "KE002"}).allowed


def test_a_party_gives_its_own_mandates_and_nobody_elses() -> None:
    mine = {"what": "mandate", "party": "KE001"}
    assert POLICY.ask(ACME, "identity.manage", mine).allowed
    assert not POLICY.ask(ACME, "identity.manage", mine | {"party": "KE002"}).allowed
    assert not POLICY.ask(ACME, "identity.manage", mine | {"what": "account"}).allowed


def test_a_device_records_for_itself_only() -> None:
    logger = Actor(ActorKind.DEVICE, "CL-100", "customs", frozenset({Role.DEVICE}))
    assert POLICY.ask(logger, "coldchain.record_readings", {"device": "CL-100"}).allowed
    assert not POLICY.ask(logger, "coldchain.record_readings", {"device": "CL-101"}).allowed
    assert not POLICY.ask(logger, "coldchain.record_readings", {}).allowed


@pytest.mark.parametrize("extra", [Role.ADMINISTRATOR, Role.AUDITOR, Role.DEVICE, Role.WORKER])
def test_a_role_that_must_not_decide_takes_the_decision_from_an_officer_too(extra: Role) -> None:
    both = replace(AMINA, roles=AMINA.roles | {extra})
    for action in ["declaration.release", "declaration.clear", "clearance.release"]:
        assert not POLICY.ask(both, action, {"agency": "customs"}).allowed


def test_an_unknown_action_or_attribute_is_refused_not_passed_over() -> None:
    assert "No policy knows the action" in POLICY.ask(AMINA, "declaration.burn", {}).reason
    answer = POLICY.ask(AMINA, "declaration.release", {"lodgedby": "officer:amina"})
    assert "No policy knows the attribute 'lodgedby'" in answer.reason
    assert not answer.allowed


def test_naming_a_thing_changes_no_answer() -> None:
    stated = dict.fromkeys(NAMING, "x")
    assert POLICY.ask(AMINA, "declaration.read", stated).allowed


@given(st.text(), st.text(), st.text())
def test_hostile_names_and_values_never_turn_a_no_into_a_yes(name: str, id: str, on: str) -> None:
    stranger = Actor(ActorKind.TRADER, id, name, frozenset({Role.TRADER}), None, frozenset({on}))
    resource = {"party": name + "!", "lodged_by": id, "agency": on, "device": id}
    allowed = POLICY.ask(stranger, "declaration.lodge", resource).allowed
    assert allowed is (on == name + "!")
    assert not POLICY.ask(stranger, "declaration.release", resource).allowed


@given(st.sampled_from(POLICY.book.actions), st.sampled_from(sorted(Role)), st.booleans())
def test_a_remembered_answer_is_the_answer(action: str, role: Role, own: bool) -> None:
    actor = replace(ACME, roles=frozenset({role}))
    stated = {"party": "KE001" if own else "KE009"}
    assert POLICY.ask(actor, action, stated) == CedarPolicy(POLICY.book).ask(actor, action, stated)


def test_every_action_that_the_house_asks_for_is_known() -> None:
    package = Path(__file__).resolve().parents[2] / "clearway"
    asked = {
        match
        for file in package.rglob("*.py")
        for match in re.findall(
            r'\.(?:require|ask)\(\s*"([a-z]+\.[a-z_]+)"', file.read_text("utf-8")
        )
    }
    assert asked <= set(POLICY.book.actions), "add it to clearway.cedarschema and to a policy"


def test_the_table_in_the_readme_is_that_of_the_policies() -> None:
    readme = Path(__file__).resolve().parents[2] / "clearway" / "policy" / "README.md"
    assert action_table(POLICY.book) in readme.read_text("utf-8")


def folder(tmp_path: Path, policies: str) -> Traversable:
    schema = (packaged() / "clearway.cedarschema").read_text(encoding="utf-8")
    (tmp_path / "clearway.cedarschema").write_text(schema, encoding="utf-8")
    (tmp_path / "own.cedar").write_text(policies, encoding="utf-8")
    return tmp_path


GOOD = (
    '@id("a") @reason("r")'
    ' permit (principal in Role::"auditor", action == Action::"risk.read", resource);'
)


@pytest.mark.parametrize(
    "policies, complaint",
    [
        ("permit (principal", "cannot be read"),
        (GOOD.replace("risk.read", "risk.reed"), "break their schema"),
        (GOOD.replace(";", ' when { resource.colour == "red" };'), "break their schema"),
        (GOOD.replace('@id("a")', ""), "lacks @id"),
        (GOOD.replace('@reason("r")', ""), "lacks @id or @reason"),
        (GOOD + GOOD, "is also in"),
        (GOOD.replace('principal in Role::"auditor"', "principal"), "must name one role"),
        (GOOD.replace('action == Action::"risk.read"', "action"), "must name one role"),
        (GOOD.replace(";", ' when { principal.agency == "customs" };'), "needs @needs"),
    ],
)
def test_policies_with_a_slip_do_not_load(tmp_path: Path, policies: str, complaint: str) -> None:
    with pytest.raises(RuleViolation, match=complaint):
        read_book(folder(tmp_path, policies))


def test_no_policies_at_all_allow_nothing(tmp_path: Path) -> None:
    empty = CedarPolicy.load(folder(tmp_path, ""))
    for action in empty.book.actions:
        assert not empty.ask(AMINA, action, {}).allowed


def test_an_operator_may_bring_a_folder_of_its_own(tmp_path: Path) -> None:
    own = CedarPolicy.load(folder(tmp_path, GOOD))
    auditor = replace(AMINA, roles=frozenset({Role.AUDITOR}))
    assert own.ask(auditor, "risk.read", {}).policies == ("a",)
    assert not own.ask(auditor, "ledger.read", {}).allowed
