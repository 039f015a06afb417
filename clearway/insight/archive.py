"""The published figures: over all facts in the lake, never on the transaction path.

    with open_lake(folder) as lake:
        release_times(lake, by=("channel",))

Each answer equals what the pure calculation of the same name gives on the same facts; a test says
so. Release times are worked out by the engine, since there are millions; the rest is counted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from clearway.clearance.model import Step
from clearway.coldchain import commodities
from clearway.coldchain.model import Journey, Reading
from clearway.insight import hit_rates as hits
from clearway.insight.custody import BorderStay, Opening, custodies, life_points
from clearway.insight.life import by_custody, by_holder
from clearway.insight.model import (
    DataQuality,
    HitRate,
    LifeSpent,
    Lodgement,
    ReleaseTime,
    Selection,
    Targeting,
)
from clearway.insight.quality import data_quality as judge_quality
from clearway.insight.release_times import require_groups
from clearway.lake.query import Lake
from clearway.terms.transport import ContainerNumber

_PASSAGES = """
passages AS MATERIALIZED (
  SELECT mrn, 'lodged' AS step, 'trader' AS agency, min(occurred_at) AS moment
    FROM versions WHERE type = 'declaration.accepted/1' GROUP BY mrn
  UNION ALL
  SELECT mrn, 'arrived', 'carrier', max(moment) FROM arrived GROUP BY mrn
  UNION ALL
  SELECT d.mrn, 'documents_complete', 'trader', min(d.occurred_at)
    FROM decided d
    JOIN (SELECT mrn, max(seq) AS seq FROM decided
           WHERE json_array_length(missing) > 0 GROUP BY mrn) m
      ON d.mrn = m.mrn AND d.seq > m.seq
   GROUP BY d.mrn
  UNION ALL
  SELECT mrn, 'examination_ordered', 'customs', max(moment)
    FROM (SELECT mrn, examination, min(occurred_at) AS moment
            FROM ordered GROUP BY mrn, examination)
   WHERE examination NOT IN (SELECT examination FROM cancelled) GROUP BY mrn
  UNION ALL
  SELECT mrn, 'examination_started', 'customs', max(moment) FROM started GROUP BY mrn
  UNION ALL
  SELECT mrn, 'examined', agency, max(ended_at) FROM examined GROUP BY mrn, agency
  UNION ALL
  SELECT mrn, 'released', 'customs', min(occurred_at) FROM released GROUP BY mrn
)"""

# By name of the group: what to join, and the column that it gives. Reading a declaration's items
# costs more than everything else together, so it is done only for who asks for chapters.
_CHOSEN = """
  JOIN (SELECT mrn, channel FROM assessed
        QUALIFY row_number() OVER (PARTITION BY mrn ORDER BY seq DESC) = 1) chosen USING (mrn)"""
_LATEST = """
  JOIN (SELECT mrn, mode, office FROM versions
        QUALIFY row_number() OVER (PARTITION BY mrn ORDER BY seq DESC) = 1) latest USING (mrn)"""
_CHAPTERS = """
  JOIN (SELECT mrn, arg_max(left(json_extract_string(item, '$.hs'), 2),
                            TRY_CAST(json_extract_string(item, '$.net_mass_kg') AS DOUBLE))
                    AS chapter
          FROM (SELECT mrn, unnest(CAST(items AS JSON[])) AS item FROM versions
                QUALIFY rank() OVER (PARTITION BY mrn ORDER BY seq DESC) = 1)
         GROUP BY mrn) chapters USING (mrn)"""
_JOINS = {"channel": _CHOSEN, "mode": _LATEST, "office": _LATEST, "chapter": _CHAPTERS}

_SELECTIONS = """
SELECT c.channel, c.stratum, c.propensity, e.mrn IS NOT NULL, coalesce(e.is_opened, false),
       coalesce(e.is_hit, false), coalesce(e.extra_revenue, 0)
  FROM (SELECT mrn, channel, stratum, propensity FROM assessed
        QUALIFY row_number() OVER (PARTITION BY mrn ORDER BY seq DESC) = 1) c
  LEFT JOIN (
    SELECT x.mrn, bool_or(x.outcome = 'not_conform') AS is_hit,
           bool_or(coalesce(o.is_opened, false)) AS is_opened, sum(x.extra_revenue) AS extra_revenue
      FROM examined x
      LEFT JOIN (
        SELECT examination, bool_or(json_extract_string(part, '$.agency') = 'customs'
                                    AND json_extract_string(part, '$.scope') = 'goods') AS is_opened
          FROM (SELECT examination, unnest(CAST(parts AS JSON[])) AS part FROM ordered)
         GROUP BY examination) o USING (examination)
     WHERE x.agency = 'customs' GROUP BY x.mrn) e USING (mrn)
"""

_LODGEMENTS = """
SELECT coalesce(l.declarant_id, l.declarant_name, ''), l.type = 'declaration.rejected/1',
       c.mrn IS NOT NULL, f.codes AS findings, m.codes AS differing
  FROM lodged l
  LEFT JOIN (SELECT DISTINCT mrn FROM corrected) c USING (mrn)
  LEFT JOIN (
    SELECT mrn, list(json_extract_string(finding, '$.code')) AS codes
      FROM (SELECT mrn, unnest(CAST(findings AS JSON[])) AS finding FROM lodged)
     WHERE json_extract_string(finding, '$.level') <> 'INFO' GROUP BY mrn) f USING (mrn)
  LEFT JOIN (SELECT mrn, list(DISTINCT code ORDER BY code) AS codes
               FROM matched WHERE verdict = 'differs' GROUP BY mrn) m USING (mrn)
