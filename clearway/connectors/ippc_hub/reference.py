"""The hub's code lists: those of UN/ECE that this system knows, and samples of the rest.

IPPC's own lists (product descriptions, conditions, statements ...) lie in its Hub and are given to
members only. A regional hub brings its own in a file of the same form as `data/sample.json`; those
of that file are marked as samples, in their text and in who changed them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

from clearway.connectors.ippc_hub import model
from clearway.connectors.ippc_hub.model import ReferenceDatum
from clearway.errors import InputError
from clearway.terms.transport import TRANSPORT_MODES
from clearway.terms.units import UNITS

MOST_BYTES: Final = 16 << 20
_UNECE: Final = "UN/ECE"
_KINDS: Final = {
    "mass": "WEIGHT",
    "volume": "VOLUME",
    "time": "DURATION",
    "duration": "DURATION",
    "temperature": "TEMPERATURE",
    "area": "AREA",
    "length": "DISTANCE",
}
_FORMS: Final[Mapping[str, type[Any]]] = {
    "GetTreatmentTypes": model.TreatmentType,
    "GetAdditionalDeclarations": model.AdditionalDeclaration,
    "GetStatements": model.Statement,
    "GetConditions": model.NamedCode,
    "GetIntendedUses": model.NamedCode,
    "GetProductDescriptions": model.NamedCode,
    "GetPesticides": model.Pesticide,
    "GetMeanOfTransports": model.MeanOfTransport,
}

Lists = Mapping[str, tuple[ReferenceDatum, ...]]


@cache
def sample() -> Lists:
    """Return the lists that come with this system, by the operation that gives them."""
    text = resources.files(__package__).joinpath("data/sample.json").read_bytes()
    return read(text)


def read(data: bytes) -> Lists:
    """Return the lists in a file, and those of UN/ECE beside them.

    Raises: InputError: it cannot be read; names the place.
    """
    if len(data) > MOST_BYTES:
        raise InputError(f"The code lists have {len(data):,} bytes; at most {MOST_BYTES:,}")
    try:
        stated = json.loads(data)
        lists = {
            name: msgspec.convert(stated.get(name, []), tuple[form, ...])  # type: ignore[valid-type]
            for name, form in _FORMS.items()
        }
    except (ValueError, AttributeError, msgspec.ValidationError) as error:
        raise InputError(f"The hub's code lists cannot be read: {error}") from error
    return {
        **lists,
        "GetUnitMeasures": units(),
        "GetPackageTypes": packages(),
        "GetMeanOfTransports": (*transports(), *lists["GetMeanOfTransports"]),
    }


@cache
def units() -> tuple[model.UnitMeasure, ...]:
    """Return the units of UN/ECE Recommendation 20 that measure what the Hub knows kinds of."""
    return tuple(
        model.UnitMeasure(True, code, None, _UNECE, unit.name, "", _KINDS[unit.dimension])
        for code, unit in UNITS.items()
        if unit.dimension in _KINDS
    )


@cache
def packages() -> tuple[model.DescribedCode, ...]:
    """Return the packages of UN/ECE Recommendation 21, each once."""
    return tuple(
        model.DescribedCode(True, code.removeprefix("X"), unit.name, "en", None, _UNECE)
        for code, unit in UNITS.items()
        if code.startswith("X") and len(code) == 3 and code[1:] in UNITS
    )


@cache
def transports() -> tuple[model.MeanOfTransport, ...]:
    """Return the modes of UN/ECE Recommendation 19."""
    return tuple(
        model.MeanOfTransport(True, "en", None, _UNECE, int(code), name)
        for code, name in TRANSPORT_MODES.items()
    )
