"""Put entries on a watch list, and take others off.

A tip must work within minutes, so one person does it; but where rules in force ask for the list, it
takes a reason, and the fact names the rules: those who answer for them see who changed what and why
(`tables.list_changes`).
"""

from __future__ import annotations

from collections.abc import Sequence

from clearway.errors import RuleViolation, TooLarge
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.lists import tables
from clearway.risk.lists.facts import ListChanged
from clearway.risk.lists.model import MOST_AT_ONCE, key_of, named_in
from clearway.risk.profiles import tables as profiles


def change(
    act: Act, name: str, *, add: Sequence[str] = (), remove: Sequence[str] = (), reason: str = ""
) -> Fact | None:
    """Record entries; None: nothing would change.

    Args:
        add, remove: as people write them; what is on the list already, or not on it, is left out.

    Raises:
        Refused: policy says no. NotFound: there is no such list.
        TooLarge: more than `MOST_AT_ONCE` at once; send the rest in further changes.
        BadTerm: an entry is none of what the list is about.
        RuleViolation: no reason is given, and a rule in force asks for the list.
    """
    act.require("risk.keep_list", subject=name)
    if len(add) + len(remove) > MOST_AT_ONCE:
        raise TooLarge(
            f"{len(add) + len(remove)} entries at once; at most {MOST_AT_ONCE}, then the next ones"
        )
    subject = tables.get(act.connection, name).subject
    added = dict.fromkeys(key_of(subject, value) for value in add)
    removed = dict.fromkeys(key_of(subject, value) for value in remove)
    present = tables.on_list(act.connection, name, [*added, *removed])
    active = profiles.active(act.connection)
    rules = tuple(one.id for one in active if name in named_in([one.expression]))
    stated = ListChanged(
        name,
        tuple(key for key in added if key not in present and key not in removed),
        tuple(key for key in removed if key in present),
        reason.strip(),
        rules,
    )
    if not stated.added and not stated.removed:
        return None
    if rules and not stated.reason:
        raise RuleViolation(
            f"reason is empty, and {', '.join(rules[:3])} in force asks for the watch list {name};"
            " say why its entries change: whoever answers for the rule reads it",
            field="reason",
        )
    return act.append(stated, subject=f"list:{name}")
