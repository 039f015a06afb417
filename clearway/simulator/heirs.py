"""Importers that are more than one number: branches, those who come back, those who turn bad.

A *phoenix* is found out, vanishes, and returns after some weeks under another name and number, in
the same line, mostly from the same address or telephone, with the same broker and suppliers. When
it is found out is drawn with the world and does not depend on who inspects: worlds must be the
same for all methods that are compared on them. An honest firm may hold two numbers as well, so a
link between numbers is no proof of anything.

All draws are of streams of their own, after those of the plain world.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clearway.simulator import names, traders
from clearway.simulator import schemes as ways
from clearway.simulator.founding import Register
from clearway.simulator.schemes import Scheme
from clearway.simulator.streams import Generator, stream
from clearway.simulator.traders import Importers

_DISHONEST, _HONEST = 0.1, 0.005
# Mean days of trade until found out, beyond the first month; shells are bolder.
_FOUND_OUT_DAYS, _SHELL_FOUND_OUT_DAYS, _SAFE_DAYS = 700.0, 200.0, 30
_MOST_LIVES = 4
_SAME_BROKER, _SAME_SUPPLIER = 0.7, 0.75
_SUPPLIER, _BROKER = 2, 1
_NEW_NAME = 0.35
_NEW_SCHEME_MEMBERS, _NEW_SCHEME_SHELLS, _NEW_SCHEME_KINDS = 60, 24, 8
_NEW_SCHEME_INTENSITY = 0.75
# Almost any goods can hide others.
_COVERS = 30


def found(register: Register, schemes: tuple[Scheme, ...]) -> tuple[Scheme, ...]:
    """Found whoever is more than one number, as the scale says; return the schemes with them."""
    scale = register.scale
    rows = _rows(register)
    if scale.crooked_broker_share:
        _go_to_helpers(register, schemes, rows)
    if scale.turning_share:
        _turn(register)
    if scale.branch_share:
        _branches(register, rows)
    if scale.phoenix_share:
        schemes = _phoenixes(register, schemes, rows)
    if scale.new_scheme_day is not None:
        schemes += (_new_scheme(register, scale.new_scheme_day, rows),)
    return schemes


def renamed(register: Register, importers: Importers) -> Importers:
    """Return the importers, heirs and branches under variants of their first names."""
    principal = importers.principal
    others = np.flatnonzero(principal != np.arange(len(principal)))
    if not register.scale.phoenix_share and not register.scale.branch_share:
        return importers
    rng = stream(register.seed, "heirs' names")
    called = list(importers.firms.names)
    for place in others.tolist():
        is_hiding = importers.dishonesty[place] >= _DISHONEST
        if not is_hiding or rng.random() >= _NEW_NAME:
            called[place] = names.variant(rng, called[int(principal[place])])
    return replace(importers, firms=replace(importers.firms, names=tuple(called)))


def _rows(register: Register) -> dict[int, list[int]]:
    """Return the places of each importer's lanes."""
    rows: dict[int, list[int]] = {}
    for place, row in enumerate(register.rows):
        rows.setdefault(int(row[0]), []).append(place)
    return rows


def _go_to_helpers(
    register: Register, schemes: tuple[Scheme, ...], rows: dict[int, list[int]]
) -> None:
    """Let dishonest importers use the brokers who help with schemes."""
    rng = stream(register.seed, "crooked brokers")
    helpers = sorted({each.broker for each in schemes})
    for importer, dishonesty in enumerate(register.dishonesty):
        if dishonesty >= _DISHONEST and rng.random() < register.scale.crooked_broker_share:
            broker = float(rng.choice(helpers))
            for place in rows.get(importer, ()):
                row = register.rows[place]
                register.rows[place] = (row[0], broker, *row[2:])


def _turn(register: Register) -> None:
    """Let some honest importers turn bad: new owners, debts, a tempting offer."""
    rng = stream(register.seed, "turning")
    for importer, dishonesty in enumerate(register.dishonesty):
        if dishonesty < _HONEST and rng.random() < register.scale.turning_share:
            when = int(rng.integers(register.first_day[importer], register.days))
            register.turns[importer] = (when, float(rng.uniform(0.1, 0.35)))


def _branches(register: Register, rows: dict[int, list[int]]) -> None:
    rng = stream(register.seed, "branches")
    for importer, dishonesty in enumerate(list(register.dishonesty)):
        if dishonesty >= _HONEST or rng.random() >= register.scale.branch_share:
            continue
        first = int(rng.integers(register.first_day[importer], register.days))
        branch = register.found(
            register.lines[importer],
            first,
            max(register.last_day[importer], first + 1),
            dishonesty,
            False,
            principal=importer,
        )
        _inherit(rng, register, [register.rows[place] for place in rows[importer]], branch)


def _phoenixes(
    register: Register, schemes: tuple[Scheme, ...], rows: dict[int, list[int]]
) -> tuple[Scheme, ...]:
    rng = stream(register.seed, "phoenixes")
    heirs: dict[int, list[int]] = {}
    lives = {place: 1 for place, taste in enumerate(register.dishonesty) if taste >= _DISHONEST}
    waiting = list(lives)
    while waiting:
        importer = waiting.pop()
        heir = _reborn(rng, register, importer, lives[importer])
        if heir is None:
            continue
        lanes = [register.rows[place] for place in rows.get(importer, ())]
        rows[heir] = list(range(len(register.rows), len(register.rows) + len(lanes)))
        _inherit(rng, register, lanes, heir)
        heirs.setdefault(register.principal[heir], []).append(heir)
        lives[heir] = lives[importer] + 1
        waiting.append(heir)
    return tuple(_with_heirs(register, each, heirs) for each in schemes)


