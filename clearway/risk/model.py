"""What risk speaks of: goods as a score sees them, pasts, lanes, profiles and assessments.

A declaration is scored item by item: each item becomes one `Goods`, the same for a row of history
and for a declaration that came a moment ago. Numbers here are floats on purpose: they are measures
for statistics; money that anybody owes stays a Decimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
        vague: items with a description that says nothing.
        first_day: of the first item, days since 1970; -1: never.
        last_day: of the last item on an earlier day than the reader's; -1: never.
    """

    n: int = 0
    examined: int = 0
    found: int = 0
    logs: int = 0
    log_sum: int = 0
    log_squares: int = 0
    vague: int = 0
    first_day: int = -1
    last_day: int = -1


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
    """

    kind: str
    containers: int
    documents: tuple[str, ...]
    alarms: tuple[str, ...] = ()


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
    """

    red: int
    yellow: int = 0
    blue: int = 0
    random_share: float = 0.01
    usual_arrivals: int = 200
    opens: int = 0
    closes: int = 24
    least_score: float = 0.5


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
    """

    arrivals: int = 0
    red: int = 0
    red_mandatory: int = 0
    yellow: int = 0
    blue: int = 0
    usual_arrivals: float | None = None


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
    """

    channel: Channel
    stratum: Stratum
    propensity: float
    threshold: float
    decided_by: Hit | None = None
    displaced_from: Channel | None = None


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
