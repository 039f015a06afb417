"""Make frozen values fast.

The constructor of a frozen dataclass sets each field through `object.__setattr__`, also the twenty
of a sensor report that are empty. Setting the slots themselves saves a third of that time, and an
event has a dozen reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


def maker(kind: type[T]) -> Callable[[Mapping[str, Any]], T]:
    """Return what makes a value of a slotted dataclass from its fields by name.

    It does what `kind(**found)` does, for a class whose fields have plain defaults and no
    `__post_init__`. A required field that is missing is an error of the caller's, a KeyError.
    """
    named = fields(kind)  # type: ignore[arg-type]
    plain = {each.name: each.default for each in named if each.default is not MISSING}
    setters = [(each.name, getattr(kind, each.name).__set__) for each in named]

    def make(found: Mapping[str, Any]) -> T:
        value = object.__new__(kind)
        held = {**plain, **found}
        for name, put in setters:
            put(value, held[name])
        return value

    return make
