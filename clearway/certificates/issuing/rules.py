"""Rules of what may be applied for, approved and issued. A docstring is the message people see.

findings = check(request, profile, country)      # before anything is recorded
require_second_person(application, "officer:bea", Step.APPROVE, profile)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from clearway.certificates import rules as received
from clearway.certificates.fields import FIELDS
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.model import Application, Purpose, Request, goods_digest
from clearway.certificates.model import Status, describe_status
from clearway.certificates.parts import noted
from clearway.certificates.profile import Profile
from clearway.certificates.rules import Desk, Found
from clearway.errors import Refused, RuleViolation
from clearway.terms.finding import Area, Finding, Level

# What the authority adds itself: nobody can be asked for it.
OURS: Final = frozenset(
    {
        "number", "issued", "issuer.name", "signatory", "signatory.officer", "signatory.place",
        "signatory.statement",
    }
)  # fmt: skip

_MOST_LINES: Final = 500
_MOST_ATTACHMENTS: Final = 50
_MOST_TEXT: Final = 4_000
_HEAD: Final = "SPSExchangedDocument"
_GOODS: Final = "SPSConsignment"

Check = Callable[[Request, Desk], Found]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule on applications: yields the path and the value of each breach."""

    code: str
    area: Area
    level: Level
    check: Check

    @property
    def text(self) -> str:
        """What the rule says."""
        return " ".join((self.check.__doc__ or "").split())

    def findings(self, request: Request, desk: Desk) -> Iterator[Finding]:
        """Yield one finding for each breach."""
        for path, found in self.check(request, desk):
            message = f"{self.text} Found: {found[:200]}." if found else self.text
            yield Finding(self.code, self.area, self.level, path, message)


RULES: list[Rule] = []


def _rule(code: str, area: Area, level: Level = Level.SEVERE) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        RULES.append(Rule(code, area, level, check))
        return check

    return register


def check(request: Request, desk: Desk) -> tuple[Finding, ...]:
    """Return every breach: of the rules on applications, then of those on every certificate.

    Args:
        desk: `country` is ours; `provenance` is not looked at.
    """
    own = [finding for rule in RULES for finding in rule.findings(request, desk)]
    for code, level in _SHARED.items():
        rule = next(each for each in received.RULES if each.code == code)
        raised = received.Rule(rule.code, rule.area, level, rule.check)
        own += raised.findings(request.content, desk)
    return tuple(own)


# Rules on received certificates that bind us too, stricter where we can still mend it.
_SHARED: Final = {
    "CERT_R10": Level.SEVERE,
    "CERT_R11": Level.SEVERE,
    "CERT_R12": Level.SEVERE,
    "CERT_R13": Level.WARNING,
    "CERT_R15": Level.SEVERE,
}


@_rule("CERT_A01", Area.MANDATORY)
def mandatory_fields_are_stated(request: Request, desk: Desk) -> Found:
    """An application for a certificate of this kind must state this."""
    yield from _missing(request, desk.profile.mandatory)


@_rule("CERT_A02", Area.MANDATORY, Level.WARNING)
def expected_fields_are_stated(request: Request, desk: Desk) -> Found:
    """A certificate of this kind usually states this; the importing country may ask for it."""
    yield from _missing(request, desk.profile.expected)


@_rule("CERT_A03", Area.RULE)
def kind_is_issued_here(request: Request, desk: Desk) -> Found:
    """Certificates of this kind are not issued here."""
    if not desk.profile.issue.prefix or desk.profile.type_code != request.content.type_code:
        yield f"{_HEAD}/TypeCode", request.content.type_code


@_rule("CERT_A04", Area.RULE)
def content_is_a_draft(request: Request, desk: Desk) -> Found:
    """An application is a draft (47): it has no number, no date of issue and no signature yet."""
    content = request.content
    if content.status != Status.DRAFT:
        yield f"{_HEAD}/StatusCode", describe_status(content.status)
    if content.number:
        yield f"{_HEAD}/ID", content.number
    if content.issued is not None:
        yield f"{_HEAD}/IssueDateTime", content.issued.text
    if content.signatories:
        yield f"{_HEAD}/SignatorySPSAuthentication", content.signatories[0].officer


@_rule("CERT_A05", Area.RULE)
def goods_leave_the_country(request: Request, desk: Desk) -> Found:
    """A certificate goes from this country to another one."""
    content = request.content
    if content.issuing_country != desk.country:
        yield f"{_GOODS}/ExportSPSCountry/ID", content.issuing_country
    if content.importing_country == desk.country:
        yield f"{_GOODS}/ImportSPSCountry/ID", desk.country