"""

_COLD_STAYS = """
SELECT a.mrn, j.container, j.commodity, j.loaded_at, j.set_point_c, j.loaded_pulp_c,
       j.life_used_days, a.moment AS arrived_at, r.moment AS released_at
  FROM (SELECT mrn, min(occurred_at) AS moment FROM released GROUP BY mrn) r
  JOIN (SELECT mrn, max(moment) AS moment FROM arrived GROUP BY mrn) a USING (mrn)
  JOIN (SELECT mrn, json_extract_string(unnest(CAST(containers AS JSON[])), '$.number') AS container
          FROM versions WHERE type = 'declaration.accepted/1') b USING (mrn)
  JOIN journeys j ON j.container = b.container AND j.loaded_at <= a.moment
 WHERE r.moment >= ? AND r.moment < ?
QUALIFY row_number() OVER (PARTITION BY a.mrn, j.container
                           ORDER BY j.loaded_at DESC, j.seq DESC) = 1
 ORDER BY a.mrn, j.container
"""

_READINGS = """
SELECT seq, measured_at, supply_c, return_c, pulp_c, ambient_c, powered, door_open, set_point_c
  FROM readings WHERE container = ? AND measured_at >= ? AND measured_at <= ?
 ORDER BY measured_at, device, boot_id, seq
"""


def release_times(
    lake: Lake, *, since: Step = Step.ARRIVED, by: Sequence[str] = ()
) -> tuple[ReleaseTime, ...]:
    """Return hours from a step to each other step, agency and group (see `release_times.study`).

    Raises: InputError: no such group.
    """
    require_groups(by)
    groups = "".join(f", {name}" for name in by)  # names of `GROUPS` only
    joins = "".join(dict.fromkeys(_JOINS[name] for name in by))
    rows = lake.rows(
        f"""
        WITH {_PASSAGES},
        clock AS (SELECT mrn, max(moment) AS moment FROM passages WHERE step = ? GROUP BY mrn),
        times AS (
          SELECT step, agency, epoch(passages.moment - clock.moment) / 3600 AS h {groups}
            FROM passages JOIN clock USING (mrn) {joins} WHERE step <> ?)
        SELECT step, agency, count(*), count(*) FILTER (h < 0), avg(greatest(h, 0)),
               quantile_cont(greatest(h, 0), 0.5), quantile_cont(greatest(h, 0), 0.9) {groups}
          FROM times GROUP BY ALL""",
        (since.value, since.value),
    )[1]
    order = {step.value: place for place, step in enumerate(Step)}
    rows.sort(key=lambda row: (row[7:], order[row[0]], row[1]))
    return tuple(
        ReleaseTime(Step(row[0]), row[1], dict(zip(by, row[7:], strict=True)), *row[2:7])
        for row in rows
    )


def hit_rates(lake: Lake) -> tuple[HitRate, ...]:
    """Return how often examinations by customs found something, by channel and stratum."""
    return hits.hit_rates(_selections(lake))


def targeting(lake: Lake) -> Targeting:
    """Return what all declarations hide and how much of it targeting found."""
    return hits.targeting(_selections(lake))


def data_quality(lake: Lake) -> tuple[DataQuality, ...]:
    """Return how good each declarant's data are, the poorest first."""
    return judge_quality(
        Lodgement(declarant, rejected, corrected, tuple(findings or ()), tuple(differing or ()))
        for declarant, rejected, corrected, findings, differing in lake.rows(_LODGEMENTS)[1]
    )


def life_at_border(lake: Lake, since: datetime, until: datetime) -> tuple[LifeSpent, ...]:
    """Return life spent per holder and step, of cold goods released in a period.

    Each container's readings are gone through once more, some 20 microseconds a reading.

    Args:
        since, until: aware UTC, half open.
    """
    return by_holder(one for spent in _life(lake, since, until) for one in spent)


def _life(lake: Lake, since: datetime, until: datetime) -> Iterator[tuple[LifeSpent, ...]]:
    openings = _openings(lake)
    for row in lake.rows(_COLD_STAYS, (since, until))[1]:
        mrn, box, code, loaded_at, set_point_c, pulp_c, used_days, arrived_at, released_at = row
        commodity = commodities.find(code)
        if commodity is None:
            continue
        journey = Journey(
            ContainerNumber(box), code, loaded_at, set_point_c, pulp_c, used_days or 0.0
        )
        readings = _readings(lake, box, loaded_at, released_at)
        points = life_points(readings, journey, commodity)
        stay = BorderStay(loaded_at, arrived_at, tuple(openings.get(mrn, ())), released_at)
        yield by_custody(points, custodies(stay))


def _openings(lake: Lake) -> dict[str, list[Opening]]:
    found: dict[str, list[Opening]] = {}
    query = "SELECT mrn, agency, started_at, ended_at FROM examined ORDER BY seq"
    for mrn, agency, started_at, ended_at in lake.rows(query)[1]:
        found.setdefault(mrn, []).append(Opening(agency, started_at, ended_at))
    return found


def _readings(lake: Lake, box: str, since: datetime, until: datetime) -> Iterable[Reading]:
    """Yield each reading once: what was told again with other values does not count."""
    seen: set[datetime] = set()
    for row in lake.rows(_READINGS, (box, since, until))[1]:
        if row[1] not in seen:
            seen.add(row[1])
            yield Reading(*row)


def _selections(lake: Lake) -> Iterator[Selection]:
    for *known, revenue in lake.rows(_SELECTIONS)[1]:
        channel, stratum, propensity, is_examined, is_opened, is_hit = known
        yield Selection(
            channel, stratum, propensity, is_examined, is_opened, is_hit, Decimal(revenue)
        )
