"""Green, amber or red: what an officer may rely on when a seal is read, with every reason.

    green   all of it is proved, and nothing speaks against it
    amber   it cannot be known here: a list is missing or out of date, a key is unknown
    red     something is proved to be wrong: altered, withdrawn, expired, signed by somebody else

Each question has one answer with a colour, and the verdict is the worst of them. An answer is green
only where its proof is at hand; nothing is green by default, so what lacks never helps a forger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from clearway.certificates.claims import Claims
from clearway.certificates.model import Certificate, Status, describe_status
from clearway.certificates.status import State, StatusList
from clearway.certificates.trust.model import CLOCK_SKEW, Found, Trusted, Why
from clearway.terms.reason import Reason


class Colour(StrEnum):
    """The sum of a verdict."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


_WORSE: Final = {Colour.GREEN: 0, Colour.AMBER: 1, Colour.RED: 2}


@dataclass(frozen=True, slots=True)
class Answer:
    """One question answered.

    Args:
        colour: what it means for the whole.
        reason: code `SEAL_G..`, `SEAL_A..` or `SEAL_R..`, and a sentence.
    """

    colour: Colour
    reason: Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be relied on.

    Args:
        colour: the worst of the answers.
        answers: to every question, in the order of asking.
        certified: what the seal states, if its signature holds under a trusted key; else None.
            Whoever shows anything else of a seal must say that it is not proved.
    """

    colour: Colour
    answers: tuple[Answer, ...]
    certified: Claims | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The sentences, the gravest first."""
        return tuple(
            answer.reason
            for answer in sorted(self.answers, key=lambda answer: -_WORSE[answer.colour])
        )


class Signature(StrEnum):
    """What came of checking a signature."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_CHECKED = "not_checked"  # the key is not at hand


@dataclass(frozen=True, slots=True)
class Credential:
    """What a credential that came beside the seal commits to.

    Args:
        content_digest: 32 bytes.
        signature: under a key that is trusted for it.
    """

    content_digest: bytes
    signature: Signature


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is at hand about one seal.

    Args:
        claims: what the seal states; as signed, if `signature` holds.
        signature: of the seal, under the key of `signer`.
        signer: what the trust list says of the key; None: there is no trust list.
        at: when it is judged, aware UTC.
        status_list: that the seal names; None: it is not at hand.
        status_signer: what the trust list says of the key of that list, for this kind.
        usable: statuses under which goods may enter, from the profile of the kind.
        document: the document that came with the seal; None: none came.
        document_signature: what its own signature proves; where that cannot be checked, nothing is
            lost, since the seal proves the content.
        credential: the credential that came with it; None: none came.
    """

    claims: Claims
    signature: Signature
    signer: Found | None
    at: datetime
    status_list: StatusList | None = None
    status_signer: Found | None = None
    usable: tuple[str, ...] = (Status.ISSUED,)
    document: Certificate | None = None
    document_signature: Signature = Signature.NOT_CHECKED
    credential: Credential | None = None


_Said: TypeAlias = tuple[str, str] | tuple[str, str, str]


def judge(evidence: Evidence) -> Verdict:
    """Return the verdict on a seal whose form is known."""
    answers = tuple(_answer(*said) for said in _asked(evidence))
    is_signed = evidence.signature is Signature.HOLDS and isinstance(evidence.signer, Trusted)
    return Verdict(_worst(answers), answers, evidence.claims if is_signed else None)


def unreadable(why: str) -> Verdict:
    """Return the verdict on what is no seal, or a broken one."""
    return Verdict(
        Colour.RED, (_answer("SEAL_R01", "This is not a seal that can be read.", why),), None
    )


def _asked(evidence: Evidence) -> Iterator[_Said]:
    yield _of_key(evidence.signer)
    yield _of_signature(evidence.signature)
    yield _of_dates(evidence)
    yield _of_status_at_issue(evidence)
    yield _of_status_now(evidence)
    if evidence.document is not None:
        yield _of_document(evidence.claims, evidence.document)
        if evidence.document_signature is Signature.HOLDS:
            yield "SEAL_G08", "The document's own signature holds."
        elif evidence.document_signature is Signature.FAILS:
            yield "SEAL_R17", "The document's own signature does not hold."
    if evidence.credential is not None:
        yield _of_credential(evidence.claims, evidence.credential)


def _of_key(signer: Found | None) -> _Said:
    if signer is None:
        return "SEAL_A01", "No trust list is at hand: nobody here knows whose keys count."
    if isinstance(signer, Trusted):
        return "SEAL_G01", "The key is that of the issuing authority.", signer.key.authority
    code, text = _UNTRUSTED[signer.reason]
    return code, text, "" if signer.key is None else signer.key.authority


