"""By what a node judges: policy, the country's measures, and how risk selects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from clearway.coldchain import commodities, commodity_rows, treatment_schedules
from clearway.errors import InputError
from clearway.measures.formats import profile as measures
from clearway.measures.model import Profile
from clearway.node.files import Folder
from clearway.policy.act import Policy
from clearway.policy.cedar import CedarPolicy
from clearway.risk import tables
from clearway.risk.formats import capacity
from clearway.risk.formats.artefact import load_scorer
from clearway.risk.model import Capacities, Capacity, Limit
from clearway.risk.profiles import tables as rules
from clearway.risk.selectivity import Selectivity
from clearway.settings import Settings


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that judges; read once when the node opens.

    Args:
        policy: who may do what.
        profile: tariff, required certificates, mandatory controls of the country.
        selectivity: model, selectivity profiles, capacities.
    """

    policy: Policy
    profile: Profile
    selectivity: Selectivity


def read(settings: Settings, folder: Folder, connection: Connection) -> Rulebook:
    """Return the rulebook that the settings and the last activated model make.

    The country's own commodities and treatments are laid over the libraries of this process.

    Raises:
        InputError: there is no such country profile, or a file of the country's own cannot be read
            or has a wrong row. VerificationError: the model was changed.
    """
    if settings.profile != "sample":
        raise InputError(f"There is no country profile {settings.profile!r}; there is: sample")
    _lay_over(settings)
    known = read_capacities(settings)
    return with_rules(
        Rulebook(
            policy=CedarPolicy.load(),
            profile=measures.sample(),
            selectivity=Selectivity(
                scorer=load_scorer(_model_folder(settings, folder, connection)),
                profiles=rules.rules_in_force(connection),
                capacities=known,
            ),
        ),
        connection,
        known,
    )


def with_rules(book: Rulebook, connection: Connection, known: Capacities) -> Rulebook:
    """Return the rulebook with the rules that are in force.

    Args:
        book: of before.
        connection: to the node's store.
        known: capacities of the offices, before the bounds that rules bring along.
    """
    limits = {
        id: Limit(bounds.most_per_day, bounds.opens, bounds.closes)
        for id, bounds in rules.bounds_in_force(connection).items()
    }
    capacities = Capacities(
        _limited(known.default, limits),
        {office: _limited(each, limits) for office, each in known.offices.items()},
    )
    return replace(
        book,
        selectivity=replace(
            book.selectivity, profiles=rules.rules_in_force(connection), capacities=capacities
        ),
    )


def _limited(known: Capacity, limits: dict[str, Limit]) -> Capacity:
    """Lay the bounds that rules bring along over those of the office, which are kept."""
    return replace(known, limits={**limits, **known.limits}) if limits else known


def _lay_over(settings: Settings) -> None:
    goods, schedule = settings.commodities_file, settings.treatments_file
    commodities.use(commodity_rows.read_file(_bytes(goods)) if goods else ())
    treatment_schedules.use(treatment_schedules.read_file(_bytes(schedule)) if schedule else ())


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}") from error


def _model_folder(settings: Settings, folder: Folder, connection: Connection) -> Path | None:
    if settings.model_directory:
        return Path(settings.model_directory)
    active = tables.active_model(connection)
    return None if active is None else folder.models / active.id


def read_capacities(settings: Settings) -> Capacities:
    """Return what each office can do in a day, by the file if there is one.

    Raises: InputError: the file cannot be read, or does not hold; so does a setting.
    """
    base = Capacity(
        red=settings.red_per_day,
        yellow=settings.yellow_per_day,
        blue=settings.blue_per_day,
        random_share=settings.random_share,
        usual_arrivals=settings.arrivals_per_day,
        explore_share=settings.explore_share,
    )
    chosen = settings.capacity_file
    return capacity.read(_bytes(chosen), base) if chosen else Capacities(base)
