"""What parties are told: one text for each change of state, with a stable code for translation.

render("declaration.released", {"mrn": "26KE...", "reason": "No control is needed."})
"""

from __future__ import annotations

from collections.abc import Mapping

# code -> text; the values in braces are the notification's parameters.
TEXTS: dict[str, str] = {
    "declaration.accepted": (
        "Declaration {mrn} (your reference {lrn}) was accepted. Remarks: {findings}."
    ),
    "declaration.rejected": (
        "Declaration {mrn} (your reference {lrn}) was rejected. Mend what the remarks name"
        " ({findings}) and lodge it again."
    ),
    "declaration.documents_requested": (
        "Declaration {mrn}: {agency} needs documents before it can decide: {documents}. {reason}"
    ),
    "declaration.control": (
        "Declaration {mrn}: the goods will be examined by {agencies}. {reason}"
    ),
    "declaration.corrected": (
        "Declaration {mrn} was corrected; version {version} counts. Remarks: {findings}."
    ),
    "declaration.released": "Declaration {mrn}: the goods are released. {reason}",
    "declaration.cleared": "Declaration {mrn} is cleared; nothing is left to do.",
    "declaration.invalidated": "Declaration {mrn} was invalidated: {reason}",
    "declaration.key_conflict": (
        "Someone sent other content under the key {key}, which stands for declaration {mrn}. If it"
        " was you, send a correction or use a new key; if not, tell Customs."
    ),
}


def render(code: str, params: Mapping[str, str]) -> str:
    """Return the English text of a notification; a parameter that is absent stays empty.

    Raises: KeyError: no such code; a defect of ours.
    """
    return TEXTS[code].format_map(_Lenient(params)).strip()


class _Lenient(dict[str, str]):
    """Parameters of an older version of a text may lack one."""

    def __missing__(self, key: str) -> str:
        return ""
