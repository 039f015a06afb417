"""EPCIS documents as JSON-LD: written from values.

Words of the CBV are written bare, as the JSON schema wants them; instants in UTC; extensions under
prefixes that the context declares. What was read is written so that it reads the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

import msgspec

from clearway.errors import BadTerm
from clearway.movements.epcis import names
from clearway.movements.epcis.document import Document, Kind, Vocabulary
from clearway.movements.epcis.formats.context import STANDARD
from clearway.movements.epcis.formats.fields import FIELDS, METADATA, OTHER, REPORT, Field
from clearway.movements.epcis.formats.prefixes import declared, extensions_of, prefixes_for
from clearway.movements.epcis.model import (
    ErrorDeclaration,
    Event,
    Extension,
    Form,
    PersistentDisposition,
    Place,
    SensorElement,
)
from clearway.movements.epcis.vocabulary import GS1

# Numbers are written as they were read: 4.10 stays 4.10.
_encoder = msgspec.json.Encoder(decimal_format="number")
_by_name = attrgetter("name")
_Prefixes = Mapping[str, str]


def write(document: Document) -> bytes:
    """Return a document as JSON-LD; refused events are not in it.

    Raises: BadTerm: it is a document and has no creation date.
    """
    used = prefixes_for(_extensions(document), document.prefixes)
    tree: dict[str, Any] = {"@context": _context(used)}
    events = [event_tree(event, used) for event in document.events]
    if document.kind is Kind.EVENT:
        tree |= events[0] if events else {}
    elif document.kind is Kind.EVENT_LIST:
        tree["eventList"] = events
    else:
        tree |= _document(document, events, used)
    return _encoder.encode(tree)


def write_event(event: Event, declared_prefixes: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return one event with its context."""
    document = Document(kind=Kind.EVENT, events=(event,), prefixes=tuple(declared_prefixes))
    return write(document)


def event_tree(event: Event, used: _Prefixes) -> dict[str, Any]:
    """Return an event as objects, lists and texts.

    Args:
        used: namespace to prefix.
    """
    tree: dict[str, Any] = {"type": event.type}
    for field in FIELDS.get(event.type, OTHER):
        value = getattr(event, field.attribute)
        if value is not None and value != ():
            tree[field.name] = _TREES[field.kind](value, used)
    # An ObjectEvent or TransactionEvent must name its objects, also if there are none.
    if event.type in ("ObjectEvent", "TransactionEvent") and not event.quantity_list:
        tree.setdefault("epcList", [])
    return tree | _others(event.extensions, used)


def _extensions(document: Document) -> Iterable[Extension]:
    return chain(document.extensions, *map(extensions_of, document.events))


def _context(used: _Prefixes) -> list[Any]:
    inline = declared(used)
    return [STANDARD, inline] if inline else [STANDARD]


def _document(document: Document, events: list[Any], used: _Prefixes) -> dict[str, Any]:
    if document.creation_date is None:
        raise BadTerm("creationDate", None, "must be given to write a document")
    tree: dict[str, Any] = {
        "type": str(document.kind),
        "id": document.id,
        "schemaVersion": "2.0",
        "creationDate": instant(document.creation_date),
    }
    if document.kind is Kind.QUERY:
        results: dict[str, Any] = {
            "subscriptionID": document.subscription_id,
            "queryName": document.query_name or "SimpleEventQuery",
            "resultsBody": {"eventList": events},
        }
        if document.vocabularies:
            results["resultsBody"]["vocabularyList"] = _vocabularies(document.vocabularies, used)
        results |= _others(document.extensions, used)
        return _present(tree) | {"epcisBody": {"queryResults": _present(results)}}
    tree["instanceIdentifier"] = document.instance_identifier
    tree["sender"], tree["receiver"] = document.sender, document.receiver
    tree |= _others(document.extensions, used)
    if document.vocabularies:
        data = {"vocabularyList": _vocabularies(document.vocabularies, used)}
        tree["epcisHeader"] = {"epcisMasterData": data}
    return _present(tree) | {"epcisBody": {"eventList": events}}


def _present(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tree.items() if value is not None}


def _vocabularies(vocabularies: Iterable[Vocabulary], used: _Prefixes) -> list[Any]:
    return [
        {
            "type": one.type,
            "vocabularyElementList": [
                {
                    "id": element.id,
                    "attributes": [
                        {
                            "id": attribute.id,
                            "attribute": _body(attribute.text, attribute.children, used),
                        }
                        for attribute in element.attributes
                    ],
                    "children": list(element.children),
                }
                for element in one.elements
            ],
        }
        for one in vocabularies
    ]


def instant(value: datetime) -> str:
    """Return an instant in UTC."""
    return value.isoformat().replace("+00:00", "Z")


def _text(value: Any, used: _Prefixes) -> Any:
    del used
    return value


def _instant(value: datetime, used: _Prefixes) -> str:
    del used
    return instant(value)


def _number(value: Decimal, used: _Prefixes) -> Decimal | int:
    del used
    exponent = value.as_tuple().exponent
    return int(value) if exponent == 0 else value


