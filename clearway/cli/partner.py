"""`clearway partner`: with which agencies this node shares its ledger.

Run on the node's own machine, while it stands still.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say, show_table

app = typer.Typer(
    name="partner", help="Partner agencies: keys, votes, quorum.", no_args_is_help=True
)

CardFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The agency's card.")]
AgencyId = Annotated[str, typer.Argument(help="Id of the agency, as `partner list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why; stands in the log.")]


@app.command()
def card(settings: SettingsFile = None) -> None:
    """Print our own card, to hand to a partner; its fingerprint goes to standard error."""
    from clearway.cli.partners import own_card

    content, fingerprint = own_card(settings)
    sys.stdout.write(content.decode())
    sys.stderr.write(f"Fingerprint, to read to your partner: {fingerprint}\n")


@app.command()
def add(
    file: CardFile,
    receives: Annotated[
        list[str] | None,
        typer.Option(
            help="Rule of what it may receive, such as certificate.issued/1, or: movement.arrived/1"
            " fields arrival where issuer=customs; may be repeated."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="The fingerprint was compared.")] = False,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Let an agency join by its card, once you compared its fingerprint by voice."""
    from clearway.cli.partners import add as run
    from clearway.cli.partners import read_card
    from clearway.identity.card import fingerprint

    signed = read_card(settings, file)
    shown = fingerprint(signed.card)
    if not yes:
        say(f"{plain(signed.card.name)} ({plain(signed.card.origin)}), {signed.card.country}")
        say(f"Fingerprint: [bold]{shown}[/]")
        typer.confirm("Call the agency. Does it read the same digits?", abort=True, err=True)
    agency = run(settings, signed, receives or ())
    if as_json:
        emit({"agency": agency, "fingerprint": shown})
    else:
        say(f"{plain(signed.card.name)} takes part as [bold]{plain(agency)}[/].")


@app.command("list")
def list_(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Show the agencies, the forks found in their logs, and what was voted."""
    from clearway.cli.partners import agencies_of, ballots, evidence_files, forks

    agencies, voted, found = agencies_of(settings), ballots(settings), forks(settings)
    files = evidence_files(settings)
    if as_json:
        emit({"agencies": agencies, "proposals": voted, "forks": found, "evidence": files})
        return
    rows = [(a.id, a.name, a.country, a.status, a.url, ", ".join(a.entitlements)) for a in agencies]
    show_table("Agencies", ("id", "name", "country", "status", "address", "receives"), rows)
    if voted:
        about = [
            (b.id, b.kind, b.subject or b.value, f"{b.tally.yes} of {b.tally.needed}", b.outcome)
            for b in voted
        ]
        show_table("Proposals", ("id", "kind", "about", "yes", "outcome"), about)
    if found:
        shown = [(f["agency"], f["size"], f["found_at"]) for f in found]
        show_table("FORKED LOGS: call these agencies", ("agency", "size", "found at"), shown)
    for evidence in files:
        say(f"Evidence, to hand to others: {plain(evidence)}")


@app.command()
def rotate(
    file: CardFile,
    until_size: Annotated[
        int | None, typer.Option(min=0, help="Largest checkpoint that the old log key signed.")
    ] = None,
    compared: Annotated[
        bool, typer.Option("--compared", help="The new fingerprint was compared by voice.")
    ] = False,
    settings: SettingsFile = None,
) -> None:
    """Take over the keys and addresses of an agency's newer card."""
    from clearway.cli.partners import read_card
    from clearway.cli.partners import rotate as run
    from clearway.identity.card import fingerprint

    signed = read_card(settings, file)
    changed = run(settings, signed, until_size, is_compared=compared)
    say(f"{plain(signed.card.agency)}: {changed} changed. Fingerprint: {fingerprint(signed.card)}")


@app.command()
def lost(
    agency: AgencyId,
    kind: Annotated[str, typer.Argument(help="log, witness, hpke or tls.")],
    key: Annotated[str, typer.Argument(help="The key, as `partner list --json` shows it.")],
    settings: SettingsFile = None,
) -> None:
    """End a key at once that its agency lost: nothing it signs counts any more."""
    from clearway.cli.partners import lost as run

    run(settings, agency, kind, key)
    say(f"That {plain(kind)} key of {plain(agency)} ended.")


@app.command()
def leave(
    agency: AgencyId,
    reason: Reason = "left",
    own_wish: Annotated[
        bool, typer.Option("--own-wish", help="It leaves by itself: no vote is needed.")
    ] = False,
    settings: SettingsFile = None,
) -> None:
    """End an agency's part; what it signed before stays valid."""
    from clearway.cli.partners import leave as run

    run(settings, agency, reason, is_own_wish=own_wish)
    say(f"{plain(agency)} takes part no more.")


@app.command()
def suspend(
    agency: AgencyId,
    reason: Reason = "suspended",
    resume: Annotated[bool, typer.Option("--resume", help="Let it take part again.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Give an agency nothing and count none of its cosignatures here, until it is resumed."""
    from clearway.cli.partners import suspend as run

    run(settings, agency, reason, resume=resume)
    say(f"{plain(agency)} {'takes part again' if resume else 'is suspended'}.")


@app.command()
def vote(
    kind: Annotated[str, typer.Argument(help="admit, remove or quorum.")] = "",
    about: Annotated[str, typer.Argument(help="Origin of the agency, or the number k.")] = "",
    proposal: Annotated[str, typer.Option(help="Vote on this open proposal instead.")] = "",
    no: Annotated[bool, typer.Option("--no", help="Vote against it.")] = False,
    term: Annotated[str, typer.Option(help="Tells equal proposals apart; today's date.")] = "",
    receipt: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Record another agency's vote instead."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the receipt of our vote here.")] = None,
    settings: SettingsFile = None,
) -> None:
    """Vote for our agency, or record another's vote by its receipt; two thirds decide."""
    from clearway.cli import partners

    if receipt is not None:
        say(f"Recorded on proposal {partners.take_vote(settings, receipt.read_bytes())}.")
        return
    if not proposal and not (kind and about):
        raise typer.BadParameter("say what is voted on: admit ORIGIN, remove ORIGIN or quorum K")
    id, proof = partners.vote(settings, proposal, kind, about, term, approves=not no)
    if out is None:
        sys.stdout.buffer.write(proof)
    else:
        out.write_bytes(proof)
        say(f"Voted on proposal [bold]{id}[/]. Hand {plain(out)} to the other agencies.")


@app.command()
def advice(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Say whether the agencies are enough for one global order, and why."""
    from clearway.cli.partners import advice as run

    found = run(settings)
    if as_json:
        emit(found)
    else:
        say(f"[bold]{found.title}[/]. {plain(found.reason)}")


@app.command()
def policy(
    k: Annotated[
        int | None, typer.Option("--k", min=0, help="How many must cosign; as decided by default.")
    ] = None,
    of: Annotated[str, typer.Option("--of", help="Of this agency's log instead of ours.")] = "",
    settings: SettingsFile = None,
) -> None:
    """Print the policy (C2SP tlog-policy) for receipts of our log, or of a partner's."""
    from clearway.cli.partners import policy as run
    from clearway.cli.partners import policy_for

    sys.stdout.write(policy_for(settings, of) if of else run(settings, k))
