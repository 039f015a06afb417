"""`clearway certificates quantity`: what is left of a certificate, for another customs system."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from clearway.cli.options import URL, AsJson, Token, Url
from clearway.cli.output import EXIT_NO, emit, plain, say, show_table

app = typer.Typer(
    name="quantity",
    help="See, hold and use up quantities of certificates.",
    no_args_is_help=True,
)

Certificate = Annotated[
    str, typer.Argument(help="Kind, country and number, such as 851:EC:EC-2026-000123.")
]
Reference = Annotated[str, typer.Argument(help="MRN of the declaration that another system keeps.")]
MessageId = Annotated[
    str,
    typer.Option("--key", help="Message id; the same again is done once, answered alike."),
]


@app.command()
def show(certificate: Certificate, token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """Say what is certified, reserved, used and left of each line, and who holds it."""
    from clearway.cli.client import Client

    kind, country, number = _parts(certificate)
    found = Client(url, token).get(f"/v1/quantities/{kind}/{country}/{number}")
    if as_json:
        emit(found)
    else:
        _show(found["data"])


@app.command()
def reserve(
    certificate: Certificate,
    mrn: Reference,
    position: Annotated[
        list[str],
        typer.Option("--position", help="item:line:quantity:unit[:HS], such as 1:1:600:KGM:0804."),
    ],
    token: Token,
    url: Url = URL,
    key: MessageId = "",
    as_json: AsJson = False,
) -> None:
    """Hold the whole position of a declaration, in place of what it held; exit 1 if refused."""
    _manage("reserve", certificate, mrn, token, url, key, as_json, list(map(_position, position)))


@app.command()
def release(
    certificate: Certificate,
    mrn: Reference,
    token: Token,
    url: Url = URL,
    key: MessageId = "",
    as_json: AsJson = False,
) -> None:
    """Use up for good what a declaration holds; exit 1 if it holds nothing."""
    _manage("release", certificate, mrn, token, url, key, as_json)


@app.command()
def delete(
    certificate: Certificate,
    mrn: Reference,
    token: Token,
    url: Url = URL,
    key: MessageId = "",
    as_json: AsJson = False,
) -> None:
    """Give back what a declaration holds; exit 1 if it holds nothing."""
    _manage("delete", certificate, mrn, token, url, key, as_json)


def _manage(
    operation: str,
    certificate: str,
    mrn: str,
    token: str,
    url: str,
    key: str,
    as_json: bool,
    positions: list[dict[str, Any]] | None = None,
) -> None:
    from clearway.cli.client import Client

    kind, country, number = _parts(certificate)
    body: dict[str, Any] = {"type_code": kind, "country": country, "number": number, "mrn": mrn}
    if positions is not None:
        body["positions"] = positions
    answer = Client(url, token).post(f"/v1/quantities/{operation}", body, key=key or None)
    data = answer["data"]
    if as_json:
        emit(answer)
    else:
        say(plain(f"{data['code']} {data['detail']}"))
        _show(data["account"])
    if not data["executed"]:
        sys.exit(EXIT_NO)


def _parts(certificate: str) -> tuple[str, str, str]:
    from clearway.errors import InputError

    parts = certificate.split(":", 2)
    if len(parts) != 3 or not all(parts):
        raise InputError(
            f"{certificate!r} names no certificate; write kind:country:number, such as 851:EC:EC-1"
        )
    return parts[0], parts[1], parts[2]


def _position(text: str) -> dict[str, Any]:
    from clearway.errors import InputError

    parts = text.split(":")
    if len(parts) not in (4, 5) or not (parts[0].isdecimal() and parts[1].isdecimal()):
        raise InputError(f"{text!r} is no position; write item:line:quantity:unit[:HS]")
    item, line, quantity, unit, *hs = parts
    whole: dict[str, Any] = {
        "item": int(item), "line": int(line), "quantity": quantity, "unit": unit,
    }  # fmt: skip
    return whole | ({"hs": hs[0]} if hs else {})


def _show(account: dict[str, Any]) -> None:
    columns = ("line", "certified", "reserved", "used", "left")
    names = ("certified", "reserved", "consumed", "available")
    rows = [
        (str(each["line"]), *(_amount(each[name]) for name in names)) for each in account["lines"]
    ]
    show_table(f"{account['number']}: {account['status']}", columns, rows)
    held = [
        (str(each["line"]), each["mrn"], str(each["item"]), _amount(each["reserved"]),
         _amount(each["consumed"]))
        for each in account["allocations"]
    ]  # fmt: skip
    if held:
        show_table("Held and used", ("line", "mrn", "item", "reserved", "used"), held)


def _amount(amount: dict[str, str] | None) -> str:
    return "" if amount is None else f"{amount['value']} {amount['unit']}"
