"""`clearway certificates apply | approve | issue ...`: certificates that this node issues.

A file holds an application in JSON (docs/design/application.md). `copy`, `replace` and `re-export`
print such a file, to be changed and handed to `apply`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from clearway.cli.options import URL, AsJson, InputFile, Token, Url
from clearway.cli.output import emit, plain, say, show_findings, show_table

Number = Annotated[str, typer.Argument(help="Number of the application, XA-A-2026-000001.")]
Subject = Annotated[str, typer.Argument(help="The certificate: <type>:<country>:<number>.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in words.")]
Key = Annotated[str, typer.Option("--key", help="Your reference; a repeat is answered the same.")]
_PATH = "/v1/applications"


def register(app: typer.Typer) -> None:
    """Add the commands to those of `clearway certificates`."""
    for name, command in (
        ("apply", apply),
        ("amend", amend),
        ("applications", applications),
        ("show", show),
        ("result", result),
        ("approve", approve),
        ("issue", issue),
        ("return", send_back),
        ("refuse", refuse),
        ("cancel", cancel),
        ("withdraw", withdraw),
        ("copy", copy),
        ("replace", replace),
        ("re-export", re_export),
        ("papers", papers),
        ("clone", clone),
        ("notify", notify),
    ):
        app.command(name)(command)


def apply(
    file: InputFile,
    token: Token,
    url: Url = URL,
    check: Annotated[bool, typer.Option("--check", help="Only say what rules find.")] = False,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Apply for a certificate; with --check, say what must be mended and file nothing."""
    path = f"{_PATH}/check" if check else _PATH
    answer = _client(url, token).send(path, file, key=key or None)
    if as_json:
        emit(answer)
        return
    data = answer["data"]
    if not check:
        say(f"Filed as [bold]{plain(data['number'])}[/]")
    rows = [(one["level"], one["code"], one["field"], one["message"]) for one in data["findings"]]
    if rows or check:
        show_findings(file.name, rows)


def amend(
    number: Number, file: InputFile, token: Token, url: Url = URL, as_json: AsJson = False
) -> None:
    """Put a mended application in the place of the present one."""
    _told(_client(url, token).send(f"{_PATH}/{number}/amendment", file), as_json)


def applications(
    token: Token,
    url: Url = URL,
    state: Annotated[str | None, typer.Option(help="Such as applied, issued.")] = None,
    party: Annotated[str | None, typer.Option(help="Id of the exporter; traders need it.")] = None,
    as_json: AsJson = False,
) -> None:
    """List applications and what became of them, the latest first."""
    answer = _client(url, token).get(_PATH, state=state, party=party)
    if as_json:
        emit(answer)
        return
    rows = [
        (each["number"], each["state"], each["certificate"], each["exporter"],
         each["importing_country"])
        for each in answer["data"]
    ]  # fmt: skip
    show_table("Applications", ("application", "state", "certificate", "exporter", "to"), rows)


