"""What the reader of a certificate remarks, in the terms of the ePhyto Hub.

Each code has one area, one level and one sentence; the sentence is followed by what was found. A
message with ten thousand faults gets twenty remarks of a kind and a count of the rest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from clearway.terms.finding import Area, Finding, Level

_MOST_OF_A_KIND: Final = 20
_LONGEST_VALUE: Final = 80

_S, _M, _E = Area.SCHEMA, Area.MAPPING, Area.MANDATORY
_WARNING, _INFO, _SEVERE = Level.WARNING, Level.INFO, Level.SEVERE

SENTENCES: Final[dict[str, tuple[Area, Level, str]]] = {
    "CERT_S01": (_S, _INFO, "The document came wrapped in base64; it was unwrapped"),
    "CERT_S02": (_S, _WARNING, "Bytes stand before the document; they were left out"),
    "CERT_S03": (_S, _WARNING, "The encoding is not the one declared; send UTF-8 and say so"),
    "CERT_S04": (
        _S,
        _WARNING,
        "The namespace is not that of SPSCertificate:17; elements were read by their names",
    ),
    "CERT_S05": (_S, _WARNING, "Elements are not in the order of the schema, from this one on"),
    "CERT_S06": (_S, _INFO, "The element is not read; it is kept in the original message"),
    "CERT_S07": (
        _S,
        _WARNING,
        "The date stands in the element itself; it belongs in DateTimeString",
    ),
    "CERT_M01": (_M, _INFO, "A placeholder stands where there is no value; leave the element out"),
    "CERT_M02": (_M, _INFO, "The time has no zone; it is read as UTC"),
    "CERT_M03": (_M, _WARNING, "No single date can be read; write it as 2026-03-14"),
    "CERT_M04": (_M, _WARNING, "The value is no plain decimal number; write it as 1000.50"),
    "CERT_M05": (
        _M,
        _WARNING,
        "The unit is none of UN/ECE Recommendation 20 that trade uses; use KGM, LTR or H87",
    ),
    "CERT_M06": (_M, _WARNING, "The HS code has not 2, 4 or 6 to 10 digits of a known chapter"),
    "CERT_M07": (_M, _WARNING, "The country is no ISO 3166-1 code of two letters, such as KE"),
    "CERT_M08": (_M, _WARNING, "The attachment is not base64; its content cannot be opened"),
    "CERT_M09": (_M, _INFO, "The subject of the note is not known for this kind of certificate"),
    "CERT_M10": (_M, _INFO, "Only the first value is read; the others are in the original message"),
    "CERT_M11": (_M, _WARNING, "The line has no number; its place is used instead"),
    "CERT_E01": (_E, _SEVERE, "The certificate has no number; without it nothing can be filed"),
    "CERT_E02": (_E, _SEVERE, "The certificate does not say of what kind it is (TypeCode)"),
    "CERT_E03": (
        _E,
        _SEVERE,
        "The issuing country cannot be read; without it nothing can be filed",
    ),
}


@dataclass(slots=True)
class Remarks:
    """Collects remarks in the order of the message."""

    _findings: list[Finding] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, path: str, found: str = "") -> None:
        """Remark on one field; `found` is what stands there."""
        self._counts[code] += 1
        if self._counts[code] > _MOST_OF_A_KIND:
            return
        area, level, sentence = SENTENCES[code]
        shown = found if len(found) <= _LONGEST_VALUE else found[: _LONGEST_VALUE - 3] + "..."
        message = f"{sentence}. Found: {shown}" if shown else f"{sentence}."
        self._findings.append(Finding(code, area, level, path, message))

    def findings(self) -> tuple[Finding, ...]:
        """Return the remarks; of a kind with too many, the count of those left out."""
        left_out = []
        for code, count in self._counts.items():
            if count > _MOST_OF_A_KIND:
                area, level, sentence = SENTENCES[code]
                more = f"{sentence}. So {count - _MOST_OF_A_KIND:,} times more."
                left_out.append(Finding(code, area, level, "", more))
        return (*self._findings, *left_out)
