"""`clearway bench`: our rates beside a peer or a physical limit, alternately, in one run.

Wall times on shared machines differ by a factor of two to seven, so each figure is a pair measured
in turns (ours, limit, ours, limit, ...) and the ratio of their medians; CPU time per item stands
beside it, because it is far steadier.
"""

from __future__ import annotations

from clearway.cli.bench.pairs import Figure


def run(*, quick: bool, only: str, as_json: bool) -> list[Figure]:
    """Run the parts, print a table (or JSON) and return the figures."""
    from clearway.cli.bench import (
        certificates,
        coldchain,
        declarations,
        devices,
        epcis,
        estimation,
        event_hash,
        flood,
        growth,
        ledger,
        mqtt,
        order,
        queue,
        readings,
        risk,
        risk_drift,
        risk_rules,
        risk_speed,
        stores,
    )
    from clearway.cli.output import emit, say, show_table
    from clearway.errors import InputError

    parts = {
        "ledger": ledger.measure,
        "readings": readings.measure,
        "coldchain": coldchain.measure,
        "declarations": declarations.measure,
        "growth": growth.measure,
        "flood": flood.measure,
        "stores": stores.measure,
        "order": order.measure,
        "queue": queue.measure,
        "certificates": certificates.measure,
        "estimation": estimation.measure,
        "epcis": epcis.measure,
        "event_hash": event_hash.measure,
        "devices": devices.measure,
        "mqtt": mqtt.measure,
        "risk": risk.measure,
        "risk_drift": risk_drift.measure,
        "risk_rules": risk_rules.measure,
        "risk_speed": risk_speed.measure,
    }
    if only and only not in parts:
        raise InputError(f"There is no part {only!r} of the bench; choose of: {', '.join(parts)}")
    figures: list[Figure] = []
    for name in [only] if only else parts:
        if not as_json:
            say(f"[dim]measuring {name} ...[/]")
        figures += parts[name](quick=quick)
    if as_json:
        emit(figures)
    else:
        columns = ("what", "ours", "beside", "", "ratio", "note")
        show_table("Measured here, now", columns, [figure.row() for figure in figures])
    return figures
