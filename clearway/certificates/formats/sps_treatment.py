"""Treatments (AppliedSPSProcess), read and written.

A treatment is a period and characteristics. The first Description of a characteristic is its code:
TTL1 and TTL2 type, TTFT full text, TTCH agent, TTCO concentration, TTTM temperature, TTAI remarks;
what follows is its value.
"""

from __future__ import annotations

from clearway.certificates.formats.sps_parts import (
    as_quantity,
    put,
    read_measure,
    read_quantity,
    read_stated,
    read_texts,
    write_measure,
    write_stated,
    write_texts,
)
from clearway.certificates.formats.sps_tree import Node
from clearway.certificates.parts import Characteristic, Measure, Text, Treatment
from clearway.terms.quantity import Quantity
from clearway.wire.xml import Element

# Mutually defined: the characteristics say what the process was.
_TYPE = "ZZZ"


class _Characteristics:
    """The characteristics of one treatment, sorted by code."""

    def __init__(self) -> None:
        self.texts: dict[str, list[Text]] = {}
        self.temperature: Quantity | None = None
        self.concentration: Measure | None = None
        self.others: list[Characteristic] = []

    def take(self, node: Node) -> None:
        """Sort in one characteristic."""
        code, *texts = read_texts(node, "Description") or (Text(""),)
        measure = read_measure(node.first("ValueMeasure"))
        if code.text in ("TTL1", "TTL2", "TTFT", "TTCH", "TTAI") and texts and measure is None:
            self.texts.setdefault(code.text, []).extend(texts)
        elif not (measure is not None and self._take_measure(code.text, measure)):
            self._keep(code.text, texts, measure)

    def _take_measure(self, code: str, measure: Measure) -> bool:
        if code == "TTCO" and self.concentration is None:
            self.concentration = measure
            return True
        quantity = as_quantity(measure) if code == "TTTM" and self.temperature is None else None
        if quantity is None or quantity.unit.dimension != "temperature":
            return False
        self.temperature = quantity
        return True

    def _keep(self, code: str, texts: list[Text], measure: Measure | None) -> None:
        text = " ".join(each.text for each in texts)
        if code or text or measure is not None:
            self.others.append(Characteristic(code, text, measure))

    def first(self, code: str) -> str:
        """Return the first text under a code, or ""."""
        return next((text.text for text in self.texts.get(code, ())), "")

    def all(self, code: str) -> tuple[Text, ...]:
        """Return the texts under a code."""
        return tuple(self.texts.get(code, ()))


def read_treatments(nodes: list[Node]) -> tuple[Treatment, ...]:
    """Return the treatments; a process that says nothing is none."""
    return tuple(found for found in map(_read, nodes) if found != Treatment())


def _read(node: Node) -> Treatment:
    found = _Characteristics()
    for characteristic in node.all("ApplicableSPSProcessCharacteristic"):
        found.take(characteristic)
    period = node.first("CompletionSPSPeriod")
    durations = period.all("DurationMeasure") if period is not None else []
    if len(durations) > 1:
        node.remarks.add("CERT_M10", durations[1].path)
    return Treatment(
        type=found.first("TTL1"),
        subtype=found.first("TTL2"),
        description=found.all("TTFT"),
        agents=tuple(text.text for text in found.all("TTCH")),
        concentration=found.concentration,
        temperature=found.temperature,
        duration=read_quantity(durations[0], "time") if durations else None,
        started=read_stated(period.first("StartDateTime")) if period is not None else None,
        ended=read_stated(period.first("EndDateTime")) if period is not None else None,
        information=found.all("TTAI"),
        others=tuple(found.others),
    )


def write_treatment(parent: Element, treatment: Treatment) -> None:
    """Append one treatment."""
    element = put(parent, "AppliedSPSProcess")
    put(element, "TypeCode", _TYPE)
    if treatment.started or treatment.ended or treatment.duration:
        period = put(element, "CompletionSPSPeriod")
        write_stated(period, "StartDateTime", treatment.started)
        write_stated(period, "EndDateTime", treatment.ended)
        write_measure(period, "DurationMeasure", treatment.duration)
    for code, text in (("TTL1", treatment.type), ("TTL2", treatment.subtype)):
        _write_texts(element, code, (Text(text),) if text else ())
    _write_texts(element, "TTFT", treatment.description)
    for agent in treatment.agents:
        _write_texts(element, "TTCH", (Text(agent),))
    _write_measure(element, "TTCO", "", treatment.concentration)
    _write_measure(element, "TTTM", "", treatment.temperature)
    _write_texts(element, "TTAI", treatment.information)
    for other in treatment.others:
        _write_measure(element, other.code, other.text, other.measure, always=True)


def _write_texts(parent: Element, code: str, texts: tuple[Text, ...]) -> None:
    if texts:
        element = put(parent, "ApplicableSPSProcessCharacteristic")
        put(element, "Description", code)
        write_texts(element, "Description", texts)


def _write_measure(
    parent: Element,
    code: str,
    text: str,
    measure: Measure | Quantity | None,
    *,
    always: bool = False,
) -> None:
    if measure is None and not always:
        return
    element = put(parent, "ApplicableSPSProcessCharacteristic")
    put(element, "Description", code)
    if text:
        put(element, "Description", text)
    write_measure(element, "ValueMeasure", measure)
