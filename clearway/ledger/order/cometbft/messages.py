"""The messages of ABCI 2.0 (CometBFT v0.38) that the application reads and writes.

Only the fields that we use are described; the rest is passed over. Numbers as in the ABCI
specification. A frame on the socket is the message's length as a varint, then the message.
"""

from __future__ import annotations

from typing import Any

from clearway.errors import MalformedMessage, TooLarge
from clearway.ledger.order.cometbft.wire import Field, Message, decode, encode, read_varint, varint

# A block has at most 1 MB here; the engine adds votes and headers to it.
MAX_FRAME = 16 * 1024 * 1024

PUBLIC_KEY = Message("PublicKey", {"ed25519": Field(1, "bytes")})
VALIDATOR_UPDATE = Message(
    "ValidatorUpdate", {"pub_key": Field(1, "message", of=PUBLIC_KEY), "power": Field(2, "int")}
)
TX_RESULT = Message(
    "ExecTxResult",
    {"code": Field(1, "int"), "data": Field(2, "bytes"), "log": Field(3, "text")},
)

REQUESTS: dict[int, Message] = {
    1: Message("Echo", {"message": Field(1, "text")}),
    2: Message("Flush", {}),
    3: Message("Info", {"version": Field(1, "text"), "abci_version": Field(4, "text")}),
    5: Message(
        "InitChain",
        {
            "chain_id": Field(2, "text"),
            "validators": Field(4, "message", many=True, of=VALIDATOR_UPDATE),
            "app_state": Field(5, "bytes"),
            "initial_height": Field(6, "int"),
        },
    ),
    6: Message(
        "Query",
        {
            "data": Field(1, "bytes"),
            "path": Field(2, "text"),
            "height": Field(3, "int"),
            "prove": Field(4, "int"),
        },
    ),
    8: Message("CheckTx", {"tx": Field(1, "bytes"), "type": Field(2, "int")}),
    11: Message("Commit", {}),
    12: Message("ListSnapshots", {}),
    13: Message("OfferSnapshot", {}),
    14: Message("LoadSnapshotChunk", {}),
    15: Message("ApplySnapshotChunk", {}),
    16: Message(
        "PrepareProposal",
        {
            "max_tx_bytes": Field(1, "int"),
            "txs": Field(2, "bytes", many=True),
            "height": Field(5, "int"),
        },
    ),
    17: Message(
        "ProcessProposal", {"txs": Field(1, "bytes", many=True), "height": Field(5, "int")}
    ),
    18: Message("ExtendVote", {}),
    19: Message("VerifyVoteExtension", {}),
    20: Message("FinalizeBlock", {"txs": Field(1, "bytes", many=True), "height": Field(5, "int")}),
}

EXCEPTION = 1
RESPONSES: dict[int, Message] = {
    EXCEPTION: Message("Exception", {"error": Field(1, "text")}),
    2: Message("Echo", {"message": Field(1, "text")}),
    3: Message("Flush", {}),
    4: Message(
        "Info",
        {
            "data": Field(1, "text"),
            "version": Field(2, "text"),
            "app_version": Field(3, "int"),
            "last_block_height": Field(4, "int"),
            "last_block_app_hash": Field(5, "bytes"),
        },
    ),
    6: Message("InitChain", {"app_hash": Field(3, "bytes")}),
    7: Message(
        "Query",
        {
            "code": Field(1, "int"),
            "log": Field(3, "text"),
            "value": Field(7, "bytes"),
            "height": Field(9, "int"),
        },
    ),
    9: Message("CheckTx", {"code": Field(1, "int"), "log": Field(3, "text")}),
    12: Message("Commit", {"retain_height": Field(3, "int")}),
    13: Message("ListSnapshots", {}),
    14: Message("OfferSnapshot", {"result": Field(1, "int")}),
    15: Message("LoadSnapshotChunk", {"chunk": Field(1, "bytes")}),
    16: Message("ApplySnapshotChunk", {"result": Field(1, "int")}),
    17: Message("PrepareProposal", {"txs": Field(1, "bytes", many=True)}),
    18: Message("ProcessProposal", {"status": Field(1, "int")}),
    19: Message("ExtendVote", {}),
    20: Message("VerifyVoteExtension", {"status": Field(1, "int")}),
    21: Message(
        "FinalizeBlock",
        {
            "tx_results": Field(2, "message", many=True, of=TX_RESULT),
            "validator_updates": Field(3, "message", many=True, of=VALIDATOR_UPDATE),
            "app_hash": Field(5, "bytes"),
        },
    ),
}
_NUMBER = {message.name: number for number, message in RESPONSES.items()}


def read_request(frame: bytes) -> tuple[str, dict[str, Any]]:
    """Return the name and the fields of a request. Raises: MalformedMessage."""
    tag, at = read_varint(frame, 0)
    size, at = read_varint(frame, at)
    message = REQUESTS.get(tag >> 3)
    if message is None or tag & 7 != 2 or at + size != len(frame):
        raise MalformedMessage(f"The engine's request {tag >> 3} is not one of ABCI 2.0")
    return message.name, decode(message, frame[at:])


def write_response(name: str, values: dict[str, Any]) -> bytes:
    """Return a response with its length before it."""
    number = _NUMBER[name]
    inner = encode(RESPONSES[number], values)
    message = varint(number << 3 | 2) + varint(len(inner)) + inner
    return varint(len(message)) + message


def split_frame(buffer: bytes) -> tuple[bytes, bytes] | None:
    """Return the first whole frame and what follows, or None while it is not complete.

    Raises: TooLarge: it would have over 16 MiB. MalformedMessage: its length is not in form.
    """
    if not any(byte < 0x80 for byte in buffer[:10]):
        if len(buffer) >= 10:
            raise MalformedMessage("The length of a frame is not in form")
        return None
    size, at = read_varint(buffer, 0)
    if size > MAX_FRAME:
        raise TooLarge(f"A frame of {size} bytes is over the limit of {MAX_FRAME}")
    if len(buffer) < at + size:
        return None
    return buffer[at : at + size], buffer[at + size :]
