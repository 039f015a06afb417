"""JSON-LD contexts without a network: those of GS1 are known here, others must stand inline.

    context = read(reading, ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                             {"example": "https://ns.example.com/"}], ("@context",))
    context.prefixes                     # {"example": "https://ns.example.com/"}

Nothing is ever fetched: what an address answers today is not what it answered when the event was
signed, and an address chosen by a stranger is a door into the network. The context of GS1 is
protected: inline contexts add names, they cannot change the meaning of one.

Source: JSON-LD 1.1 sections 4.1 and 4.1.11 (protected terms); EPCIS 2.0 JSON-LD context.
"""

from __future__ import annotations

from typing import Any

from clearway.movements.epcis import names
from clearway.movements.epcis.check import Place
from clearway.movements.epcis.formats.values import Reading, kind_of, shown

STANDARD = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
# Addresses at which GS1 published the one context of EPCIS 2.0.
BUNDLED = frozenset(
    {
        STANDARD,
        "https://ref.gs1.org/standards/epcis/2.0.1/epcis-context.jsonld",
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context.jsonld",
        "https://ref.gs1.org/standards/epcis/2.0.0/query-schema.json",
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-query-schema.jsonld",
        "https://ref.gs1.org/standards/epcis/epcis-query-schema.jsonld",
    }
)
MOST_PARTS = 32
MOST_TERMS = 256
_LONGEST = 512
_PROTECTED = frozenset(
    """
    id type eventID eventTime recordTime eventTimeZoneOffset action certificationInfo bizStep
    disposition bizLocation readPoint transformationID epcList sourceList destinationList source
    destination persistentDisposition set unset quantity epcClass uom quantityList
    bizTransactionList bizTransaction parentID childEPCs childQuantityList inputEPCList
    outputEPCList inputQuantityList outputQuantityList sensorElementList sensorMetadata sensorReport
    errorDeclaration reason correctiveEventIDs declarationTime ilmd epcisHeader epcisBody eventList
    ObjectEvent AggregationEvent TransactionEvent TransformationEvent AssociationEvent
    """.split()  # noqa: SIM905
)
_KEYWORDS = frozenset({"@version", "@protected"})


def read(reading: Reading, raw: Any, place: Place) -> None:
    """Add what a context declares to the reading; what is wrong becomes findings."""
    prefixes, terms = dict(reading.prefixes), dict(reading.terms)
    parts = raw if isinstance(raw, list) else [raw]
    if len(parts) > MOST_PARTS:
        reading.wrong("EPC_R28", place, f"@context has more than {MOST_PARTS} parts")
        return
    for at, part in enumerate(parts):
        within = (*place, at) if isinstance(raw, list) else place
        if isinstance(part, str):
            _known(reading, part, within)
        elif isinstance(part, dict):
            _inline(reading, part, within, prefixes, terms)
        else:
            reading.wrong("EPC_R3", within, f"a context is a URI or an object, not {kind_of(part)}")
    if len(prefixes) + len(terms) > MOST_TERMS:
        reading.wrong("EPC_R28", place, f"@context declares more than {MOST_TERMS} names")
    reading.prefixes, reading.terms = prefixes, terms


def _known(reading: Reading, address: str, place: Place) -> None:
    secure = address.replace("http://", "https://", 1)
    if secure not in BUNDLED:
        reading.wrong(
            "EPC_R25",
            place,
            f"the context {shown(address)} is not bundled, and none is fetched; declare its"
            " prefixes inline",
        )


def _inline(
    reading: Reading, part: dict[str, Any], place: Place, prefixes: dict[str, str], terms: Any
) -> None:
    for name, meaning in part.items():
        within = (*place, name)
        if name in _KEYWORDS:
            continue
        if name.startswith("@") or name in _PROTECTED:
            reading.wrong("EPC_R27", within, f"{name[:60]!r} cannot be given another meaning")
            continue
        if isinstance(meaning, dict) and "@id" not in meaning and ":" in name:
            # It says of what kind the values of a full name are: the name stands for itself.
            continue
        uri = meaning.get("@id") if isinstance(meaning, dict) else meaning
        if not isinstance(uri, str) or not 0 < len(uri) <= _LONGEST or ":" not in uri:
            reading.wrong("EPC_R4", within, f"{shown(uri)} must be the URI behind the name")
            continue
        _declare(reading, name, uri, within, prefixes, terms)


def _declare(
    reading: Reading, name: str, uri: str, place: Place, prefixes: dict[str, str], terms: Any
) -> None:
    """Keep a prefix; a name that stands for a field of a namespace is a term as well."""
    own = names.PREFIXES.get(name)
    if own is not None:
        if names.uri(uri) not in (own, own.rstrip(":")):
            reading.wrong("EPC_R27", place, f"the prefix {name!r} stands for {own}")
        return
    prefix, _, local = uri.partition(":")
    base = prefixes.get(prefix) or names.PREFIXES.get(prefix)
    whole = uri if base is None or local.startswith("//") else base + local
    prefixes[name] = whole
    field = names.split_uri(whole)
    if field is not None:
        terms[name] = field
