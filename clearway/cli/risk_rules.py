"""`clearway risk rules`, `clearway risk search`: writing, trying and approving rules; the past."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from clearway.cli.options import URL, AsJson, InputFile, Token, Url
from clearway.cli.output import emit, say, show_table

app = typer.Typer(
    name="rules", help="Write, try, approve and retire risk rules.", no_args_is_help=True
)

RuleId = Annotated[str, typer.Argument(help="Id of the rule.")]
Version = Annotated[int, typer.Argument(min=1, help="Version of the rule.")]
Why = Annotated[str, typer.Option(help="Why, for the record.")]
Past = Annotated[
    Path, typer.Option(help="Parquet file or folder of past items with their results.")
]


@app.command("list")
def list_rules(
    token: Token,
    url: Url = URL,
    rule: Annotated[str, typer.Option(help="Of this rule only.")] = "",
    state: Annotated[str, typer.Option(help="draft, active, replaced or retired.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the versions of rules on a node, and the set in force."""
    from clearway.cli.client import Client

    asked = (
        {"limit": "200"} | ({"rule": rule} if rule else {}) | ({"state": state} if state else {})
    )
    with Client(url, token) as client:
        page = client.get("/v1/risk/rules", **asked)
    if as_json:
        emit(page)
        return
    rows = [_listed(one) for one in page["data"]["versions"]]
    columns = ("rule", "version", "state", "lane", "drafted by", "approved by", "hits", "text")
    show_table(f"In force: {page['data']['in_force']}", columns, rows)


def _listed(one: dict[str, Any]) -> tuple[object, ...]:
    profile, tested = one["profile"], one["tested"]
    hits = "not tried" if tested is None else f"{tested['hits']:,} of {tested['declarations']:,}"
    who = one["author"], one["approver"]
    return (
        profile["id"], one["version"], one["state"], profile["lane"], *who, hits, profile["text"]
    )  # fmt: skip


@app.command("check")
def check(file: InputFile, as_json: AsJson = False) -> None:
    """Check a file of rules: whether each can be used, and tried on the whole history.

    What a file holds, and what rules see of a declaration: docs/design/risk-rules.md.
    """
    from clearway.errors import MalformedMessage
    from clearway.risk.backtest.hits import prepare
    from clearway.risk.formats import profiles

    found = profiles.read(file.read_bytes())
    if not found.profiles:
        raise MalformedMessage(f"{file} holds no rule; each stands under [[profile]]")
    rows = [(one.id, one.lane.value, prepare(one).why) for one in found.profiles]
    if as_json:
        emit([{"rule": id, "lane": lane, "only_on_a_sample": why} for id, lane, why in rows])
        return
    shown = [(id, lane, why or "on the whole history") for id, lane, why in rows]
    show_table(f"{found.version}: all can be used", ("rule", "lane", "can be tried"), shown)


