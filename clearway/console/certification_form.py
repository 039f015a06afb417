"""The form of an application for a certificate: its fields, and the document that they make.

The form offers the fields of ISPM 12 that most consignments need; `formats` of applications
(docs/design/application.md) take the rest by API, command or file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from clearway.certificates.issuing.form import FORMAT
from clearway.certificates.issuing.model import Request

LINES: Final = 3
"""Lines that the form offers; empty ones are not sent on."""

FIELDS: Final = ("hs", "name", "botanical", "origin", "net", "gross", "packages")


def document(fields: Mapping[str, str], *, party: str) -> bytes:
    """Return the application document that a filled form means; rules judge it afterwards.

    Args:
        fields: as sent; what is absent is empty.
        party: id of the exporter, or "".
    """
    said = {name: value.strip() for name, value in fields.items()}
    content: dict[str, Any] = {
        "type_code": said.get("kind", ""),
        "importing_country": said.get("importing_country", "").upper(),
        "consignor": _party(said, "consignor"),
        "consignee": _party(said, "consignee"),
        "lines": [_line(said, number) for number in range(1, LINES + 1) if _is_used(said, number)],
    }
    if said.get("entry_point"):
        content["entry_point"] = {"code": "", "name": said["entry_point"]}
    if said.get("means") or said.get("mode"):
        content["transports"] = [{"mode": said.get("mode", ""), "means": said.get("means", "")}]
    if said.get("container"):
        seals = [said["seal_number"]] if said.get("seal_number") else []
        content["equipment"] = [{"container": said["container"].upper(), "seals": seals}]
    whole = {"format": FORMAT, "party": party, "content": content}
    return json.dumps(whole, ensure_ascii=False).encode()


def _party(said: Mapping[str, str], who: str) -> dict[str, Any]:
    address = said.get(f"{who}_address", "")
    return {
        "name": said.get(f"{who}_name", ""),
        "address": [address] if address else [],
        "city": said.get(f"{who}_city", ""),
    }


def _is_used(said: Mapping[str, str], number: int) -> bool:
    return any(said.get(f"{field}-{number}") for field in FIELDS)


def _line(said: Mapping[str, str], number: int) -> dict[str, Any]:
    def of(field: str) -> str:
        return said.get(f"{field}-{number}", "")

    line: dict[str, Any] = {"number": number}
    if of("hs"):
        line["hs"] = [of("hs").replace(".", "").replace(" ", "")]
    if of("name"):
        line["descriptions"] = [{"text": of("name"), "language": "en"}]
    if of("botanical"):
        line["scientific_names"] = [{"text": of("botanical")}]
    if of("origin"):
        line["origins"] = [{"country": of("origin").upper(), "regions": []}]
    for field, mass in (("net", "net_mass"), ("gross", "gross_mass")):
        if of(field):
            line[mass] = {"value": of(field).replace(",", "."), "unit": "KGM"}
    if of("packages"):
        line["packagings"] = [{"level": "1", "type": "PK", "count": of("packages")}]
    return line


def filled(request: Request) -> dict[str, str]:
    """Return the fields of the form that an application fills: the first lines of it."""
    content = request.content
    fields = {
        "kind": content.type_code,
        "importing_country": str(content.importing_country or ""),
        "consignor_name": content.consignor.name,
        "consignor_city": content.consignor.city,
        "consignor_address": ", ".join(content.consignor.address),
        "consignee_name": content.consignee.name,
        "consignee_city": content.consignee.city,
        "consignee_address": ", ".join(content.consignee.address),
        "entry_point": content.entry_point.name if content.entry_point else "",
    }
    for number, line in enumerate(content.lines[:LINES], 1):
        shown = {
            "hs": str(line.hs[0]) if line.hs else "",
            "name": line.description,
            "botanical": line.botanical_name,
            "origin": str(line.origin or ""),
            "net": str(line.net_mass.value) if line.net_mass else "",
            "gross": str(line.gross_mass.value) if line.gross_mass else "",
            "packages": str(line.packages or ""),
        }
        fields |= {f"{field}-{number}": value for field, value in shown.items()}
    return fields