def _word(kind: str) -> Callable[[str, _Prefixes], str]:
    def write_word(value: str, used: _Prefixes) -> str:
        del used
        bare = names.bare(kind, value)
        # The schema bars web URIs of the GS1 vocabulary, but not their CURIEs.
        return "gs1:" + bare[len(GS1) :] if bare.startswith(GS1) else bare

    return write_word


def _place(value: Place, used: _Prefixes) -> dict[str, Any]:
    return {"id": value.id} | _others(value.extensions, used)


def _epcs(value: Iterable[str], used: _Prefixes) -> list[str]:
    """Return a list that names nothing twice, as the schema wants it.

    XML may name one twice, and the event hash counts both: the second is written as a Digital Link.
    """
    del used
    found: dict[str, None] = {}
    for one in value:
        found[names.identifier(one) if one in found else one] = None
    return list(found)


def _quantities(value: Iterable[Any], used: _Prefixes) -> list[Any]:
    return [
        _present(
            {
                "epcClass": one.epc_class,
                "quantity": None if one.quantity is None else _number(one.quantity, used),
                "uom": one.uom,
            }
        )
        for one in value
    ]


def _transactions(value: Iterable[Any], used: _Prefixes) -> list[Any]:
    word = _TREES["biz_transaction_type"]
    return [
        ({} if one.type is None else {"type": word(one.type, used)})
        | {"bizTransaction": one.biz_transaction}
        for one in value
    ]


def _parties(name: str) -> Callable[[Iterable[Any], _Prefixes], list[Any]]:
    def write_parties(value: Iterable[Any], used: _Prefixes) -> list[Any]:
        word = _TREES["source_dest_type"]
        return [{"type": word(one.type, used), name: one.id} for one in value]

    return write_parties


def _persistent(value: PersistentDisposition, used: _Prefixes) -> dict[str, Any]:
    word = _TREES["disposition"]
    tree = {
        "set": [word(one, used) for one in value.set],
        "unset": [word(one, used) for one in value.unset],
    }
    return {name: listed for name, listed in tree.items() if listed}


def _error(value: ErrorDeclaration, used: _Prefixes) -> dict[str, Any]:
    tree: dict[str, Any] = {"declarationTime": instant(value.declaration_time)}
    if value.reason is not None:
        tree["reason"] = _TREES["error_reason"](value.reason, used)
    if value.corrective_event_ids:
        tree["correctiveEventIDs"] = list(value.corrective_event_ids)
    return tree | _others(value.extensions, used)


def _sensors(value: Iterable[SensorElement], used: _Prefixes) -> list[Any]:
    elements = []
    for one in value:
        tree: dict[str, Any] = {}
        if one.metadata is not None:
            tree["sensorMetadata"] = _flat(one.metadata, METADATA, used)
        tree["sensorReport"] = [_flat(report, REPORT, used) for report in one.reports]
        elements.append(tree | _others(one.extensions, used))
    return elements


def _flat(value: Any, fields: Iterable[Field], used: _Prefixes) -> dict[str, Any]:
    tree = {
        field.name: _TREES[field.kind](held, used)
        for field in fields
        if (held := getattr(value, field.attribute)) is not None
    }
    return tree | _others(value.extensions, used) if value.extensions else tree


def _others(extensions: Iterable[Extension], used: _Prefixes) -> dict[str, Any]:
    """Return extensions by their names; fields of one name become a list."""
    tree: dict[str, Any] = {}
    for full, group in groupby(sorted(extensions, key=_by_name), _by_name):
        same = list(group)
        written = [_other(one, used) for one in same]
        tree[_name(full, used)] = written if len(same) > 1 or same[0].is_listed else written[0]
    return tree


def _name(full: str, used: _Prefixes) -> str:
    namespace, mark, local = full.rpartition("}")
    return f"{used[namespace[1:]]}:{local}" if mark else local


def _other(extension: Extension, used: _Prefixes) -> Any:
    match extension.form:
        case Form.NUMBER:
            return Decimal(extension.text)
        case Form.BOOLEAN:
            return extension.text == "true"
        case Form.NULL:
            return None
        case _:
            return _body(extension.text, extension.children, used)


def _body(text: str, children: tuple[Extension, ...], used: _Prefixes) -> Any:
    if not children:
        return text
    tree = _others(children, used)
    return {"#text": text} | tree if text else tree


_TREES: dict[str, Callable[[Any, _Prefixes], Any]] = {
    "instant": _instant,
    "text": _text,
    "boolean": _text,
    "number": _number,
    "epcs": _epcs,
    "certifications": lambda value, used: list(value),
    "ilmd": _others,
    "place": _place,
    "quantities": _quantities,
    "transactions": _transactions,
    "source": _parties("source"),
    "destination": _parties("destination"),
    "persistent": _persistent,
    "error": _error,
    "sensors": _sensors,
    **{kind: _word(kind) for kind in names.KINDS},
}
