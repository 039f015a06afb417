"""The parameters of SimpleEventQuery, read into a `Query`; each wrong one is a finding.

Values come as texts of a URL (`a|b` is a list), as JSON, or as `<param>` of XML. Names and values
are brought to the canonical form in which events are kept: CURIEs and bare CBV words become web
URIs, EPC URNs become GS1 Digital Links, units become SI.

A query breaks these rules: EPQ_R1 the parameter is unknown, EPQ_R2 its value does not fit, EPQ_R3
two parameters exclude each other, EPQ_R4 too many of them.

Source: GS1 EPCIS 2.0, 8.2.7.1; EPCIS query schema 2.0; TCR-53 for sensor data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from clearway.errors import BadTerm, RuleViolation
from clearway.ledger.columns import to_microseconds
from clearway.movements.epcis import names, patterns
from clearway.movements.epcis.index import IDENTIFIERS, in_base, measure_field
from clearway.movements.epcis.query import (
    MOST_CLAUSES,
    MOST_VALUES,
    AnyOf,
    Attributed,
    Clause,
    Compare,
    Has,
    Match,
    Op,
    OrderBy,
    Query,
)
from clearway.terms.finding import Area, Finding, Level

MOST_TEXT = 2_048
MOST_COUNTED = 1_000_000
EVENT_TYPES = (
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
)

_PARTS = ("ILMD", "ERROR_DECLARATION", "SENSORELEMENT", "SENSORMETADATA", "SENSORREPORT")
_PLACES = ("readPoint", "bizLocation")
_MASTERED = "readPoint|bizLocation|bizStep|disposition|transformationID|deviceID"
_ATTRIBUTED = re.compile(f"HASATTR_({_MASTERED})|EQATTR_({_MASTERED})_(.+)", re.DOTALL)
_OP = re.compile("(EQ|GT|GE|LT|LE)_(.+)", re.DOTALL)
_MEASURE = re.compile(
    "(quantity|value|minValue|maxValue|meanValue|sDev|percValue|percRank)(?:_([A-Z0-9]{2,4}))?"
)
_TYPED = re.compile("(bizTransaction|source|destination)_(.+)", re.DOTALL)
_EXTENSION = re.compile(
    f"(INNER_)?(?:({'|'.join(_PARTS)}|{'|'.join(_PLACES)})_)?([^_].*)", re.DOTALL
)

# Parameters EQ_<name> and how their values become canonical.
_TEXTS: dict[str, Callable[[str], str]] = {
    "bizStep": names.biz_step,
    "disposition": names.disposition,
    "persistentDisposition_set": names.disposition,
    "persistentDisposition_unset": names.disposition,
    "readPoint": names.identifier,
    "bizLocation": names.identifier,
    "transformationID": names.identifier,
    "eventID": str,
    "errorReason": names.error_reason,
    "correctiveEventID": str,
    "type": names.measurement_type,
    "exception": names.alert_type,
    "component": names.component,
    "deviceID": names.identifier,
    "deviceMetadata": names.identifier,
    "rawData": names.identifier,
    "dataProcessingMethod": names.identifier,
    "microorganism": names.identifier,
    "chemicalSubstance": names.identifier,
    "coordinateReferenceSystem": names.identifier,
    "bizRules": names.identifier,
    "stringValue": str,
    "hexBinaryValue": str.upper,
    "uriValue": names.identifier,
}
_TYPES: dict[str, Callable[[str], str]] = {
    "bizTransaction": names.biz_transaction_type,
    "source": names.source_dest_type,
    "destination": names.source_dest_type,
}
_EXISTS = {
    "errorDeclaration": "errorDeclaration",
    "sensorElement": "sensorElement",
    "sensorElementList": "sensorElement",
    "ilmd": "ilmd",
}
_INSTANTS = {
    "eventTime": ("GE", "LT"),
    "recordTime": ("GE", "LT"),
    "errorDeclarationTime": ("GE", "LT"),
    "errorDeclaration_Time": ("GE", "LT"),  # as the query schema of 2.0 spells it
    "time": ("EQ", "GE", "LT"),
    "startTime": ("GE", "LT"),
    "endTime": ("GE", "LT"),
}
_COUNTS = ("eventCountLimit", "maxEventCount")


@dataclass(slots=True)
class _Read:
    """A query as far as it was read."""

    prefixes: Mapping[str, str]
    clauses: list[Clause] = field(default_factory=list)
    controls: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


class _Unfit(ValueError):
    """A value does not fit; says what would."""


def read(parameters: Mapping[str, Any], prefixes: Mapping[str, str] | None = None) -> Query:
    """Return the query of these parameters.

    Args:
        parameters: name to value: a text with `|` between alternatives, a list, a number, a
            boolean or None.
        prefixes: of extension names (`@context` of a query, header GS1-Extensions).

    Raises: RuleViolation: with one finding for each parameter that is unknown or unfit.
    """
    if len(parameters) > MOST_CLAUSES:
        _refuse([_finding("EPQ_R4", "query", f"a query has at most {MOST_CLAUSES} parameters")])
    reading = _Read(prefixes or {})
    for name, value in parameters.items():
        try:
            _take(reading, name, value)
        except (_Unfit, BadTerm) as error:
            reading.findings.append(_finding("EPQ_R2", name, f"{name[:80]}: {error}"))
    query = _whole(reading, tuple(parameters))
    if reading.findings:
        _refuse(reading.findings)
    return query


def _refuse(findings: Sequence[Finding]) -> None:
    raise RuleViolation(findings[0].message, findings, epcis="QueryParameterException")


def _finding(code: str, name: str, message: str) -> Finding:
    return Finding(code, Area.RULE, Level.SEVERE, name[:80], message)


def _whole(reading: _Read, given: tuple[str, ...]) -> Query:
    controls = reading.controls
    if all(controls.get(name) is not None for name in _COUNTS):
        message = "eventCountLimit and maxEventCount exclude each other; give one of them"
        reading.findings.append(_finding("EPQ_R3", "maxEventCount", message))
    order = controls.get("orderBy")
    return Query(
        clauses=tuple(reading.clauses),
        order_by=order or OrderBy.RECORD_TIME,
        # Without a direction, ordered results descend (EPCIS 2.0, orderDirection).
        descending=order is not None and controls.get("orderDirection", "DESC") == "DESC",
        event_count_limit=controls.get("eventCountLimit"),
        max_event_count=controls.get("maxEventCount"),
        names=given,
    )


def _take(reading: _Read, name: str, value: Any) -> None:
    """Read one parameter."""
    if _control(reading, name, value):
        return
    for take in (_event_type, _exists, _match, _attributed, _compared):
        clause = take(reading, name, value)
        if clause is not None:
            reading.clauses.append(clause)
            return
    message = (
        f"{name[:80]} is no parameter of an event query here; see docs/design/epcis.md for those"
        " that are"
    )
    reading.findings.append(_finding("EPQ_R1", name, message))


def _control(reading: _Read, name: str, value: Any) -> bool:
    if name == "orderBy":
        if value not in list(OrderBy):
            raise _Unfit(f"{value!r:.60} must be eventTime or recordTime")
        reading.controls[name] = OrderBy(value)
    elif name == "orderDirection":
        if value not in ("ASC", "DESC"):
            raise _Unfit(f"{value!r:.60} must be ASC or DESC")
        reading.controls[name] = value
    elif name in _COUNTS:
        count = _number(value)
        if count != int(count) or not 1 <= count <= MOST_COUNTED:
            raise _Unfit(f"{value!r:.60} must be a whole number from 1 to {MOST_COUNTED}")
        reading.controls[name] = int(count)
    else:
        return False
    return True


def _event_type(reading: _Read, name: str, value: Any) -> Clause | None:
    if name != "eventType":
        return None
    types = _texts(value)
    for one in types:
        if one not in EVENT_TYPES and ":" not in one:
            raise _Unfit(f"{one!r:.60} must be one of {', '.join(EVENT_TYPES)}")
    return AnyOf("eventType", types)


def _exists(reading: _Read, name: str, value: Any) -> Clause | None:
    if not name.startswith("EXISTS_"):
        return None
    what = name.removeprefix("EXISTS_")
    if what in _EXISTS:
        return Has(_EXISTS[what])
    found = _extension(reading, what)
    return None if found is None else Has(found)


def _attributed(reading: _Read, name: str, value: Any) -> Clause | None:
    """Read HASATTR_<field> and EQATTR_<field>_<attribute> (master data)."""
    parts = _ATTRIBUTED.fullmatch(name)
    if parts is None:
        return None
    if parts[1] is not None:
        attributes = _texts(value)
        if len(attributes) > 1:
            raise _Unfit("names one attribute here")
        return Attributed(parts[1], names.uri(attributes[0]))
    return Attributed(parts[2], names.uri(parts[3]), _texts(value))


def _match(reading: _Read, name: str, value: Any) -> Clause | None:
    roles = IDENTIFIERS.get(name)
    if roles is None:
        return None
    found = [one for text in _texts(value) for one in patterns.read(text)]
    others = sum(len(one.patterns) for one in reading.clauses if isinstance(one, Match))
    if len(found) + others > MOST_VALUES:
        raise _Unfit(f"all patterns mean more than {MOST_VALUES} prefixes; ask for fewer")
    return Match(roles, tuple(found))


def _compared(reading: _Read, name: str, value: Any) -> Clause | None:
    """Read EQ_, GT_, GE_, LT_, LE_ and WD_ parameters."""
    if name in ("WD_readPoint", "WD_bizLocation"):
        places = tuple(map(names.identifier, _texts(value)))
        return AnyOf(name, places)
    parts = _OP.fullmatch(name)
    if parts is None:
        return None
    op, what = Op(parts[1]), parts[2]
    for take in (_text_field, _instant_field, _measure_field, _typed_field, _extension_field):
        clause = take(reading, op, what, value)
        if clause is not None:
            return clause
    return None


def _text_field(reading: _Read, op: Op, what: str, value: Any) -> Clause | None:
    if op is not Op.EQ:
        return None
    if what == "action":
        actions = _texts(value)
        if not set(actions) <= {"ADD", "OBSERVE", "DELETE"}:
            raise _Unfit(f"{value!r:.60} must be ADD, OBSERVE or DELETE")
        return AnyOf(what, actions)
    if what == "booleanValue":
        return AnyOf(what, (_boolean(value),))
    canonical = _TEXTS.get(what)
    return None if canonical is None else AnyOf(what, tuple(map(canonical, _texts(value))))


def _instant_field(reading: _Read, op: Op, what: str, value: Any) -> Clause | None:
    if op not in _INSTANTS.get(what, ()):
        return None
    return Compare(what.replace("_", ""), op, (_instant(value),))


def _measure_field(reading: _Read, op: Op, what: str, value: Any) -> Clause | None:
    parts = _MEASURE.fullmatch(what)
    if parts is None:
        return None
    many = _texts_or_numbers(value) if op is Op.EQ else (value,)
    numbers = map(_number, many)
    unit = parts[2]
    if unit is None:
        return Compare(parts[1], op, tuple(map(float, numbers)))
    known = measure_field(parts[1], unit)
    return Compare(known, op, tuple(in_base(parts[1], number, unit) for number in numbers))


def _typed_field(reading: _Read, op: Op, what: str, value: Any) -> Clause | None:
    parts = _TYPED.fullmatch(what)
    if parts is None or op is not Op.EQ:
        return None
    type_ = _TYPES[parts[1]](parts[2])
    return AnyOf(f"{parts[1]} {type_}", tuple(map(names.identifier, _texts(value))))


def _extension_field(reading: _Read, op: Op, what: str, value: Any) -> Clause | None:
    known = _extension(reading, what)
    if known is None:
        return None
    if op is Op.EQ and not isinstance(value, int | float | Decimal):
        return AnyOf(known, _texts(value))
    try:
        return Compare(known, op, (float(_number(value)),))
    except _Unfit:
        return Compare(f"{known} @", op, (_instant(value),))


def _extension(reading: _Read, what: str) -> str | None:
    """Return the index's name of a user's field, None where this cannot be one."""
    parts = _EXTENSION.fullmatch(what)
    if parts is None:
        return None
    inner, part, name = parts[1] or "", parts[2] or "EVENT", parts[3]
    if "#" not in name and ":" not in name and not name.startswith("{"):
        return None
    full = names.extension(name, reading.prefixes)
    if full is None:
        raise _Unfit(
            "its prefix is not declared: name it in @context of the query, or in the header"
            " GS1-Extensions as prefix=namespace"
        )
    return f"{inner}{part} {full}"


def _texts(value: Any) -> tuple[str, ...]:
    """Return the alternatives of a value. Raises: _Unfit."""
    many: Sequence[Any] = value.split("|") if isinstance(value, str) else value
    if not isinstance(many, list | tuple):
        many = (value,)
    if not 1 <= len(many) <= MOST_VALUES:
        raise _Unfit(f"needs 1 to {MOST_VALUES} values, not {len(many)}")
    for one in many:
        if not isinstance(one, str) or not 1 <= len(one) <= MOST_TEXT or "\0" in one:
            raise _Unfit(f"{one!r:.60} must be a text of 1 to {MOST_TEXT} characters")
    return tuple(many)


def _texts_or_numbers(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return tuple(value.split("|"))
    if not isinstance(value, list | tuple):
        return (value,)
    if not 1 <= len(value) <= MOST_VALUES:
        raise _Unfit(f"needs 1 to {MOST_VALUES} values, not {len(value)}")
    return tuple(value)


def _number(value: Any) -> Decimal:
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise _Unfit(f"{value!r:.60} must be a number")
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise _Unfit(f"{value!r:.60} must be a number") from error
    if not number.is_finite() or abs(number.adjusted()) > 100:
        raise _Unfit(f"{value!r:.60} must be a finite number below 1e100")
    return number


def _instant(value: Any) -> float:
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or len(value) > 40:
        raise _Unfit(f"{value!r:.60} must be an instant such as 2026-03-02T12:00:00Z")
    # A "+" that was not escaped arrives in a URL as a blank.
    text = value.replace(" ", "+") if "T" in value else value
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise _Unfit(f"{value!r:.60} has no time zone; write 2026-03-02T12:00:00Z")
        return float(to_microseconds(instant.astimezone(UTC)))
    except _Unfit:
        raise
    except (ValueError, OverflowError) as error:
        raise _Unfit(f"{value!r:.60} must be an instant such as 2026-03-02T12:00:00Z") from error


def _boolean(value: Any) -> str:
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool):
        return "true" if value else "false"
    if value in ("true", "false", "1", "0"):
        return {"1": "true", "0": "false"}.get(str(value), str(value))
    raise _Unfit(f"{value!r:.60} must be true or false")