def show(number: Number, token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """Show an application, its history, and what you may do with it now."""
    answer = _client(url, token).get(f"{_PATH}/{number}")
    if as_json:
        emit(answer)
        return
    held = answer["data"]["application"]
    say(f"[bold]{plain(number)}[/] is {plain(held['stage'])}, delivery: {plain(held['delivery'])}")
    history = [(one["at"], one["step"], one["actor"], one["remark"]) for one in held["history"]]
    show_table("What was done", ("when", "step", "who", "remark"), history)
    steps = [
        (one["step"], "yes" if one["allowed"] else "no", one["reason"])
        for one in answer["data"]["steps"]
    ]
    show_table("What you may do", ("step", "may", "why"), steps)


def result(
    number: Number, file: InputFile, token: Token, url: Url = URL, as_json: AsJson = False
) -> None:
    """Attach the result of an inspection, a laboratory or a treatment."""
    _told(_client(url, token).send(f"{_PATH}/{number}/results", file), as_json)


def approve(number: Number, token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """Approve an application; the certificate gets its number."""
    _post(url, token, f"{number}/approval", {}, as_json)


def issue(
    number: Number,
    token: Token,
    url: Url = URL,
    place: Annotated[str, typer.Option(help="Place of issue, as the certificate states it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Issue the certificate: it is signed, sealed, and never changes again."""
    _post(url, token, f"{number}/issue", {"place": place}, as_json)


def send_back(
    number: Number, token: Token, reason: Reason, url: Url = URL, as_json: AsJson = False
) -> None:
    """Send an application back: its applicant must mend it."""
    _post(url, token, f"{number}/return", {"reason": reason}, as_json)


def refuse(
    number: Number, token: Token, reason: Reason, url: Url = URL, as_json: AsJson = False
) -> None:
    """Refuse to certify."""
    _post(url, token, f"{number}/refusal", {"reason": reason}, as_json)


def cancel(
    number: Number, token: Token, reason: Reason, url: Url = URL, as_json: AsJson = False
) -> None:
    """Cancel an application: the certificate is no longer wanted."""
    _post(url, token, f"{number}/cancellation", {"reason": reason}, as_json)


def withdraw(
    number: Number, token: Token, reason: Reason, url: Url = URL, as_json: AsJson = False
) -> None:
    """Withdraw the certificate of an application."""
    _post(url, token, f"{number}/withdrawal", {"reason": reason}, as_json)


def copy(certificate: Subject, token: Token, url: Url = URL) -> None:
    """Print an application like an earlier certificate of ours, quantities and dates cleared."""
    emit(_draft(url, token, "copy", certificate))


def replace(certificate: Subject, token: Token, reason: Reason, url: Url = URL) -> None:
    """Print an application for a certificate in place of one of ours."""
    emit(_draft(url, token, "replacement", certificate, reason=reason))


def re_export(
    certificate: Subject,
    token: Token,
    line: Annotated[
        list[str], typer.Option(help="What leaves again: <line>:<number>:<unit>, as 1:400:KGM.")
    ],
    url: Url = URL,
) -> None:
    """Print an application to re-export goods that came under a certificate on file."""
    emit(_draft(url, token, "re_export", certificate, lines=[_amount(each) for each in line]))


def papers(
    number: Number,
    token: Token,
    folder: Annotated[Path, typer.Option("--to", help="Folder for the files.")] = Path(),
    url: Url = URL,
    pdf: Annotated[str, typer.Option(help="Language of a PDF as well, such as en.")] = "",
) -> None:
    """Save what was issued: the signed XML, the seal, the text of its QR code, a PDF."""
    import base64

    client = _client(url, token)
    data = client.get(f"{_PATH}/{number}/documents")["data"]
    name = data["certificate"].rpartition(":")[2].replace("/", "_")
    made = {
        f"{name}.xml": base64.b64decode(data["xml"]),
        f"{name}.cose": base64.b64decode(data["seal"]),
        f"{name}.txt": data["qr_text"].encode(),
    }
    if pdf:
        printed = client.get(f"{_PATH}/{number}/pdf", language=pdf)["data"]
        made[f"{name}.pdf"] = base64.b64decode(printed["pdf"])
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in made.items():
        (folder / file).write_bytes(content)
        say(plain(folder / file))


def clone(certificate: Subject, token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """Draft an import declaration from a certificate on file, and say what is missing in it."""
    data = _client(url, token).get(f"{_certificate(certificate)}/declaration-draft")["data"]
    if as_json:
        emit(data)
        return
    emit(data["document"])
    rows = [(each["field"], each["what"], each["hint"]) for each in data["missing"]]
    show_table("Still missing", ("field", "what", "the certificate says"), rows)


def notify(
    certificate: Subject, file: InputFile, token: Token, url: Url = URL, as_json: AsJson = False
) -> None:
    """Send a notification of non-compliance (ISPM 13), or take one in about ours."""
    answer = _client(url, token).send(f"{_certificate(certificate)}/notifications", file)
    if as_json:
        emit(answer)
    else:
        say(f"Recorded for {plain(answer['data']['certificate'])}")


def _client(url: str, token: str) -> Any:
    from clearway.cli.client import Client

    return Client(url, token)


def _post(url: str, token: str, path: str, body: dict[str, Any], as_json: bool) -> None:
    _told(_client(url, token).post(f"{_PATH}/{path}", body), as_json)


def _told(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(answer)
        return
    data = answer["data"]
    named = f", certificate {data['certificate']}" if data["certificate"] else ""
    say(f"[bold]{plain(data['number'])}[/] is {plain(data['stage'])}{plain(named)}")


def _draft(url: str, token: str, purpose: str, subject: str, **more: Any) -> Any:
    type_code, country, number = _parts(subject)
    key = {"type_code": type_code, "country": country, "number": number}
    body = {"purpose": purpose, "certificate": key, **more}
    return _client(url, token).post(f"{_PATH}/drafts", body)["data"]


def _amount(text: str) -> dict[str, Any]:
    line, value, unit = _parts(text)
    if not line.isdecimal():
        raise typer.BadParameter(f"{text}: write <line>:<number>:<unit>, as 1:400:KGM")
    return {"line": int(line), "value": value, "unit": unit}


def _certificate(subject: str) -> str:
    from urllib.parse import quote

    return "/v1/certificates/" + "/".join(quote(part, safe="") for part in _parts(subject))


def _parts(text: str) -> tuple[str, str, str]:
    parts = text.removeprefix("certificate:").split(":", 2)
    if len(parts) != 3:
        raise typer.BadParameter(f"{text}: write three parts with colons, as 851:XA:XA-PC-2026-1")
    return parts[0], parts[1], parts[2]
