"""Profiles: what is particular to one kind of certificate. They are data, see `profiles/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clearway.certificates.model import Status
from clearway.certificates.parts import Note
from clearway.errors import BadTerm


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the printed certificate and the fields under it (a hint for the layout)."""

    heading: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issuing:
    """How we issue certificates of a kind ourselves; without a prefix we do not.

    Args:
        prefix: of the numbers, in which `{country}` stands for ours, such as `{country}-PC`.
        digits: of the running number, which begins anew each year.
        needs: kinds of results without which nothing is approved: `inspection`, `laboratory`,
            `treatment`.
        second_person: who applied, prepared or examined neither approves nor issues.
        valid_days: from issue until it expires unless used up; None: it does not.
        cleared_on_copy: what a copy of an earlier certificate does not take over: `quantities`,
            `containers`, `transport`, `treatments`, `batches`, `dates`.
        statement: the certifying statement, in English.
    """

    prefix: str = ""
    digits: int = 6
    needs: tuple[str, ...] = ()
    second_person: bool = False
    valid_days: int | None = None
    cleared_on_copy: tuple[str, ...] = ()
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is particular to one kind of certificate; read from a file, see `profiles/`.

    Args:
        type_code: UNECE 1001.
        name: shown to people.
        agency: code of the agency at the border that answers for it.
        document_types: codes by which declarations quote it, such as `N851`.
        usable_statuses: statuses under which goods may enter.
        max_age_days: from issue to arrival; None: no limit.
        mandatory: fields without which it is not accepted (see `rules.FIELDS`).
        expected: fields that are usually there.
        subjects: subject of a note on the certificate -> kind of note.
        line_subjects: subject of a note on a line -> kind of note.
        units: names of units in free text -> UN/ECE Recommendation 20.
        layout: hints for a printed form.
        issue: how we issue this kind ourselves.
        shares_quantity: several countries may use parts of one line; else only one country may.
        waits_for_order: goods are not released by rule before the order of the agencies has taken
            the use of their certificate; else they are, and the use is marked as pending.
    """

    type_code: str
    name: str
    agency: str
    document_types: tuple[str, ...] = ()
    usable_statuses: tuple[str, ...] = (Status.ISSUED,)
    max_age_days: int | None = None
    mandatory: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    subjects: dict[str, str] = field(default_factory=dict)
    line_subjects: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    layout: tuple[Section, ...] = ()
    issue: Issuing = Issuing()
    shares_quantity: bool = False
    waits_for_order: bool = False

    def note(self, kind: str, text: str, language: str = "") -> Note:
        """Return a note on the certificate, under the subject that this profile gives its kind.

        Raises: BadTerm: the profile has no subject for this kind.
        """
        return Note(self._subject(self.subjects, kind), text, kind, language=language)

    def line_note(self, kind: str, text: str, language: str = "") -> Note:
        """Return a note on a line (see `note`)."""
        return Note(self._subject(self.line_subjects, kind), text, kind, language=language)

    def _subject(self, subjects: Mapping[str, str], kind: str) -> str:
        for subject, meaning in subjects.items():
            if meaning == kind:
                return subject
        raise BadTerm("Note", kind, f"a {self.name} has no note of this kind")
