"""Use a certificate for the goods of a declaration: hold a quantity, consume it, give it back."""

from __future__ import annotations

from clearway.certificates import facts, quantity, tables
from clearway.certificates.model import Key
from clearway.certificates.quantity import Balance, UseKind
from clearway.certificates.record import Record
from clearway.certificates.uses.standing import require_usable
from clearway.errors import RuleViolation
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn
from clearway.terms.quantity import Quantity


def use(
    act: Act,
    key: Key,
    line: int,
    mrn: Mrn,
    item: int,
    kind: UseKind,
    amount: Quantity | None = None,
) -> Balance:
    """Reserve, consume or return a quantity of one line, and return the line's account after it.

    Args:
        key: which certificate.
        line: number of its line.
        mrn, item: for which goods.
        kind: a second reservation replaces the first; a consumption takes its place for good.
        amount: above zero; None: what the item holds already.

    Raises:
        NotFound: no such certificate is on file.
        RuleViolation: not enough is left (05), no such line (07), the unit measures something else
            (10), or the certificate has severe findings (04); `fields["refusal"]` is the code.
        WrongState: the certificate is not in force (04), or the item has used it (02, 03, 06).
        Refused: policy says no.
    """
    act.require("certificate.use", certificate=key.subject, mrn=mrn)
    record = tables.get(act.connection, key)
    if kind is not UseKind.RETURN:
        require_usable(act.connection, record)
    before = _balance(record, line)
    wanted = amount if kind is not UseKind.RETURN and amount else before.held(mrn, item)
    after = quantity.apply(before, kind, mrn, item, wanted)
    if after != before:
        used = facts.Used(key.subject, line, mrn, item, wanted, kind)
        act.append(used, subject=key.subject)
    return after


def _balance(record: Record, line: int) -> Balance:
    balance = record.balance(line)
    if balance is None:
        number = record.certificate.number
        raise RuleViolation(
            f"The certificate {number} has no line {line}; name one of its lines", refusal="07"
        )
    return balance