def _reborn(rng: Generator, register: Register, importer: int, lives: int) -> int | None:
    """Let an importer be found out; return the number under which it comes back, if it does."""
    is_shell = register.is_shell[importer]
    mean = _SHELL_FOUND_OUT_DAYS if is_shell else _FOUND_OUT_DAYS
    caught = register.first_day[importer] + _SAFE_DAYS + int(rng.exponential(mean))
    pause, life, returns = int(rng.integers(10, 90)), int(rng.integers(150, 900)), rng.random()
    if caught >= register.last_day[importer]:
        return None
    register.last_day[importer] = caught
    first = caught + pause
    if first + _SAFE_DAYS >= register.days or lives >= _MOST_LIVES:
        return None
    if returns >= register.scale.phoenix_share:
        return None
    return register.found(
        register.lines[importer],
        first,
        min(first + life, register.days),
        register.dishonesty[importer],
        is_shell,
        principal=register.principal[importer],
    )


def _inherit(rng: Generator, register: Register, lanes: list[tuple[float, ...]], heir: int) -> None:
    """Open the lanes again under the heir's number: mostly the same broker and suppliers."""
    broker = float(rng.integers(register.scale.brokers))
    keeps_broker = rng.random() < _SAME_BROKER
    for row in lanes:
        supplier = row[_SUPPLIER]
        if rng.random() >= _SAME_SUPPLIER:
            key = (int(row[3]), int(row[4]), int(rng.integers(register.scale.suppliers)))
            supplier = float(register.suppliers.setdefault(key, len(register.suppliers)))
        kept = row[_BROKER] if keeps_broker else broker
        register.rows.append((heir, kept, supplier, *row[3:]))


def _with_heirs(register: Register, scheme: Scheme, heirs: dict[int, list[int]]) -> Scheme:
    """Return a scheme in which heirs go on in the place of those found out."""
    people = sorted({register.principal[member] for member in scheme.members})
    more = [heir for each in people for heir in heirs.get(each, ())]
    return replace(scheme, members=(*scheme.members, *more)) if more else scheme


def _new_scheme(register: Register, first_day: int, rows: dict[int, list[int]]) -> Scheme:
    """Found a new scheme: members honest so far, new shells, a broker without blame.

    Its goods are of several families; with concealment they come from a few countries, where the
    hidden goods are loaded.
    """
    rng = stream(register.seed, "new scheme", first_day)
    mode = int(rng.choice((ways.MISCLASSIFICATION, ways.FALSE_ORIGIN, ways.SHORT_QUANTITY)))
    origins: tuple[int, ...] = ()
    pays = np.flatnonzero(ways.possible_modes(register.catalogue, register.tariff.general)[:, mode])
    if register.scale.new_scheme_is_unseen:
        mode, pays = ways.CONCEALMENT, np.flatnonzero(register.catalogue.weight > 0)
        origins = _busiest_origins(register, rng)
    kinds = _COVERS if origins else _NEW_SCHEME_KINDS
    goods = rng.choice(pays, min(kinds, len(pays)), replace=False).tolist()
    broker = int(rng.integers(register.scale.brokers))
    trading = sorted(
        importer
        for importer, places in rows.items()
        if register.dishonesty[importer] < _HONEST
        and register.first_day[importer] + 365 < first_day < register.last_day[importer]
        and any(_serves(register.rows[place], goods, origins) for place in places)
    )
    count = min(_NEW_SCHEME_MEMBERS, len(trading))
    members = [int(each) for each in rng.choice(trading, count, replace=False)] if trading else []
    for number in range(_NEW_SCHEME_SHELLS):
        # They come one after another, as the offer gets about.
        first = first_day + 5 * number
        last = min(first + int(rng.integers(150, 400)), register.days)
        kind = int(rng.choice(goods))
        shell = register.found(register.catalogue.kinds[kind].family, first, last, 0.01, True)
        register.open_lane(rng, shell, kind, broker, float(traders.sizes(rng, 1)[0]) * 2.0)
        members.append(shell)
    return Scheme(
        mode, tuple(goods), tuple(members), broker, first_day, register.days,
        _NEW_SCHEME_INTENSITY, float(rng.uniform(0.5, 0.7)), origins,
    )  # fmt: skip


def _serves(lane: tuple[float, ...], goods: list[int], origins: tuple[int, ...]) -> bool:
    return int(lane[3]) in goods and (not origins or int(lane[4]) in origins)


def _busiest_origins(register: Register, rng: Generator) -> tuple[int, ...]:
    """Return four of the ten countries from which most lanes come."""
    count = np.bincount([int(row[4]) for row in register.rows])
    busiest = np.argsort(-count, kind="stable")[:10]
    return tuple(int(each) for each in rng.choice(busiest, 4, replace=False))
