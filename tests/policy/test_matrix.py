"""Every role against every action, beside a table that was written apart from the policies.

`.` no, `Y` yes, `A` yes for the own agency, `P` yes for a party represented, `D` yes for itself,
`C` and `T` yes for what is for a carrier or a terminal, `R`, `K`, `L` yes for a party represented
and for its part in the trade: trader, carrier, terminal.
"""

from __future__ import annotations

import pytest

from clearway.identity.model import Actor, ActorKind, Role
from clearway.policy.cedar import CedarPolicy

COLUMNS = {
    "CU": Role.CUSTOMS_OFFICER,
    "RA": Role.RISK_ANALYST,
    "PH": Role.PLANT_HEALTH_INSPECTOR,
    "FI": Role.FOOD_INSPECTOR,
    "VI": Role.VETERINARY_INSPECTOR,
    "PO": Role.PORT_HEALTH_INSPECTOR,
    "CE": Role.CERTIFYING_OFFICER,
    "TR": Role.TRADER,
    "BR": Role.BROKER,
    "CA": Role.CARRIER,
    "TE": Role.TERMINAL,
    "DE": Role.DEVICE,
    "AU": Role.AUDITOR,
    "AD": Role.ADMINISTRATOR,
    "WO": Role.WORKER,
}

ORACLE = """
action                         CU RA PH FI VI PO CE TR BR CA TE DE AU AD WO
declaration.lodge              .  .  .  .  .  .  .  P  P  .  .  .  .  .  Y
declaration.correct            A  .  .  .  .  .  .  P  P  .  .  .  .  .  .
declaration.invalidate         A  .  .  .  .  .  .  P  P  .  .  .  .  .  .
declaration.request_documents  A  .  A  A  A  A  .  .  .  .  .  .  .  .  .
declaration.order_control      A  .  .  .  .  .  .  .  .  .  .  .  .  .  .
declaration.release            A  .  .  .  .  .  .  .  .  .  .  .  .  .  .
declaration.clear              A  .  .  .  .  .  .  .  .  .  .  .  .  .  .
declaration.read               Y  Y  Y  Y  Y  Y  .  P  P  .  .  .  Y  .  Y
certificate.receive            Y  .  A  A  A  A  A  .  .  .  .  .  .  .  Y
certificate.withdraw           .  .  .  .  .  .  A  .  .  .  .  .  .  .  Y
certificate.use                Y  .  .  .  .  .  .  Y  Y  .  .  .  .  .  Y
certificate.read               Y  Y  Y  Y  Y  Y  Y  P  P  .  .  .  Y  .  Y
certificate.manage_quantity    Y  .  .  .  .  .  .  .  .  .  .  .  .  .  Y
certificate.apply              .  .  .  .  .  .  A  P  P  .  .  .  .  .  .
certificate.inspect            .  .  A  A  A  A  A  .  .  .  .  .  .  .  .
certificate.approve            .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
certificate.issue              .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
certificate.end                .  .  .  .  .  .  A  .  .  .  .  .  .  .  .
certificate.exchange           .  .  .  .  .  .  A  .  .  .  .  .  .  .  Y
certificate.notify             .  .  A  A  A  A  A  .  .  .  .  .  .  .  .
application.read               Y  .  A  A  A  A  A  P  P  .  .  .  Y  .  Y
movement.record                Y  .  .  .  .  .  .  .  .  Y  Y  D  .  .  Y
movement.read                  Y  Y  Y  Y  Y  Y  .  P  P  Y  Y  .  Y  .  Y
coldchain.start_journey        Y  .  .  .  .  .  .  P  P  Y  Y  .  .  .  Y
coldchain.record_readings      .  .  .  .  .  .  .  .  .  Y  .  D  .  .  Y
coldchain.acknowledge_alarm    Y  .  Y  Y  Y  Y  .  P  P  Y  Y  .  .  .  .
coldchain.read                 Y  .  Y  Y  Y  Y  .  P  P  Y  Y  .  Y  .  Y
movement.authorise             Y  .  .  .  .  .  .  .  .  .  .  .  .  .  .
movement.acknowledge_alarm     Y  .  Y  Y  Y  Y  .  P  P  Y  Y  .  .  .  .
task.read                      Y  .  Y  Y  Y  Y  .  P  P  C  T  .  Y  .  Y
task.take                      A  .  A  A  A  A  .  P  P  C  T  .  .  .  .
task.watch                     .  .  .  .  .  .  .  .  .  .  .  .  .  .  Y
notice.manage                  A  .  A  A  A  A  .  R  R  K  L  .  .  A  .
notice.send                    .  .  .  .  .  .  .  .  .  .  .  .  .  .  Y
risk.assess                    Y  Y  .  .  .  .  .  Y  Y  .  .  .  .  .  Y
risk.train                     .  Y  .  .  .  .  .  .  .  .  .  .  .  .  Y
risk.activate_model            .  Y  .  .  .  .  .  .  .  .  .  .  .  .  .
risk.draft_rule                .  Y  .  .  .  .  .  .  .  .  .  .  .  .  .
risk.activate_rule             .  Y  .  .  .  .  .  .  .  .  .  .  .  .  .
risk.retire_rule               .  Y  .  .  .  .  .  .  .  .  .  .  .  .  .
risk.keep_list                 .  Y  .  .  .  .  .  .  .  .  .  .  .  .  .
risk.read                      Y  Y  .  .  .  .  .  .  .  .  .  .  Y  .  Y
clearance.receive              Y  .  .  .  .  .  .  P  P  .  .  .  .  .  Y
clearance.examine              A  .  A  A  A  A  .  .  .  .  .  .  .  .  .
clearance.release              A  .  .  .  .  .  .  .  .  .  .  .  .  .  .
clearance.explain_delay        A  .  A  A  A  A  .  .  .  .  .  .  .  .  Y
clearance.stop                 A  .  .  .  .  .  .  .  .  .  .  .  .  .  .
clearance.reroute              .  .  .  .  .  .  .  .  .  .  .  .  .  .  Y
risk.share                     .  Y  .  .  .  .  .  .  .  .  .  .  .  .  Y
risk.confirm_kin               .  Y  .  .  .  .  .  .  .  .  .  .  .  .  .
clearance.read                 Y  Y  Y  Y  Y  Y  .  P  P  .  Y  .  Y  .  Y
insight.read                   Y  Y  Y  Y  Y  Y  .  .  .  .  .  .  Y  Y  Y
ledger.read                    Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  .  Y  Y  Y
ledger.erase                  .  .  .  .  .  .  .  .  .  .  .  .  .  Y  .
identity.manage                .  .  .  .  .  .  .  .  .  .  .  .  .  Y  .
identity.renew_device          .  .  .  .  .  .  .  .  .  .  .  D  .  Y  .
agency.manage                  .  .  .  .  .  .  .  .  .  .  .  .  .  Y  .
agency.vote                    .  .  .  .  .  .  .  .  .  .  .  .  .  Y  .
certificate.trust              .  .  .  .  .  .  .  .  .  .  .  .  .  Y  .
agency.report                  .  .  .  .  .  .  .  .  .  .  .  .  .  .  Y
identity.read                  .  .  .  .  .  .  .  .  .  .  .  .  Y  Y  .
"""

