"""Which party numbers may be the same people: probabilistic linkage in batch (extra `analysis`).

    links = link(registrations, seed=1)     # proposals, most probable first

The model is Fellegi and Sunter's (1969), fitted without labels by expectation-maximisation with
splink on DuckDB. A name that many bear, an accountant's telephone or the address of a business
centre weighs less than a rare one (term frequencies). Only pairs that share a rare key are
compared, so that the work grows with the parties and not with their square. Same registrations and
seed give the same links.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from clearway.errors import InputError
from clearway.risk.network import keys
from clearway.risk.network.model import Link, Registration

# Proposals are for a person to look at: a wrong one costs a minute, a missing one a phoenix.
LEAST_PROBABILITY = 0.2
MOST_PARTIES = 2_000_000
# Parties under one key; a key that more bear proposes nothing by itself.
MOST_ALIKE = 40
# Fewer parties give no estimate.
LEAST_PARTIES = 50
_SAMPLED_PAIRS = 200_000.0
# Of all true pairs, those that agree on two of name, address and telephone: a judgement.
_SURE_RECALL = 0.4
_START = 12  # letters of an address that block: house and street


def link(
    registrations: Sequence[Registration], *, seed: int, least: float = LEAST_PROBABILITY
) -> tuple[Link, ...]:
    """Return the proposed links of these parties, most probable first.

    Args:
        registrations: one for each party; with fewer than `LEAST_PARTIES` nothing is proposed.
        seed: of the sample from which chance agreement is estimated.
        least: probability below which nothing is proposed.

    Raises: InputError: more parties than `MOST_PARTIES`, a party twice, nothing to compare by, or
            the extra is missing.
    """
    if len(registrations) > MOST_PARTIES:
        raise InputError(
            f"{len(registrations):,} parties are too many to link at once; at most"
            f" {MOST_PARTIES:,}. Link each country's parties apart"
        )
    ordered = sorted(registrations)
    at = {each.party: each.at for each in ordered}
    if len(at) != len(ordered):
        raise InputError("A party is registered twice; give each party number once, as it stands")
    if len(ordered) < LEAST_PARTIES:
        return ()
    with _quiet():
        pairs = _predict(_table(ordered), seed, least)
    links = [
        Link(one, other, probability, shared, max(at[one], at[other]))
        for one, other, probability, shared in pairs
    ]
    return tuple(sorted(links, key=lambda each: (-each.probability, each.one, each.other)))


def _table(ordered: Sequence[Registration]) -> dict[str, list[str | None]]:
    """Return the columns that are compared; None where a party says nothing."""
    compared = [keys.of(each) for each in ordered]
    columns: dict[str, list[str | None]] = {
        "unique_id": [each.party for each in ordered],
        "name": [each.name or None for each in compared],
        "root": [each.root or None for each in compared],
        "address": [each.address or None for each in compared],
        "phone": [each.phone or None for each in compared],
        "broker": [each.broker or None for each in ordered],
    }
    started = [each.address[:_START] or None for each in compared]
    for name, column in (
        ("block_root", columns["root"]),
        ("block_phone", columns["phone"]),
        ("block_address", columns["address"]),
        ("block_start", started),
        ("block_broker", _pairs(compared, ordered)),
    ):
        columns[name] = _rare(column)
    return columns


def _pairs(compared: Sequence[keys.Keys], ordered: Sequence[Registration]) -> list[str | None]:
    """Return broker and first letters of the name together: what phoenixes rarely change."""
    return [
        f"{each.broker} {key.root[:2]}" if each.broker and key.root else None
        for key, each in zip(compared, ordered, strict=True)
    ]


def _rare(column: Sequence[str | None]) -> list[str | None]:
    count = Counter(column)
    return [value if value and count[value] <= MOST_ALIKE else None for value in column]


def _predict(
    table: dict[str, list[str | None]], seed: int, least: float
) -> Iterator[tuple[str, str, float, tuple[str, ...]]]:
    try:
        import duckdb
        import splink
        from splink.internals.duckdb.database_api import DuckDBAPI
    except ImportError as absent:
        raise InputError(
            "Linking parties needs the extra packages: pip install 'clearway[analysis]',"
            " or `make dev` in a clone"
        ) from absent
    import polars

    with duckdb.connect(config={"threads": 1}) as connection:
        frame = polars.DataFrame(table, schema=dict.fromkeys(table, polars.String))
        connection.register("parties_given", frame.to_arrow())
        connection.execute("CREATE TABLE parties AS FROM parties_given ORDER BY unique_id")
        database: Any = DuckDBAPI(connection=connection)
        told = {name for name, column in table.items() if any(column)}
        settings = _settings(told)
        linker = splink.Linker(database.register("parties"), settings, log_level=logging.ERROR)
        _fit(linker, seed, told)
        found = linker.inference.predict(threshold_match_probability=least)
        rows = connection.execute(
            "SELECT unique_id_l, unique_id_r, match_probability,"
            " name_l = name_r, root_l = root_r, address_l = address_r, phone_l = phone_r,"
            f" broker_l = broker_r FROM {found.physical_name} ORDER BY 1, 2"
        ).fetchall()
    names = ("name", "root", "address", "phone", "broker")
    for one, other, probability, *same in rows:
        shared = tuple(name for name, is_same in zip(names, same, strict=True) if is_same)
        first, second = sorted((one, other))
        yield first, second, round(probability, 6), shared


def _settings(told: set[str]) -> Any:
    """Return the model; columns that say nothing of anybody are not compared."""
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons
    from splink import SettingsCreator, block_on

    compared: dict[str, Any] = {}
    compared["name"] = comparisons.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            levels.NullLevel("name"),
            levels.ExactMatchLevel("name", term_frequency_adjustments=True),
            levels.ExactMatchLevel("root", term_frequency_adjustments=True),
            levels.DamerauLevenshteinLevel("root", 1),
            levels.DamerauLevenshteinLevel("root", 2),
            levels.ElseLevel(),
        ],
    )
    compared["address"] = comparisons.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            levels.NullLevel("address"),
            levels.ExactMatchLevel("address", term_frequency_adjustments=True),
            levels.DamerauLevenshteinLevel("address", 2),
            levels.ElseLevel(),
        ],
    )
    for column in ("phone", "broker"):
        exact = comparisons.ExactMatch(column)
        compared[column] = exact.configure(term_frequency_adjustments=True)
    blocks = ("block_root", "block_phone", "block_address", "block_start", "block_broker")
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[comparison for name, comparison in compared.items() if name in told],
        blocking_rules_to_generate_predictions=[
            block_on(block) for block in blocks if block in told
        ],
        retain_matching_columns=True,
        additional_columns_to_retain=["name", "root", "address", "phone", "broker"],
    )


def _fit(linker: Any, seed: int, told: set[str]) -> None:
    from splink import block_on

    pairs = (("phone", "root"), ("address", "root"), ("phone", "address"))
    sure = [block_on(*pair) for pair in pairs if told.issuperset(pair)]
    if not sure:
        raise InputError("Linking needs at least two of: names, addresses, telephone numbers")
    linker.training.estimate_probability_two_random_records_match(sure, recall=_SURE_RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED_PAIRS, seed=seed)
    for block in sorted({"block_phone", "block_address", "block_root"} & told):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(block))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep splink's remarks on its training out of our log; its errors come through."""
    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
