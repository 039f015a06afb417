"""What a message may weigh. Limits come before parsing, before cryptography, before meaning."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.errors import MalformedMessage, TooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one message may hold; over it, `TooLarge` names the limit.

    Args:
        size_bytes: length of the message.
        depth: levels of nesting; the root is level 1.
        nodes: elements of an XML document, or values of a JSON text.
        attributes: attributes on one XML element; canonical XML costs their square.
        digits: digits of one JSON number.
        namespaces: namespace declarations in force at one place of an XML document; canonical XML
            costs their square at every element.
        declarations: namespace declarations in the whole XML document.
    """

    size_bytes: int = 1 << 20
    depth: int = 64
    nodes: int = 50_000
    attributes: int = 64
    digits: int = 128
    namespaces: int = 32
    declarations: int = 4_096


STANDARD = Limits()


def require_size(data: bytes, limits: Limits) -> None:
    """Refuse an empty message, and one that is too long.

    Raises:
        MalformedMessage: there are no bytes.
        TooLarge: more bytes than `limits.size_bytes`.
    """
    if not data:
        raise MalformedMessage("The message is empty: it has no bytes")
    if len(data) > limits.size_bytes:
        raise TooLarge(
            f"The message has {len(data):,} bytes; at most {limits.size_bytes:,} are accepted."
            " Send it in parts",
            limit="size_bytes",
        )


def decode_utf8(data: bytes) -> str:
    """Return the text of UTF-8 bytes. Raises: MalformedMessage: names the first wrong byte."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise wrong_bytes(data, error.start, "UTF-8") from error


def wrong_bytes(data: bytes, offset: int, encoding: str) -> MalformedMessage:
    """Return the error that names the byte and the line at which `data` leaves its encoding."""
    line = data.count(b"\n", 0, offset) + 1
    return MalformedMessage(
        f"Byte {offset + 1:,} (line {line:,}) is 0x{data[offset]:02X}, which is not {encoding};"
        f" save the message as {encoding} and send it again",
        byte=offset + 1,
        line=line,
    )
