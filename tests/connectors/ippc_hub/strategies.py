"""Values of every wire type, made from the wire tables themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from clearway.connectors.ippc_hub.formats.operations import Operation
from clearway.connectors.ippc_hub.formats.shapes import CERTIFICATE, Part, Shape, Simple
from clearway.connectors.ippc_hub.model import Receipt

# A text of XML 1.0; a line end of another kind than \n travels as a character reference.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r"),
    max_size=20,
)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC)
)
_SIMPLE: dict[Simple, st.SearchStrategy[Any]] = {
    Simple.TEXT: TEXTS,
    Simple.INT: st.integers(-(2**31), 2**31 - 1),
    Simple.TRUTH: st.booleans(),
    Simple.INSTANT: INSTANTS,
}


def document(part: Part) -> st.SearchStrategy[bytes]:
    open_ = f'<n:{part.name} xmlns:n="{part.namespace}">'
    return st.sampled_from(
        [
            f"{open_}</n:{part.name}>".encode(),
            f'{open_}<n:x a="1">é &amp;</n:x></n:{part.name}>'.encode(),
            f'<{part.name} xmlns="{part.namespace}"><b xmlns="urn:b">1</b></{part.name}>'.encode(),
        ]
    )


def of_shape(shape: Shape) -> st.SearchStrategy[Any]:
    return st.builds(shape.build, **{part.field: of_part(part) for part in shape.parts})


def of_part(part: Part) -> st.SearchStrategy[Any]:
    if isinstance(part.kind, Shape):
        one = of_shape(part.kind)
        if part.item or part.is_many:
            return st.lists(one, max_size=3).map(tuple)
        return one if part.is_needed else st.none() | one
    if part.kind is Simple.DOCUMENT:
        return st.just(b"") | document(part)
    value = _SIMPLE[part.kind]
    if part.is_needed or part.kind is Simple.TEXT:
        return value
    return st.none() | value


def of_message(parts: tuple[Part, ...]) -> st.SearchStrategy[Any]:
    if not parts:
        return st.none()
    if len(parts) == 1:
        return of_part(parts[0])
    return st.builds(Receipt, hub_number=TEXTS, message=TEXTS)


def request_of(operation: Operation) -> st.SearchStrategy[Any]:
    return of_message(operation.takes)


def response_of(operation: Operation) -> st.SearchStrategy[Any]:
    return of_message(operation.gives)


__all__ = ["CERTIFICATE", "INSTANTS", "TEXTS", "of_shape", "request_of", "response_of"]