POLICY = CedarPolicy.load()

# What is stated of the thing, and for which letters of the table that means yes.
QUESTIONS = [
    ({}, "YA"),
    ({"agency": "mine"}, "YA"),
    ({"agency": "another"}, "Y"),
    ({"party": "KEOTHER"}, "YA"),
    ({"party": "KEMINE"}, "YAP"),
    ({"device": "another"}, "YA"),
    ({"device": "someone"}, "YAD"),
    ({"audience": "carrier"}, "YAC"),
    ({"audience": "terminal"}, "YAT"),
    ({"party": "KEMINE", "audience": "trader"}, "YAPR"),
    ({"party": "KEMINE", "audience": "carrier"}, "YAPCK"),
    ({"party": "KEMINE", "audience": "terminal"}, "YAPTL"),
    ({"party": "KEMINE", "audience": "officer"}, "YAP"),
    ({"party": "KEOTHER", "audience": "trader"}, "YA"),
]


def rows() -> list[tuple[str, Role, str]]:
    lines = ORACLE.strip().splitlines()
    heads = lines[0].split()[1:]
    return [
        (action, COLUMNS[head], letter)
        for action, *letters in (line.split() for line in lines[1:])
        for head, letter in zip(heads, letters, strict=True)
    ]


def someone(role: Role) -> Actor:
    kinds = {
        Role.TRADER: ActorKind.TRADER,
        Role.BROKER: ActorKind.TRADER,
        Role.CARRIER: ActorKind.TRADER,
        Role.TERMINAL: ActorKind.TRADER,
        Role.DEVICE: ActorKind.DEVICE,
        Role.WORKER: ActorKind.SYSTEM,
    }
    firms = (Role.TRADER, Role.BROKER, Role.CARRIER, Role.TERMINAL)
    represents = frozenset({"KEMINE"}) if role in firms else frozenset[str]()
    return Actor(
        kinds.get(role, ActorKind.OFFICER),
        "someone",
        "mine",
        frozenset({role}),
        "KEMINE" if represents else None,
        represents,
    )


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role) -> None:
    for action, column, letter in rows():
        if column is not role:
            continue
        for stated, yes_for in QUESTIONS:
            answer = POLICY.ask(someone(role), action, stated)
            assert answer.allowed is (letter in yes_for), (action, role, stated, answer)
            assert answer.reason


def test_the_table_knows_every_action_and_every_role() -> None:
    assert {action for action, _, _ in rows()} == set(POLICY.book.actions)
    assert set(COLUMNS.values()) == set(Role)


def test_an_actor_without_a_role_may_do_nothing() -> None:
    nobody = Actor(ActorKind.OFFICER, "nobody", "customs", frozenset())
    for action in POLICY.book.actions:
        answer = POLICY.ask(nobody, action, {"party": "KE1", "device": "nobody"})
        assert not answer.allowed
        assert "is for:" in answer.reason


def test_no_role_that_reads_only_also_changes_something() -> None:
    for action in POLICY.book.actions:
        if not action.endswith(".read"):
            assert "auditor" not in POLICY.book.roles(action)