_UNTRUSTED: Final = {
    Why.UNKNOWN: ("SEAL_A02", "The key that sealed it is on no trust list at hand."),
    Why.LIST_OUT_OF_DATE: ("SEAL_A03", "The trust list is out of date; get its next version."),
    Why.SIGNED_IN_THE_FUTURE: (
        "SEAL_A04",
        "It is dated later than now: set the clock of this device, or ask the authority.",
    ),
    Why.WRONG_USAGE: ("SEAL_R02", "The key that sealed it is not one for seals."),
    Why.WRONG_COUNTRY: ("SEAL_R03", "It is sealed with the key of another country's authority."),
    Why.WRONG_KIND: ("SEAL_R04", "The authority of the key does not issue this kind."),
    Why.REVOKED: ("SEAL_R05", "The key that sealed it was revoked: it proves nothing any more."),
    Why.NOT_YET_VALID: ("SEAL_R06", "It is dated before the key that sealed it was valid."),
    Why.EXPIRED: ("SEAL_R07", "It is dated after the key that sealed it had expired."),
}


def _of_signature(signature: Signature) -> _Said:
    if signature is Signature.HOLDS:
        return "SEAL_G02", "The signature holds: the seal is as the authority made it."
    if signature is Signature.FAILS:
        return "SEAL_R08", "The signature does not hold: the seal is forged or was altered."
    return "SEAL_A05", "The signature could not be checked: its key is not at hand."


def _of_dates(evidence: Evidence) -> _Said:
    claims, today = evidence.claims, evidence.at.date()
    if claims.valid_until is not None and claims.valid_until < today:
        return "SEAL_R09", "The certificate has expired.", claims.valid_until.isoformat()
    if claims.issued > (evidence.at + CLOCK_SKEW).date():
        code, text = _UNTRUSTED[Why.SIGNED_IN_THE_FUTURE]
        return code, text, claims.issued.isoformat()
    return "SEAL_G03", "It is issued, and not expired.", claims.issued.isoformat()


def _of_status_at_issue(evidence: Evidence) -> _Said:
    status = evidence.claims.status
    if status in evidence.usable:
        return (
            "SEAL_G04",
            "It was issued with a status that lets goods in.",
            describe_status(status),
        )
    return "SEAL_R10", "It was sealed in a status that lets no goods in.", describe_status(status)


def _of_status_now(evidence: Evidence) -> _Said:
    claims, known = evidence.claims, evidence.status_list
    if claims.place is None:
        return "SEAL_A06", "The seal names no status list: ask the authority whether it stands."
    named = f"{claims.issuing_country} {claims.place.list_id}"
    if known is None or (known.country, known.list_id) != (
        claims.issuing_country,
        claims.place.list_id,
    ):
        return "SEAL_A07", "The status list is not at hand: it may be withdrawn.", named
    if not isinstance(evidence.status_signer, Trusted):
        return "SEAL_A08", "The status list is not signed by a key that counts.", named
    return _of_entry(known, known.state(claims.place.index), evidence.at)


def _of_entry(known: StatusList, state: State | None, at: datetime) -> _Said:
    """Judge an entry. A withdrawal is final, so even an old list proves it."""
    as_of = f"list of {known.issued_at:%Y-%m-%d %H:%M} UTC"
    if state is State.WITHDRAWN:
        return "SEAL_R11", "The authority withdrew the certificate.", as_of
    if state is State.REPLACED:
        return "SEAL_R12", "The authority replaced the certificate by another.", as_of
    if state is State.SUSPENDED:
        return "SEAL_A09", "The authority suspended the certificate: ask it.", as_of
    if state is None:
        return "SEAL_A10", "The status list has no such entry.", as_of
    if not known.issued_at <= at + CLOCK_SKEW or at >= known.next_update:
        return "SEAL_A11", "The status list is out of date: it may be withdrawn since.", as_of
    return "SEAL_G05", "It is neither withdrawn nor replaced.", as_of


def _of_document(claims: Claims, document: Certificate) -> _Said:
    if document.content_digest != claims.content_digest.hex():
        return "SEAL_R13", "The document is not the one that was sealed: its content differs."
    if document.key != claims.key:
        return "SEAL_R14", "The document and its seal name different certificates."
    return "SEAL_G06", "The document is the one that was sealed.", document.number


def _of_credential(claims: Claims, credential: Credential) -> _Said:
    if credential.content_digest != claims.content_digest:
        return "SEAL_R15", "The credential is about another content than the seal."
    if credential.signature is Signature.FAILS:
        return "SEAL_R16", "The signature of the credential does not hold."
    if credential.signature is Signature.NOT_CHECKED:
        return "SEAL_A12", "The signature of the credential could not be checked."
    return "SEAL_G07", "The credential says the same."


def _answer(code: str, text: str, value: str = "") -> Answer:
    colours = {"G": Colour.GREEN, "A": Colour.AMBER, "R": Colour.RED}
    return Answer(colours[code[5]], Reason(code, text, value))


def _worst(answers: tuple[Answer, ...]) -> Colour:
    return max((answer.colour for answer in answers), key=_WORSE.__getitem__)
