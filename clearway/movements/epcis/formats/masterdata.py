"""Master data in the header of a document, or in a query's answer, taken from the tree."""

from __future__ import annotations

from typing import Any

from clearway.movements.epcis.check import Place
from clearway.movements.epcis.document import Attribute, Vocabulary, VocabularyElement
from clearway.movements.epcis.formats import values
from clearway.movements.epcis.formats.extensions import is_extension, take_extension
from clearway.movements.epcis.formats.values import Reading, kind_of


def take_header(reading: Reading, raw: Any, place: Place) -> tuple[Vocabulary, ...]:
    """Return the master data of a header; fields of other namespaces are not kept."""
    if not isinstance(raw, dict):
        reading.wrong("EPC_R3", place, f"must be an object, but is {kind_of(raw)}")
        return ()
    for name in raw:
        if name != "epcisMasterData" and not is_extension(reading, name):
            reading.wrong("EPC_R1", (*place, name), f"{name[:60]!r} is not a field of the header")
    data = raw.get("epcisMasterData", {})
    within = (*place, "epcisMasterData")
    if not isinstance(data, dict):
        reading.wrong("EPC_R3", within, f"must be an object, but is {kind_of(data)}")
        return ()
    return take_list(reading, data.get("vocabularyList", []), (*within, "vocabularyList"))


def take_list(reading: Reading, raw: Any, place: Place) -> tuple[Vocabulary, ...]:
    """Return the vocabularies of a list."""
    found = []
    for each, within in _items(reading, raw, place):
        elements = [
            _element(reading, one, at)
            for one, at in _items(
                reading, each.get("vocabularyElementList", []), (*within, "vocabularyElementList")
            )
        ]
        found.append(Vocabulary(_uri(reading, each, within, "type"), tuple(elements)))
    return tuple(found)


def _element(reading: Reading, raw: dict[str, Any], place: Place) -> VocabularyElement:
    attributes = [
        _attribute(reading, one, at)
        for one, at in _items(reading, raw.get("attributes", []), (*place, "attributes"))
    ]
    children = raw.get("children", [])
    within = (*place, "children")
    if not isinstance(children, list):
        reading.wrong("EPC_R3", within, f"must be a list, but is {kind_of(children)}")
        children = []
    named = [values.take_uri(reading, each, (*within, at)) for at, each in enumerate(children)]
    return VocabularyElement(
        _uri(reading, raw, place, "id"),
        tuple(attributes),
        tuple(each for each in named if each is not None),
    )


def _attribute(reading: Reading, raw: dict[str, Any], place: Place) -> Attribute:
    id_ = _uri(reading, raw, place, "id")
    whole = take_extension(reading, "{urn:}attribute", raw.get("attribute", ""), place)
    if len(whole) != 1:
        reading.wrong("EPC_R3", (*place, "attribute"), "must be one text, number or object")
        return Attribute(id_)
    return Attribute(id_, whole[0].text, whole[0].children)


def _items(reading: Reading, raw: Any, place: Place) -> list[tuple[dict[str, Any], Place]]:
    if not isinstance(raw, list):
        reading.wrong("EPC_R3", place, f"must be a list, but is {kind_of(raw)}")
        return []
    found = []
    for at, each in enumerate(raw):
        if isinstance(each, dict):
            found.append((each, (*place, at)))
        else:
            reading.wrong("EPC_R3", (*place, at), f"must be an object, but is {kind_of(each)}")
    return found


def _uri(reading: Reading, raw: dict[str, Any], place: Place, name: str) -> str:
    if name not in raw:
        reading.missing(place, name)
        return ""
    return values.take_uri(reading, raw[name], (*place, name)) or ""
