"""EPCIS documents as JSON-LD (EPCIS 2.0): read into values.

    document = read(data)
    check.require(document)
    document.events[0].biz_step         # https://ref.gs1.org/cbv/BizStep-arriving

Read are EPCISDocument, EPCISQueryDocument, a list of events, and one event. `jsonld_writing` is the
way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clearway.errors import MalformedMessage
from clearway.movements.epcis.check import Place
from clearway.movements.epcis.document import Document, Kind, Poll, Refusal
from clearway.movements.epcis.formats import context, masterdata, values
from clearway.movements.epcis.formats.build import take_event
from clearway.movements.epcis.formats.extensions import is_extension, sorted_by_name, take_extension
from clearway.movements.epcis.formats.jsonld_writing import write, write_event
from clearway.movements.epcis.formats.values import Reading, kind_of
from clearway.movements.epcis.model import Event, Extension
from clearway.wire import json
from clearway.wire.limits import Limits

__all__ = ["LIMITS", "MOST_EVENTS", "pointer", "read", "read_query", "write", "write_event"]

LIMITS = Limits(size_bytes=8 << 20, depth=40, nodes=500_000, declarations=50_000)
MOST_EVENTS = 10_000

_DOCUMENT: dict[str, tuple[str, Any]] = {
    "id": ("id", values.take_uri),
    "schemaVersion": ("schema_version", values.take_version),
    "creationDate": ("creation_date", values.take_instant),
    "sender": ("sender", values.take_text),
    "receiver": ("receiver", values.take_text),
    "instanceIdentifier": ("instance_identifier", values.take_text),
}
_OF_QUERY = ("id", "schemaVersion", "creationDate")
_REQUIRED = {
    Kind.CAPTURE: ("schemaVersion", "creationDate", "epcisBody"),
    Kind.QUERY: ("epcisBody",),
}
_RESULTS = ("epcisBody", "queryResults", "resultsBody")


def read(
    data: bytes, *, prefixes: Mapping[str, str] | None = None, limits: Limits = LIMITS
) -> Document:
    """Return the document; what breaks a rule is among its findings and refusals.

    Args:
        prefixes: declared outside the message (header GS1-Extensions).

    Raises:
        MalformedMessage: not JSON, or neither an object nor a list.
        TooLarge: over one of `limits`.
    """
    raw = json.parse(data, limits=limits)
    reading = Reading(pointer, is_strict=True, prefixes=dict(prefixes or {}))
    if isinstance(raw, list):
        events, refused = _events(reading, raw, ())
        return Document(
            kind=Kind.EVENT_LIST, events=events, refused=refused, findings=tuple(reading.findings)
        )
    if not isinstance(raw, dict):
        raise MalformedMessage(
            f"The message is {kind_of(raw)}; an EPCIS document is an object with a type"
        )
    found = _read_object(reading, raw)
    return Document(
        **found,
        findings=tuple(reading.findings),
        prefixes=tuple(sorted(reading.prefixes.items())),
    )


def read_query(data: bytes, *, limits: Limits = LIMITS) -> Poll:
    """Return the parameters of a query in the REST form: one object, a name to a value each.

    Raises:
        MalformedMessage: not a JSON object.
        RuleViolation: the context is wrong.
    """
    raw = json.parse(data, limits=limits)
    if not isinstance(raw, dict):
        raise MalformedMessage(f"The query is {kind_of(raw)}; it must be an object of parameters")
    reading = Reading(pointer, is_strict=True)
    if "@context" in raw:
        context.read(reading, raw["@context"], ("@context",))
    values.require_none(reading)
    parameters = {name: value for name, value in raw.items() if name != "@context"}
    return Poll(None, parameters, reading.prefixes)


def pointer(place: Place) -> str:
    """Return a place as a JSON pointer (RFC 6901); the whole document is the empty one."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in place)


def _read_object(reading: Reading, raw: dict[str, Any]) -> dict[str, Any]:
    if "@context" in raw:
        context.read(reading, raw["@context"], ("@context",))
    elif not reading.prefixes:
        reading.wrong("EPC_R24", ("@context",), f"@context is missing; give {context.STANDARD}")
    kind = raw.get("type")
    if kind == Kind.CAPTURE:
        return _read_document(reading, raw, Kind.CAPTURE)
    if kind == Kind.QUERY:
        return _read_document(reading, raw, Kind.QUERY)
    if kind is None and isinstance(raw.get("eventList"), list):
        events, refused = _events(reading, raw["eventList"], ("eventList",))
        return {"kind": Kind.EVENT_LIST, "events": events, "refused": refused}
    events, refused = _events(reading, [raw], None)
    return {"kind": Kind.EVENT, "events": events, "refused": refused}


