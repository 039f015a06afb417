"""What risk speaks of: goods as a score sees them, pasts, lanes, profiles and assessments.

A declaration is scored item by item: each item becomes one `Goods`, the same for a row of history
and for a declaration that came a moment ago. Numbers here are floats on purpose: they are measures
for statistics; money that anybody owes stays a Decimal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from clearway.terms.period import Period
from clearway.terms.reason import Reason


class Channel(StrEnum):
    """What happens to a declaration, strictest first (the lanes of customs selectivity)."""

    RED = "red"  # physical examination
    YELLOW = "yellow"  # documentary check
    BLUE = "blue"  # release now, audit after clearance
    GREEN = "green"  # release


CUSTOMS = "customs"


class Stratum(StrEnum):
    """Why a declaration stands in its channel: later statistics must never mix these."""

    MANDATORY = "mandatory"  # the law or a treaty demands the control
    PROFILE = "profile"  # a selectivity profile matched
    SCORE = "score"  # the model ranks it high enough for the capacity of the day
    EXPLORED = "explored"  # drawn among those of which the model knows least
    RANDOM = "random"  # drawn; the only unbiased sample of all declarations
    NONE = "none"  # not selected


@dataclass(frozen=True, slots=True)
class Goods:
    """One item of a declaration, as known when the declaration was accepted.

    Args:
        mrn: of the declaration.
        item: number of the item.
        day: of acceptance, days since 1970 UTC.
        importer: party id, or the name where none is given; "" unknown. So the next two.
        declarant: who lodged it.
        exporter: who sold or sent it.
        office: customs office.
        hs: 6 to 10 digits.
        origin: ISO 3166-1 alpha-2. So `dispatch`.
        dispatch: country the goods were sent from.
        preference: code of the preference claimed; "" or a code that starts with 1: none.
        net_mass_kg: NaN or <= 0: unknown.
        value_eur: at the coarse rates of `exchange`; NaN or <= 0: unknown.
        duty_rate: percent of the value; NaN unknown.
        packages: 0 unknown.
        transport_mode: UN/ECE Recommendation 19, one digit; "" unknown.
        description: the declarant's words.
        certificates: documents cited for the item; NaN unknown.
        address, phone: of the importer; "" unknown.
        kin: id of the firms that the importer is known to belong to; "" none.
        signals: what other desks noticed before, bits of `SIGNALS`; -1 unknown.
        quantity: in supplementary units; NaN unknown.
    """

    mrn: str
    item: int
    day: int
    importer: str
    declarant: str
    exporter: str
    office: str
    hs: str
    origin: str
    dispatch: str
    preference: str
    net_mass_kg: float
    value_eur: float
    duty_rate: float
    packages: int
    transport_mode: str
    description: str
    certificates: float
    address: str = ""
    phone: str = ""
    kin: str = ""
    signals: int = -1
    quantity: float = math.nan


SIGNALS: Mapping[str, int] = {"certificate": 1, "seal": 2, "mass": 4, "cold_chain": 8}
"""What other desks notice: a certificate that does not fit, a seal, a mass, an excursion."""


class Past(NamedTuple):
    """What was known of one key (an importer, an HS code, a pair of both) at one moment.

    All whole numbers, so that sums are exact in any order: a snapshot plus what came since equals
    one walk over everything, to the last bit.

    Args:
        n: items.
        examined: items with a known result of an examination.
        found: of these, not conform.
        logs: items with a known price (or mass of a package, for the key of that).
        log_sum: sum of their natural logarithms, in `history.SCALE`-ths.
        log_squares: sum of the squares of the same.
        vague: items with a description that says nothing; for importers and declarants.
        revenue: that finds brought, whole units of the history's currency.
        first_day: of the first item, days since 1970; -1: never.
        last_day: of the last item on an earlier day than the reader's; -1: never.
        last_find: day on which the last find became known; -1: never.
        recent_examined: results that became known in the last `history.RECENT_DAYS` days.
        recent_found: of these, not conform.
    """

    n: int = 0
    examined: int = 0
    found: int = 0
    logs: int = 0
    log_sum: int = 0
    log_squares: int = 0
    vague: int = 0
    revenue: int = 0
    first_day: int = -1
    last_day: int = -1
    last_find: int = -1
    recent_examined: int = 0
    recent_found: int = 0


NEVER = Past()


@dataclass(frozen=True, slots=True)
class Profile:
    """A selectivity profile: a rule of risk analysts, with its reason.

    Args:
        id: stable, such as `GW-0302-01`.
        text: the reason that the officer sees.
        expression: CEL over `declaration`, `item` and `items`; true is a hit.
        lane: where a hit goes.
        agency: whose control it is.
        mandatory: true: no capacity limits it.
        period: when it is in force.
        owner: who answers for it.
    """

    id: str
    text: str
    expression: str
    lane: Channel
    agency: str
    mandatory: bool
    period: Period
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A profile or a control that a declaration meets.

    Args:
        id: of the profile or control.
        text: the reason that the officer sees.
        lane: where it sends a declaration.
        agency: whose control it is; only those of `CUSTOMS` touch customs' lanes and capacity.
        mandatory: no capacity limits it.
        items: numbers of the items that meet it.
        share: of such declarations that are to be controlled, by the draw; 1: each.
    """

    id: str
    text: str
    lane: Channel
    agency: str
    mandatory: bool
    items: tuple[int, ...]
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Demands:
    """What the law demands of a declaration (see `demands`).

    Args:
        duty_rates: percent of the value, by number of item.
        controls: mandatory controls of all agencies, each with the items that it is about.
    """

    duty_rates: Mapping[int, float] = field(default_factory=dict)
    controls: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """What profiles see of a declaration beside its goods.

    Args:
        kind: import, export or transit.
        containers: how many.
        documents: types of all documents cited.
        alarms: kinds of the movements' alarms that stand of its containers, each once.
        watch: names of the watch lists that its parties are on.
        goods_watch: names of those that its goods are on, by number of the item.
    """

    kind: str
    containers: int
    documents: tuple[str, ...]
    alarms: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    goods_watch: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limit:
    """What bounds the selections of one profile in an office; mandatory controls have no limit.

    Args:
        most: selections a day; None: as many as the lanes have room for.
        opens: hour UTC from which the profile selects.
        closes: hour UTC from which it does so no more.
        first: day from which it selects, days since 1970 UTC; None: from ever.
        last: last day on which it does; None: for ever.
    """

    most: int | None = None
    opens: int = 0
    closes: int = 24
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an office can do in a day.

    Args:
        red: physical examinations.
        yellow: documentary checks.
        blue: audits after clearance.
        random_share: share of all declarations sent to physical examination by the draw.
        usual_arrivals: declarations on an ordinary day, until the office's own days tell better.
        opens: hour UTC, 0 to 23.
        closes: hour UTC, above `opens`, up to 24.
        least_score: nothing below this score is opened just because somebody has time.
        explore_share: share of `red` for goods of which the model knows least.
        red_rate: share of the day's declarations that the score is to bring into the lane, within
            `red`; None: as many as there is room for. So `yellow_rate`, `blue_rate`.
        most_per_trader: declarations of one importer sent to red a day but by law or by the draw.
        weekdays: days on which people work, Monday is 1; on others only the law selects.
        yellow_days: days after which a documentary check that nobody began becomes an audit after
            clearance; 0: never.
        green_delay_minutes: how long an officer may stop a green declaration; 0: it goes at once.
        limits: of profiles, by id.
    """

    red: int
    yellow: int = 0
    blue: int = 0
    random_share: float = 0.01
    usual_arrivals: int = 200
    opens: int = 0
    closes: int = 24
    least_score: float = 0.5
    explore_share: float = 0.0
    red_rate: float | None = None
    yellow_rate: float | None = None
    blue_rate: float | None = None
    most_per_trader: int | None = None
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    yellow_days: int = 0
    green_delay_minutes: int = 0
    limits: Mapping[str, Limit] = field(default_factory=dict)

    def of(self, lane: Channel) -> int:
        """Return the places of a lane in a day; green has no end."""
        return {Channel.RED: self.red, Channel.YELLOW: self.yellow, Channel.BLUE: self.blue}[lane]

    def rate_of(self, lane: Channel) -> float | None:
        """Return the share of declarations that the score is to bring into a lane."""
        rates = {Channel.RED: self.red_rate, Channel.YELLOW: self.yellow_rate}
        return rates.get(lane, self.blue_rate)


@dataclass(frozen=True, slots=True)
class Capacities:
    """The capacity of each office; `default` for those not named."""

    default: Capacity
    offices: Mapping[str, Capacity] = field(default_factory=dict)

    def of(self, office: str) -> Capacity:
        """Return the capacity of an office."""
        return self.offices.get(office, self.default)


@dataclass(frozen=True, slots=True)
class Day:
    """What an office has assessed so far today.

    Args:
        arrivals: declarations assessed.
        red: sent to physical examination, mandatory ones and random ones included.
        red_mandatory: of these, by a mandatory control.
        yellow: sent to a documentary check.
        blue: sent to audit.
        usual_arrivals: mean of the days before; None without any.
        random: of the red ones, drawn.
        explored: of the red ones, drawn among those of which the model knows least.
        overload: sent to a lane that was full, because the law demands it.
        usual_curiosity: mean `exploration.curiosity` of these days and today; None without any.
        taken: selections today but by law or by the draw, by `limits.key_of_rule` and
            `key_of_trader`; absent: none.
    """

    arrivals: int = 0
    red: int = 0
    red_mandatory: int = 0
    yellow: int = 0
    blue: int = 0
    usual_arrivals: float | None = None
    random: int = 0
    explored: int = 0
    overload: int = 0
    usual_curiosity: float | None = None
    taken: Mapping[str, int] = field(default_factory=dict)

    def of(self, lane: Channel) -> int:
        """Return how many took a lane today."""
        return {Channel.RED: self.red, Channel.YELLOW: self.yellow, Channel.BLUE: self.blue}[lane]


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Probability, before the draw, of physical examination by each stratum.

    They add up to the propensity; an estimate from one stratum alone divides by its own.
    """

    mandatory: float = 0.0
    random: float = 0.0
    profile: float = 0.0
    score: float = 0.0
    explored: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The channel and how it came about.

    Args:
        channel: chosen.
        stratum: by what.
        propensity: probability, before the draw, of physical examination.
        threshold: score from which physical examination began; above 1: no room.
        decided_by: the hit that decided, None when the score or the draw did.
        displaced_from: a stricter lane that had no room left, or None.
        inclusion: the propensity, by stratum.
        overload: whether the law sent it to a lane that was full.
        capped: ids of profiles that hit, but may not select any more (or yet) today.
    """

    channel: Channel
    stratum: Stratum
    propensity: float
    threshold: float
    decided_by: Hit | None = None
    displaced_from: Channel | None = None
    inclusion: Inclusion = Inclusion()
    overload: bool = False
    capped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What risk says of one declaration.

    Args:
        score: 0 to 1; 0.97 is riskier than 97 of 100 recent declarations.
        probability: that an examination would find something, calibrated; 0 without a model.
        expected_revenue: that an examination would bring, in the currency of the history.
        channel: where it goes.
        reasons: in officers' words, weightiest first; never empty.
        mandatory: ids of the mandatory controls due, of all agencies; those made of a share only
            are named when the draw fell on them.
        random_draw: 0 <= draw < 1, drawn by the caller.
        propensity: probability before the draw that it goes to physical examination.
        stratum: why it stands in its channel.
        model: id of the model; "" when it was assessed by rules only.
        rules: version of the profiles.
        profiles: ids of all profiles that matched, mandatory ones included.
        threshold: score from which physical examination began at that moment.
        features: SHA-256 of the features, as `scoring.digest` takes it; "" without a model.
        inclusion: the propensity, by stratum.
        curiosity: how much an examination would teach, 0 to 1 (`exploration`).
        decided_by: id of the profile or control that decided; "": the score or the draw did.
        overload: whether the law sent it to a lane that was full.
        capped: ids of profiles that hit, but might not select any more (or yet) that day.
        held_until: until when an officer may stop a green one; None: it goes at once.
    """

    score: float
    expected_revenue: Decimal
    channel: Channel
    reasons: tuple[Reason, ...]
    mandatory: tuple[str, ...]
    random_draw: float
    propensity: float
    stratum: Stratum
    model: str
    rules: str
    probability: float = 0.0
    profiles: tuple[str, ...] = ()
    threshold: float = 1.0
    features: str = ""
    inclusion: Inclusion = Inclusion()
    curiosity: float = 0.0
    decided_by: str = ""
    overload: bool = False
    capped: tuple[str, ...] = ()
    held_until: datetime | None = None