@_rule("CERT_A06", Area.RULE)
def replacement_says_what_and_why(request: Request, desk: Desk) -> Found:
    """A replacement names the certificate that it replaces (ADRPN) and the reason (ADRPR)."""
    names = noted(request.content.notes, "replaced_number")
    reasons = noted(request.content.notes, "replacement_reason")
    if request.purpose is Purpose.REPLACEMENT:
        if not names or request.replaces is None:
            yield f"{_HEAD}/IncludedSPSNote[Subject=ADRPN]", ""
        if not any(reason.strip() for reason in reasons):
            yield f"{_HEAD}/IncludedSPSNote[Subject=ADRPR]", ""
    elif names or request.replaces is not None:
        yield f"{_HEAD}/IncludedSPSNote[Subject=ADRPN]", "no replacement was applied for"


@_rule("CERT_A07", Area.RULE)
def re_export_names_its_originals(request: Request, desk: Desk) -> Found:
    """Each line of a re-export names the imported certificate of its goods (RPCRF, RPCCO)."""
    is_re_export = request.purpose is Purpose.RE_EXPORT or request.content.type_code == "657"
    if not is_re_export:
        return
    if not request.originals:
        yield f"{_GOODS}/IncludedSPSConsignmentItem", "no certificate on file is named"
    for line in request.content.lines:
        if line.original_certificate is None or not line.original_certificate[0]:
            yield f"IncludedSPSTradeLineItem[SequenceNumeric={line.number}]", f"line {line.number}"


@_rule("CERT_A08", Area.RULE)
def secret_is_not_chosen(request: Request, desk: Desk) -> Found:
    """The secret of the single use is drawn by the authority; an application states none."""
    if noted(request.content.notes, "single_use_secret"):
        yield f"{_HEAD}/IncludedSPSNote[Subject=SUSEC]", ""


@_rule("CERT_A09", Area.RULE)
def application_is_of_sane_size(request: Request, desk: Desk) -> Found:
    """An application has at most 500 lines and 50 attachments, and no text over 4,000 letters."""
    content = request.content
    if len(content.lines) > _MOST_LINES:
        yield _GOODS, f"{len(content.lines):,} lines"
    if len(request.attachments) > _MOST_ATTACHMENTS:
        yield "attachments", f"{len(request.attachments):,} attachments"
    notes = content.notes + tuple(note for line in content.lines for note in line.notes)
    if any(len(note.text) > _MOST_TEXT for note in notes):
        yield f"{_HEAD}/IncludedSPSNote", f"a note of over {_MOST_TEXT:,} letters"


def _missing(request: Request, names: tuple[str, ...]) -> Found:
    for name in names:
        path, words, is_stated = FIELDS[name]
        if name not in OURS and not is_stated(request.content):
            yield path, f"no {words.removeprefix('the ')}"


def require_examined(application: Application, profile: Profile) -> None:
    """Refuse to approve what was not examined as the profile asks, or did not pass.

    Of the results of these goods, the last one of its kind counts: a second sample may clear what
    the first did not, and the other way round.

    Raises: RuleViolation: names the results that are missing or bad.
    """
    goods = goods_digest(application.request.content.lines)
    last = {each.kind: each for each in application.results if each.goods == goods}
    bad = [kind.value for kind, each in last.items() if not each.conforms]
    missing = [kind for kind in profile.issue.needs if kind not in last]
    if bad or missing:
        said = [f"{kind} did not conform" for kind in bad]
        said += [f"{kind} is not on file for these goods" for kind in missing]
        raise RuleViolation(
            f"The application {application.number} cannot be approved: {'; '.join(said)}",
            [Finding("CERT_A20", Area.RULE, Level.SEVERE, "results", text) for text in said],
        )


_PREPARED: Final = (Step.APPLY, Step.AMEND)


def hands(application: Application, actor: str, profile: Profile) -> dict[str, str]:
    """Return what policy must know of who did what: attributes of a record.

    Several people may have prepared or examined it. Policy compares one name, so the actor's own is
    stated if it is among them. Where the profile asks for no second person, nothing is stated.
    """
    if not profile.issue.second_person:
        return {}
    prepared = application.doers(*_PREPARED)
    examined = application.doers(Step.RECORD_RESULT)
    stated = {}
    if prepared:
        stated["prepared_by"] = actor if actor in prepared else prepared[-1]
    if examined:
        stated["examined_by"] = actor if actor in examined else examined[-1]
    return stated


def require_second_person(
    application: Application, actor: str, step: Step, profile: Profile
) -> None:
    """Refuse one who would judge the own work, whatever policy is in force.

    Args:
        actor: `<kind>:<id>` of who would approve or issue.

    Raises: Refused: says which own work, and who may.
    """
    if not profile.issue.second_person:
        return
    own = [("prepared", application.doers(*_PREPARED))]
    own.append(("examined the goods of", application.doers(Step.RECORD_RESULT)))
    for what, doers in own:
        if actor in doers:
            raise Refused(
                f"You {what} the application {application.number} yourself; another officer must"
                f" {step.value} it",
                rule="CERT_A21",
            )
