"""The rules that an EPCIS document must keep, by name; each finding tells the place.

The rules are those of the EPCIS 2.0 JSON schema, spelled out, so that a sender is told in words.
Rules on one value are applied while reading (`formats.build`); those on an event as a whole stand
here as functions. The place is a JSON pointer (RFC 6901) or an XPath, in the sender's own form.

Source: GS1 EPCIS 2.0.0 JSON schema; EPCIS 2.0 section 7.4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from clearway.errors import RuleViolation
from clearway.movements.epcis.document import Document
from clearway.movements.epcis.model import Action, Event, EventType
from clearway.terms.finding import Level

RULES: Mapping[str, str] = {
    "EPC_R1": "a field must be of the standard, or have a namespace of its own",
    "EPC_R2": "a required field must be there",
    "EPC_R3": "a value must have the kind that the standard gives it (text, number, list, object)",
    "EPC_R4": "an identifier must be a URI without blanks",
    "EPC_R5": "an instant must be written as 2026-03-02T12:00:00Z or with an offset",
    "EPC_R6": "a number must be finite and below 1e100",
    "EPC_R7": "a unit must be two or three capital letters or digits (UN/ECE Recommendation 20)",
    "EPC_R8": "the action must be ADD, OBSERVE or DELETE",
    "EPC_R9": "eventTimeZoneOffset must be written as +02:00, from -14:00 to +14:00",
    "EPC_R10": "the type of an event must be one of the five, or a URI",
    "EPC_R11": "a word must be of the vocabulary, or a URI outside it",
    "EPC_R12": "a list must not name the same twice",
    "EPC_R13": "a field must stand once",
    "EPC_R14": "an ObjectEvent must have epcList, quantityList, or sensorElementList and readPoint",
    "EPC_R15": "ilmd belongs to an ObjectEvent with action ADD, or to a TransformationEvent",
    "EPC_R16": "childEPCs or childQuantityList must be there unless the action is DELETE",
    "EPC_R17": "a TransactionEvent must have a bizTransaction",
    "EPC_R18": "a TransactionEvent must have epcList or quantityList unless the action is DELETE",
    "EPC_R19": "a TransformationEvent must have inputs and outputs, or a transformationID with one",
    "EPC_R20": "persistentDisposition must set or unset a disposition",
    "EPC_R21": "a sensorElement must have a sensorReport",
    "EPC_R22": "a hexBinaryValue must consist of hexadecimal digits",
    "EPC_R23": "schemaVersion must be written as 2.0",
    "EPC_R24": "@context must be there",
    "EPC_R25": "a context must be one that is bundled here, or stand inline",
    "EPC_R26": "the prefix of an extension must be declared",
    "EPC_R27": "a context must not change the meaning of a name of the standard",
    "EPC_R28": "a document must not hold more, or deeper, than the limits allow",
    "EPC_R29": "true or false must be written so",
}

Place = tuple[str | int, ...]
Breach = tuple[str, Place, str]
"""The code of the rule, the place within the event, and what is wrong with the way out."""


def require(document: Document) -> None:
    """Refuse a document of which anything breaks a rule.

    Raises: RuleViolation: with every finding, each naming its place.
    """
    findings = document.all_findings()
    severe = [finding for finding in findings if finding.level is Level.SEVERE]
    if severe:
        raise RuleViolation(f"{severe[0].field}: {severe[0].message}", findings)


def event(of: Event, given: Collection[str]) -> Iterator[Breach]:
    """Yield what an event as a whole breaks.

    Args:
        given: names of the fields that were there, also if empty.
    """
    rules = _BY_TYPE.get(of.type)
    return rules(of, given) if rules is not None else iter(())


def _object(of: Event, given: Collection[str]) -> Iterator[Breach]:
    is_sensed = bool(of.sensor_element_list) and of.read_point is not None
    if not ("epcList" in given or of.quantity_list or is_sensed):
        yield (
            "EPC_R14",
            (),
            "the event names no object: give epcList or quantityList, or sensorElementList with"
            " readPoint",
        )
    if "ilmd" in given and of.action != Action.ADD:
        yield "EPC_R15", ("ilmd",), f"ilmd does not go with action {of.action}; leave it out"


def _aggregation(of: Event, given: Collection[str]) -> Iterator[Breach]:
    del given
    if not (of.child_epcs or of.child_quantity_list or of.action == Action.DELETE):
        yield (
            "EPC_R16",
            (),
            f"action {of.action} needs children: give childEPCs or childQuantityList",
        )


def _transaction(of: Event, given: Collection[str]) -> Iterator[Breach]:
    if "bizTransactionList" in given and not of.biz_transaction_list:
        yield "EPC_R17", ("bizTransactionList",), "the list is empty: name the transaction"
    if not ("epcList" in given or of.quantity_list or of.action == Action.DELETE):
        yield (
            "EPC_R18",
            (),
            f"action {of.action} needs objects: give epcList or quantityList",
        )


def _transformation(of: Event, given: Collection[str]) -> Iterator[Breach]:
    del given
    has_input = bool(of.input_epc_list or of.input_quantity_list)
    has_output = bool(of.output_epc_list or of.output_quantity_list)
    if of.transformation_id is None and not (has_input and has_output):
        missing = "outputs" if has_input else "inputs"
        yield (
            "EPC_R19",
            (),
            f"{missing} are missing: give them, or a transformationID that joins this event to the"
            " one that has them",
        )
    if of.transformation_id is not None and not (has_input or has_output):
        yield "EPC_R19", (), "neither inputs nor outputs are there: give one of them"


_BY_TYPE: Mapping[str, Callable[[Event, Collection[str]], Iterator[Breach]]] = {
    EventType.OBJECT: _object,
    EventType.AGGREGATION: _aggregation,
    EventType.ASSOCIATION: _aggregation,
    EventType.TRANSACTION: _transaction,
    EventType.TRANSFORMATION: _transformation,
}
