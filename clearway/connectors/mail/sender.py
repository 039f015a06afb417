"""One e-mail by SMTP (RFC 5321), encrypted by STARTTLS (RFC 3207) unless told otherwise.

A server that offers no STARTTLS gets nothing: a stranger on the way could have struck it out.
Answers of 5xx to the recipient refuse for good; everything else is tried again.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime

from clearway.connectors.mail.compose import compose
from clearway.connectors.notices.model import Attempt, Notice, Result
from clearway.errors import BadTerm

TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes our mail.

    Args:
        host, port: 587 is that of submission (RFC 6409).
        sender: our own address.
        user, password: "" for a server that knows us otherwise.
        starttls: false sends in clear; for a server on the same machine only.
    """

    host: str
    sender: str
    port: int = 587
    user: str = ""
    password: str = ""
    starttls: bool = True

    def __repr__(self) -> str:
        """Show all but the password."""
        return f"MailServer({self.host}:{self.port}, sender={self.sender})"


class MailSender:
    """Sends notices by one server.

    Args:
        context: for TLS; the machine's own authorities by default.
    """

    def __init__(self, server: MailServer, *, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._context = context or ssl.create_default_context()

    def send(self, notice: Notice, to: str, language: str, at: datetime) -> Attempt:
        """Send a notice once and return what became of it; no error of the network is raised."""
        try:
            message = compose(notice, to=to, sender=self._server.sender, language=language, at=at)
        except BadTerm as error:
            return Attempt(Result.REFUSED, error.detail)
        try:
            with smtplib.SMTP(self._server.host, self._server.port, timeout=TIMEOUT_S) as smtp:
                self._introduce(smtp)
                smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            is_final = all(code >= 500 for code in codes)
            result = Result.REFUSED if is_final else Result.FAILED
            return Attempt(result, f"SMTP {codes[0]} for the recipient")
        except smtplib.SMTPResponseException as error:
            return Attempt(Result.FAILED, f"SMTP {error.smtp_code}")
        except (smtplib.SMTPException, OSError) as error:
            return Attempt(Result.FAILED, f"no delivery: {type(error).__name__}")
        return Attempt(Result.DELIVERED, "SMTP accepted")

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        if self._server.starttls:
            smtp.starttls(context=self._context)
        if self._server.user:
            smtp.login(self._server.user, self._server.password)
