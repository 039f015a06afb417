"""`clearway certificates`: check and hand in certificates."""

from __future__ import annotations

import sys

import typer

from clearway.cli import certification, printing, quantity, seals, trust
from clearway.cli.options import URL, AsJson, InputFile, Token, Url
from clearway.cli.output import EXIT_NO, emit, say, show_findings

app = typer.Typer(
    name="certificates", help="Apply for, issue, verify and use certificates.", no_args_is_help=True
)
app.command("print")(printing.print_certificate)
app.add_typer(quantity.app)
app.add_typer(trust.app)
certification.register(app)
seals.register(app)


@app.command()
def check(file: InputFile, as_json: AsJson = False) -> None:
    """Read a certificate (SPSCertificate) offline and say what is wrong; exit 1 if refused."""
    from clearway.certificates.formats.sps_certificate import read
    from clearway.terms.finding import is_refusal

    certificate, findings = read(file.read_bytes())
    if as_json:
        emit({"certificate": certificate, "findings": findings})
    else:
        rows = [(one.level, one.code, one.field, one.message) for one in findings]
        show_findings(file.name, rows)
    if is_refusal(findings):
        sys.exit(EXIT_NO)


@app.command()
def send(file: InputFile, token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """Hand a certificate to the node."""
    from clearway.cli.client import Client

    answer = Client(url, token).send("/v1/certificates", file)
    if as_json:
        emit(answer)
    else:
        say(f"Received [bold]{answer['data']['number']}[/]: {answer['data']['status']}")
