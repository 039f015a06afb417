"""A notice as an e-mail message (RFC 5322, RFC 2047, RFC 3834)."""

from __future__ import annotations

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP

from clearway.connectors.notices.model import Notice
from clearway.errors import BadTerm

LONGEST_TITLE = 200
LONGEST_TEXT = 20_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]+")


def compose(notice: Notice, *, to: str, sender: str, language: str, at: datetime) -> EmailMessage:
    """Return a notice as a message; line breaks in a title become blanks, never headers.

    Args:
        to, sender: mail addresses.
        language: of title and text, for Content-Language (RFC 3282).
        at: when it is sent, aware UTC.

    Raises: BadTerm: an address that is none.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address("sender", sender)
    message["To"] = _address("to", to)
    message["Subject"] = _CONTROL.sub(" ", notice.title)[:LONGEST_TITLE].strip()
    message["Date"] = at
    message["Message-ID"] = f"<{notice.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    text = notice.text.replace("\r\n", "\n").replace("\r", "\n")
    message.set_content(_CONTROL_BUT_LINES.sub(" ", text)[:LONGEST_TEXT])
    message["Content-Language"] = language  # after the content, which empties such fields
    return message


def _address(field: str, text: str) -> MailAddress:
    try:
        return MailAddress(addr_spec=text)
    except (ValueError, IndexError, MessageError) as error:
        raise BadTerm(field, text, "must be a mail address", field=field) from error
