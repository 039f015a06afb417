"""Years of past declarations for a risk model to learn from, one row per item.

    frame = history(seed=7, days=365, per_day=55)

The schema is the one that `clearway risk train` reads. Labels exist only where officers looked:
about 6 % of declarations, most of them chosen by crude rules, about 1 % by chance; and officers
miss some of what is there. What was really wrong is in a frame of its own (`Past.truth`), which no
model may see.

| column | type | meaning |
|---|---|---|
| mrn, item | text, integer | names the row |
| accepted_at | instant, UTC | when the declaration was accepted |
| importer, declarant, exporter | text | party numbers |
| office, hs, origin, dispatch, preference | text | codes; preference 100 is none claimed |
| net_mass_kg, value, currency | number, number, text | of the item, as invoiced |
| statistical_value, duty_rate | number | local currency; percent |
| packages, transport_mode, description | integer, text, text | as declared |
| certificates | number | documents cited for the item |
| examined | boolean | whether officers looked |
| illicit, extra_revenue | boolean, number | what they found; null where they did not look |
| known_at | instant, UTC | when the result was recorded; null where there is none |
| exporter_country, address, phone | text | of the exporter; of the importer |
| signals | integer | what other desks had noticed, bits of `signals` |
| outcome, mode | text | nothing, partial or full; kind of cheat found; null without a result |
| stratum, propensity | text, number | why officers looked; the chance that they would |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clearway.simulator import cheating, inspection, names, registry, signals
from clearway.simulator.inspection import NOTHING, PARTIAL, USUAL, WHOLE, Inspection, Looked
from clearway.simulator.places import RATES
from clearway.simulator.schemes import MODE_NAMES
from clearway.simulator.streams import stream
from clearway.simulator.tariff import GENERAL, PREFERENTIAL
from clearway.simulator.trade import Items, count_a_day, draw
from clearway.simulator.traders import MODES, Floats, Ints
from clearway.simulator.world import FIRST_DAY, World, build, day_number
from clearway.terms.identifiers import Mrn

if TYPE_CHECKING:
    from polars import DataFrame

# The simulated day that follows the history, unless the caller says otherwise.
DEFAULT_DAY = date(2026, 7, 14)
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_EPOCH_DAY = (FIRST_DAY - date(1970, 1, 1)).days
_DAY_S = 86_400
# An invoice and a transport document go with every declaration.
_HEADER_DOCUMENTS = 2.0
# Shares of descriptions that name a brand, a packing, stand in capitals, are misspelt.
_HABITS = np.array([0.25, 0.15, 0.3, 0.06])


@dataclass(frozen=True, slots=True)
class Past:
    """A history and, apart from it, the truth of the same rows (mrn, item).

    Args:
        frame: what a border would have on file.
        truth: mode, scheme, propensity to cheat, true HS, origin, mass, value and extra revenue
            of each row.
    """

    frame: DataFrame
    truth: DataFrame


def history(seed: int, days: int, per_day: float, *, until: date = DEFAULT_DAY) -> DataFrame:
    """Return the items declared in the `days` days before `until`, as a border knows them.

    Args:
        seed: of the world.
        days: 1 or more; the world begins on 2022-01-01.
        per_day: declarations on a mean day; each has about 1.6 items.

    Raises: ValueError: the days lie outside the world's years.
    """
    return past(build(seed), days, per_day, until=until).frame


def past(
    world: World,
    days: int,
    per_day: float,
    *,
    until: date = DEFAULT_DAY,
    policy: Inspection = USUAL,
) -> Past:
    """Return history and truth of the days before `until`.

    Raises: ValueError: the days lie outside the world's years.
    """
    first = day_number(until - timedelta(days=days))
    rng = stream(world.seed, "history", first, days)
    items = draw(world, rng, first, count_a_day(world, rng, first, days, per_day))
    looked = inspection.examined(world, rng, items, policy)
    found = inspection.found(rng, items, policy)
    late = inspection.delay_s(rng, len(found), policy)
    revenue = cheating.extra_revenue(world, items.truths, items.declared, items.mode)
    share = inspection.proved(rng, len(found), policy)
    references = _references(world, items)
    columns = _declared(world, items, references)
    columns |= _results(items, looked, np.where(found, share, 0.0), revenue, late)
    columns |= _noticed(world, items) | _why(looked)
    return Past(_frame(columns), _frame(_truth(world, items, references, revenue)))


def _frame(columns: dict[str, Any]) -> DataFrame:
    # polars is heavy: whoever simulates a day without a history does not load it.
    import polars

    return polars.DataFrame(columns)


def _declared(world: World, items: Items, references: list[str]) -> dict[str, Any]:
    import polars

    lanes, declared, kinds = world.lanes, items.declared, world.catalogue.kinds
    importer, exporter = lanes.importer[items.lane], lanes.exporter[items.lane]
    countries = np.array(world.countries)
    currency = currencies(world)[exporter]
    rate = np.array([RATES[code] for code in currency.tolist()])
    duty = world.tariff.duty_share(declared.goods, declared.origin, declared.prefers)
    offices = np.array([world.border.offices[mode] for mode in MODES])
    words = np.array([kind.descriptions for kind in kinds])
    regulated = np.array([float(kind.certificate is not None) for kind in kinds])
    return {
        "mrn": references,
        "item": items.number,
        "accepted_at": polars.Series(
            _instants(items.day * _DAY_S + items.second)
        ).dt.replace_time_zone("UTC"),
        "importer": np.array(world.importers.firms.ids)[importer],
        "declarant": np.array(world.brokers.ids)[lanes.broker[items.lane]],
        "exporter": np.array(world.exporters.ids)[exporter],
        "office": offices[lanes.mode[items.lane]],
        "hs": np.array([str(kind.hs) for kind in kinds])[declared.goods],
        "origin": countries[declared.origin],
        "dispatch": countries[declared.dispatch],
        "preference": np.where(declared.prefers, PREFERENTIAL, GENERAL),
        "net_mass_kg": declared.mass_kg,
        "value": np.round(declared.value_usd / rate, 2),
        "currency": currency,
        "statistical_value": np.round(declared.value_usd, 2),
        "duty_rate": np.round(duty * 100.0, 2),
        "packages": declared.packages,
        "transport_mode": np.array(MODES)[lanes.mode[items.lane]],
        "description": _described(world, items, words[declared.described_as, declared.wording]),
        "certificates": _HEADER_DOCUMENTS + regulated[declared.goods] + declared.prefers,
    }


def _results(
    items: Items, looked: Looked, proved: Floats, revenue: Floats, late: Ints
) -> dict[str, Any]:
    """Return the columns of results.

    Args:
        proved: share of the revenue that an examination proves, 0 where it finds nothing.
        late: seconds from acceptance to the result.
    """
    import polars

    known = items.day * _DAY_S + items.second + late
    found = proved > 0
    outcome = polars.DataFrame(
        {
            "illicit": found,
            "extra_revenue": np.round(np.where(found, revenue * proved, 0.0), 2),
            "known_at": polars.Series(_instants(known)).dt.replace_time_zone("UTC"),
            "outcome": np.where(found, np.where(proved < 1.0, PARTIAL, WHOLE), NOTHING),
            "mode": np.where(found, np.array(MODE_NAMES)[items.mode], ""),
        }
    )
    shown = polars.Series(looked.examined)
    masked = outcome.select(polars.when(shown).then(polars.all())).get_columns()
    return {"examined": looked.examined} | {column.name: column for column in masked}


def _noticed(world: World, items: Items) -> dict[str, Any]:
    exporters = np.array(world.exporters.countries)
    importer = world.lanes.importer[items.lane]
    register = registry.registrations(world)
    return {
        "exporter_country": exporters[world.lanes.exporter[items.lane]],
        "address": register["address"].gather(importer),
        "phone": register["phone"].gather(importer),
        "signals": signals.noticed(world, items),
    }


def _why(looked: Looked) -> dict[str, Any]:
    targeted = np.where(looked.examined, "profile", "none")
    return {
        "stratum": np.where(looked.drawn, "random", targeted),
        "propensity": looked.propensity,
    }


def _truth(world: World, items: Items, references: list[str], revenue: Floats) -> dict[str, Any]:
    hs = np.array([str(kind.hs) for kind in world.catalogue.kinds])
    return {
        "mrn": references,
        "item": items.number,
        "mode": np.array(MODE_NAMES)[items.mode],
        "scheme": items.scheme,
        "propensity": items.propensity,
        "true_hs": hs[items.goods],
        "true_origin": np.array(world.countries)[items.origin],
        "true_mass_kg": items.mass_kg,
        "true_value_usd": items.value_usd,
        "extra_revenue": np.round(revenue, 2),
    }


def _described(world: World, items: Items, texts: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return the descriptions as clerks write them, where the world's clerks write freely."""
    if not world.scale.loose_words:
        return texts
    rng = stream(world.seed, "words", int(items.day[0]), len(texts))
    brands = [name.split(" ")[0] for name in world.exporters.names]
    supplier = world.lanes.exporter[items.lane].tolist()
    branded, packed, shouted, wrong = (rng.random((4, len(texts))) < _HABITS[:, None]).tolist()
    sizes = rng.choice((6, 10, 12, 20, 24, 48), len(texts)).tolist()
    written = []
    for place, text in enumerate(texts.tolist()):
        words = text
        if wrong[place]:
            first, *rest = text.split(" ")
            words = " ".join((names.misspelt(rng, first), *rest))
        if branded[place]:
            words = f"{words} {brands[supplier[place]]}"
        if packed[place]:
            words = f"{words} {sizes[place]} pcs/ctn"
        written.append(words.upper() if shouted[place] else words)
    return np.array(written)


def currencies(world: World) -> NDArray[np.str_]:
    """Return the currency in which each exporter invoices, shape (exporters,)."""
    return np.array([world.places[code].currency for code in world.exporters.countries])


def _references(world: World, items: Items) -> list[str]:
    """Return the movement reference number of each row; one a declaration."""
    days = items.day[np.searchsorted(items.declaration, np.arange(items.declaration[-1] + 1))]
    country = world.border.country
    numbers = [
        str(Mrn.build((FIRST_DAY + timedelta(days=day)).year, country, _body(day, place)))
        for place, day in enumerate(days.tolist())
    ]
    return [numbers[place] for place in items.declaration.tolist()]


def _body(day: int, place: int) -> str:
    """Return 13 characters that no declaration of the simulated day bears."""
    number, digits = day * 1_000_000 + place % 1_000_000, ""
    while number:
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return f"HIS{digits:0>10}"


def _instants(seconds: Ints) -> NDArray[np.datetime64]:
    return ((seconds + _EPOCH_DAY * _DAY_S) * 1_000_000).astype("datetime64[us]")