@app.command("back-test")
def back_test(
    file: InputFile,
    history: Past,
    rule: Annotated[list[str] | None, typer.Option(help="Of these rules only.")] = None,
    live: Annotated[
        Path | None, typer.Option(exists=True, help="File of the rules in force, for overlaps.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try rules of a file on a history: what they would have hit, found and cost."""
    from clearway.cli.progress import counting
    from clearway.errors import NotFound
    from clearway.risk.backtest.run import run
    from clearway.risk.formats import profiles

    known = profiles.read(file.read_bytes()).profiles
    chosen = [one for one in known if not rule or one.id in rule]
    if rule and len(chosen) < len(set(rule)):
        raise NotFound(f"The file holds no rule {', '.join(set(rule) - {o.id for o in known})}")
    others = () if live is None else profiles.read(live.read_bytes()).profiles
    with counting("back-test", quiet=as_json) as bar:
        report = run(
            chosen, history, live=others, progress=lambda share: bar(int(share * 100), 100)
        )
    if as_json:
        emit(report)
        return
    _show(report)


def _show(report: Any) -> None:
    title = f"{report.declarations:,} declarations, {report.since} to {report.until}"
    columns = (
        "rule", "hits", "share", "examined", "not conform", "of all hits", "revenue", "new",
        "busiest day", "asks why",
    )  # fmt: skip
    show_table(title, columns, [_row(one) for one in report.rules])
    for one in report.rules:
        if one.why_sampled:
            say(f"{one.id}: judged on {one.sampled:.1%} of them. {one.why_sampled}")
        if one.untold:
            say(f"{one.id}: a history does not tell {', '.join(one.untold)}.")
        if one.uncovered:
            say(f"{one.id}: {one.uncovered:,} hits had no known chance; no estimate covers them.")


def _row(one: Any) -> tuple[object, ...]:
    rate = one.precision
    found = "" if rate.rate is None else f"{rate.rate:.1%} ({rate.low:.1%} to {rate.high:.1%})"
    every = "not known" if one.found is None else f"{one.found.low:,.0f} to {one.found.high:,.0f}"
    busiest = max((load.most or 0 for load in one.loads), default=0)
    asked = [group.name for group in (*one.origins, *one.sizes) if group.asks_why]
    return (
        one.id, f"{one.hits:,}", f"{one.share:.3%}", f"{rate.of:,}", found, every,
        f"{one.revenue:,.0f}", f"{one.new:,}", busiest, ", ".join(asked),
    )  # fmt: skip


@app.command("import")
def import_rules(
    file: InputFile, token: Token, url: Url = URL, reason: Why = "", as_json: AsJson = False
) -> None:
    """Draft every rule of a file on a node; nothing is selected by them yet."""
    from clearway.cli.client import Client
    from clearway.risk.formats import profiles

    data = file.read_bytes()
    bounds = profiles.read_bounds(data)
    drafted = []
    with Client(url, token) as client:
        for one in profiles.read(data).profiles:
            end = one.period.end
            body = {
                "id": one.id, "text": one.text, "expression": one.expression,
                "lane": one.lane.value, "owner": one.owner, "agency": one.agency,
                "mandatory": one.mandatory, "valid_from": one.period.start.isoformat(),
                "valid_until": None if end is None else end.isoformat(), "reason": reason,
                **bounds.get(one.id, {}),
            }  # fmt: skip
            drafted.append(client.post("/v1/risk/rules", body)["data"]["rule"])
    if as_json:
        emit(drafted)
        return
    show_table(
        "Drafted", ("rule", "version"), [(r["profile"]["id"], r["version"]) for r in drafted]
    )


@app.command("export")
def export(
    token: Token,
    out: Annotated[Path, typer.Option(help="File that is written.", dir_okay=False)],
    url: Url = URL,
    state: Annotated[str, typer.Option(help="draft or active.")] = "active",
) -> None:
    """Write the rules of a node into a file that `import` takes back."""
    from clearway.cli.client import Client
    from clearway.ledger.fact import decode, encode
    from clearway.risk.formats import profiles
    from clearway.risk.model import Profile

    with Client(url, token) as client:
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while cursor is not None or not found:
            page = client.get("/v1/risk/rules", state=state, limit="200", cursor=cursor)
            found += page["data"]["versions"]
            cursor = page["next"]
            if cursor is None:
                break
    made = [decode(encode(one["profile"]), Profile) for one in found]
    bounds = {
        one["profile"]["id"]: {name: v for name, v in one["bounds"].items() if v is not None}
        for one in found
        if one["bounds"] != {"most_per_day": None, "opens": 0, "closes": 24}
    }
    out.write_bytes(profiles.write(made, "rules", bounds))
    say(f"{len(made)} rules written to {out}.")
    if not made and state == "active":
        say("No rule was ever activated here, so the shipped samples are in force, or all retired.")


@app.command("try")
def try_rule(
    rule: RuleId, version: Version, token: Token, url: Url = URL, as_json: AsJson = False
) -> None:
    """Try a draft on the history of its node, and record that; before that nobody approves it."""
    from clearway.cli.client import Client

    with Client(url, token) as client:
        answer = client.post(f"/v1/risk/rules/{rule}/{version}/back-test", {})
    if as_json:
        emit(answer)
        return
    (one,) = answer["data"]["report"]["rules"]
    seen = one["precision"]
    say(
        f"{rule} version {version}: {one['hits']:,} hits, {seen['count']:,} of"
        f" {seen['of']:,} examined were not conform."
    )


@app.command("activate")
def activate(
    rule: RuleId,
    version: Version,
    token: Token,
    url: Url = URL,
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Approve a draft that another analyst wrote: from now on it selects."""
    _changed(url, token, f"/v1/risk/rules/{rule}/{version}/activate", reason, as_json=as_json)


@app.command("retire")
def retire(
    rule: RuleId,
    version: Version,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    token: Token,
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Retire a rule, or give up a draft."""
    _changed(url, token, f"/v1/risk/rules/{rule}/{version}/retire", reason, as_json=as_json)


def _changed(url: str, token: str, path: str, reason: str, *, as_json: bool) -> None:
    from clearway.cli.client import Client

    with Client(url, token) as client:
        answer = client.post(path, {"reason": reason})
    if as_json:
        emit(answer)
        return
    one = answer["data"]["rule"]
    say(f"{one['profile']['id']} version {one['version']} is {one['state']}.")


@app.command("table")
def table(
    file: InputFile,
    out: Annotated[Path, typer.Option(help="File of rules that is written.", dir_okay=False)],
    table_id: Annotated[str, typer.Option("--id", help="Id of the table; its rules get it.")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    hit: Annotated[str, typer.Option(help="first or collect (DMN).")] = "first",
    days: Annotated[int, typer.Option(min=1, help="How long its rules are meant to live.")] = 365,
    as_json: AsJson = False,
) -> None:
    """Make an officers' decision table (CSV) into rules; say where rows overlap or leave gaps.

    Its columns are what rules see, such as item.hs, then lane and text: docs/design/risk-rules.md.
    """
    from datetime import timedelta

    from clearway.errors import BadTerm
    from clearway.node.clock import utc_now
    from clearway.risk.backtest.fields import FIELDS
    from clearway.risk.decisions import files
    from clearway.risk.decisions.judging import findings, rules_of
    from clearway.risk.decisions.model import HitPolicy
    from clearway.risk.formats import profiles
    from clearway.risk.model import CUSTOMS
    from clearway.risk.rules import Profiles
    from clearway.terms.period import Period

    if hit not in list(HitPolicy):
        raise BadTerm("hit policy", hit, f"is none of: {', '.join(HitPolicy)}")
    read = files.read(file.read_bytes(), id=table_id, policy=HitPolicy(hit), fields=FIELDS)
    now = utc_now().replace(microsecond=0)
    period = Period(now, now + timedelta(days=days))
    made = rules_of(read, owner=owner, period=period, agency=CUSTOMS)
    Profiles(made)
    out.write_bytes(profiles.write(made, table_id))
    found = findings(read)
    if as_json:
        emit({"rules": len(made), "findings": found})
        return
    if found:
        columns = ("what", "rows", "said")
        rows = [(one.kind, ", ".join(map(str, one.rows)), one.message) for one in found]
        show_table(f"Table {table_id}", columns, rows)
    say(f"{len(made)} rules written to {out}; look at them, then try and import them.")


def search(
    history: Past,
    conditions: Annotated[
        list[str] | None,
        typer.Argument(help="Such as hs^0302, value>=1000, description~salmon, 'origin in NO,IS'."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows that are shown.")] = 20,
    export_to: Annotated[
        Path | None, typer.Option("--export", help="CSV that is written.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Search past declarations by any field: newest first, with the figures of all that fit."""
    from clearway.insight.history_search import FIELDS, History, Query, parse

    query = Query(tuple(map(parse, conditions or ())), limit=limit)
    with History(history) as opened:
        found = opened.search(query)
        if export_to is not None:
            export_to.write_text("".join(opened.export(query)), encoding="utf-8")
    if as_json:
        emit(found)
        return
    if not found.total:
        say(f"No item fits all of it. Fields: {', '.join(FIELDS)}.")
        return
    title = f"{found.total:,} items; {found.illicit:,} of {found.examined:,} examined not conform"
    columns = (
        "mrn",
        "item",
        "accepted, UTC",
        "importer",
        "office",
        "hs",
        "origin",
        "value",
        "result",
    )
    show_table(title, columns, [_past(dict(zip(FIELDS, row, strict=True))) for row in found.rows])


def _past(row: dict[str, Any]) -> tuple[object, ...]:
    when, value, currency = row["accepted_at"], row["value"], row["currency"]
    worth = "not known" if value is None else f"{value:,.2f} {currency or ''}"
    unknown = "awaited" if row["examined"] else "not examined"
    result = {True: "not conform", False: "conform", None: unknown}[row["illicit"]]
    return (
        row["mrn"], row["item"], f"{when:%Y-%m-%d %H:%M}", row["importer"], row["office"],
        row["hs"], row["origin"], worth.strip(), result,
    )  # fmt: skip