def _read_document(reading: Reading, raw: dict[str, Any], kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": kind}
    extensions: list[Extension] = []
    for name in _REQUIRED[kind]:
        if name not in raw:
            reading.missing((), name)
    for name, value in raw.items():
        if name in ("@context", "type", "epcisBody"):
            continue
        if name == "epcisHeader" and kind is Kind.CAPTURE:
            found["vocabularies"] = masterdata.take_header(reading, value, (name,))
        elif name in (_DOCUMENT if kind is Kind.CAPTURE else _OF_QUERY):
            known, take = _DOCUMENT[name]
            found[known] = take(reading, value, (name,))
        elif is_extension(reading, name):
            extensions += take_extension(reading, name, value, (name,))
        else:
            reading.wrong("EPC_R1", (name,), f"{name[:60]!r} is not a field of {kind}")
    found["extensions"] = sorted_by_name(extensions)
    if "epcisBody" in raw:
        body = _take_capture if kind is Kind.CAPTURE else _take_results
        found |= body(reading, raw["epcisBody"])
    return found


def _take_capture(reading: Reading, body: Any) -> dict[str, Any]:
    place = ("epcisBody",)
    if not _is_object(reading, body, place):
        return {}
    _only(reading, body, place, "eventList")
    return _list_in(reading, body, place)


def _only(reading: Reading, raw: Mapping[str, Any], place: Place, *known: str) -> None:
    """Refuse names that are neither known nor of another namespace."""
    for name in raw:
        if name not in known and not is_extension(reading, name):
            reading.wrong("EPC_R1", (*place, name), f"{name[:60]!r} is not a field here")


def _take_results(reading: Reading, body: Any) -> dict[str, Any]:
    """Read the answer of a query."""
    found: dict[str, Any] = {}
    results = _step(reading, body, _RESULTS[:1], "queryResults")
    if results is None:
        return found
    for name, known in (("queryName", "query_name"), ("subscriptionID", "subscription_id")):
        if name in results:
            found[known] = values.take_text(reading, results[name], (*_RESULTS[:2], name))
    if "queryName" not in results:
        reading.missing(_RESULTS[:2], "queryName")
    _only(reading, body, _RESULTS[:1], "queryResults")
    _only(reading, results, _RESULTS[:2], "queryName", "subscriptionID", "resultsBody")
    ignored = [name for name in results if is_extension(reading, name)]
    found["extensions"] = sorted_by_name(
        each
        for name in ignored
        for each in take_extension(reading, name, results[name], (*_RESULTS[:2], name))
    )
    held = _step(reading, results, _RESULTS[:2], "resultsBody")
    if held is not None:
        _only(reading, held, _RESULTS, "eventList", "vocabularyList")
        found |= _list_in(reading, held, _RESULTS)
        if "vocabularyList" in held:
            place = (*_RESULTS, "vocabularyList")
            found["vocabularies"] = masterdata.take_list(reading, held["vocabularyList"], place)
    return found


def _step(reading: Reading, raw: Any, place: Place, name: str) -> dict[str, Any] | None:
    """Return the object that must stand under a name."""
    if not _is_object(reading, raw, place):
        return None
    if name not in raw:
        reading.missing(place, name)
        return None
    within = raw[name]
    return within if _is_object(reading, within, (*place, name)) else None


def _is_object(reading: Reading, raw: Any, place: Place) -> bool:
    if isinstance(raw, dict):
        return True
    reading.wrong("EPC_R3", place, f"must be an object, but is {kind_of(raw)}")
    return False


def _list_in(reading: Reading, raw: dict[str, Any], place: Place) -> dict[str, Any]:
    within = (*place, "eventList")
    if "eventList" not in raw:
        reading.missing(place, "eventList")
        return {}
    if not isinstance(raw["eventList"], list):
        reading.wrong("EPC_R3", within, f"must be a list, but is {kind_of(raw['eventList'])}")
        return {}
    events, refused = _events(reading, raw["eventList"], within)
    return {"events": events, "refused": refused}


def _events(
    reading: Reading, raws: list[Any], place: Place | None
) -> tuple[tuple[Event, ...], tuple[Refusal, ...]]:
    """Read each event for itself.

    Args:
        place: of the list; None: the message is one event.
    """
    if len(raws) > MOST_EVENTS:
        message = f"there are {len(raws):,} events; at most {MOST_EVENTS:,} go in one document"
        reading.wrong("EPC_R28", place or (), message)
        return (), ()
    own, events, refused = reading.findings, [], []
    outer = reading.prefixes, reading.terms
    for at, raw in enumerate(raws):
        where: Place = () if place is None else (*place, at)
        reading.findings = []
        if place is not None and type(raw) is dict and "@context" in raw:
            context.read(reading, raw["@context"], (*where, "@context"))
        event = take_event(reading, raw, where)
        if event is not None and not reading.findings:
            events.append(event)
        else:
            refused.append(Refusal(at, tuple(reading.findings)))
        reading.prefixes, reading.terms = outer
    reading.findings = own
    return tuple(events), tuple(refused)
