"""Trust policies (C2SP tlog-policy): whose signatures make a checkpoint valid.

    log <vkey>
    witness plants <vkey>
    witness health <vkey>
    witness port <vkey>
    group agencies 2 plants health port
    quorum agencies

A checkpoint is valid if one of the logs signed it under its own name, and the quorum cosigned it.
Names are octets, compared as such. Beyond the specification a policy is refused if a witness or
group is defined and never leads to the quorum: such a line makes a reader believe in a guard that
nobody asks. (`quorum none` may list witnesses, to have their cosignatures named.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass, field

from clearway.errors import VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.keys import Verifier, is_cosigner, read_vkey
from clearway.ledger.note import MAX_SIGNATURES, Signed, open_note

MAX_SIZE = 1024 * 1024
# The specification wants 32 each; a note holds no more signatures than this.
MAX_LOGS = MAX_SIGNATURES
MAX_WITNESSES = MAX_SIGNATURES
MAX_GROUPS = MAX_SIGNATURES
NONE = "none"

_SPACE = re.compile(rb"[ \t]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Group:
    """Witnessed a checkpoint if `threshold` of its members did.

    Args:
        members: names of witnesses and groups, each defined before, each in one group only.
    """

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a policy says about one note.

    Args:
        checkpoint: what was signed; only this may be read.
        log_signed: the log that the checkpoint names signed it, by a key of the policy.
        cosigned_by: cosignatures of the policy's witnesses that hold, in the order of their lines.
        satisfied: `log_signed`, and the quorum cosigned.
        signatures: of all known keys that hold, in the order of their lines.
    """

    checkpoint: Checkpoint
    log_signed: bool
    cosigned_by: tuple[Signed, ...]
    satisfied: bool
    signatures: tuple[Signed, ...] = ()


@dataclass(frozen=True, slots=True)
class Quorum:
    """A policy: logs, witnesses by their names in the policy, groups, and what is required.

    Args:
        logs: keys of logs; a key's name is the log's origin.
        required: name of a witness or group, or `none`.
    """

    logs: tuple[Verifier, ...]
    witnesses: Mapping[str, Verifier]
    groups: Mapping[str, Group]
    required: str
    urls: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | bytes) -> Quorum:
        """Read a policy file.

        Raises: VerificationError: naming the line that is not in form.
        """
        reader = _Reader()
        for number, line in enumerate(_lines(text), start=1):
            try:
                reader.take(line)
            except VerificationError as error:
                raise VerificationError(f"Policy, line {number}: {error.detail}") from error
        return reader.finish()

    @classmethod
    def of(cls, verifiers: Iterable[Verifier]) -> Quorum:
        """Return the policy "signed by its log": cosignatures are named, none is required.

        Args:
            verifiers: of logs and of witnesses. A witness's key counts as its log's where its name
                is the log's origin.
        """
        known = tuple(verifiers)
        witnesses = {key.vkey: key for key in known if is_cosigner(key)}
        return cls(known, witnesses, {}, NONE)

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """All keys of the policy, each once."""
        return tuple({key.vkey: key for key in (*self.logs, *self.witnesses.values())}.values())

    def judge(self, note: str) -> Judged:
        """Return whose signatures the note bears, and whether they suffice.

        Raises: VerificationError: the note or its checkpoint is not in form, nobody known signed
        it, or a signature of a known key does not hold.
        """
        opened = open_note(note, self.verifiers)
        head = checkpoints.parse(opened.text)
        signed = {(one.name, one.key_id): one for one in opened.signatures}
        own = {_identity(key) for key in self.logs if key.name == head.origin} & signed.keys()
        # A log is no witness of itself, even if its key is listed as one.
        names = {
            _identity(key): name
            for name, key in self.witnesses.items()
            if _identity(key) in signed.keys() - own
        }
        return Judged(
            head,
            bool(own),
            tuple(one for key, one in signed.items() if key in names),
            bool(own) and self._is_met(names.values()),
            opened.signatures,
        )

    def _is_met(self, signed: Iterable[str]) -> bool:
        """Return whether cosignatures of these witnesses fulfil what is required."""
        met = {NONE, *signed}
        for name, group in self.groups.items():  # each is defined after its members
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(name)
        return self.required in met


def _identity(key: Verifier) -> tuple[str, bytes]:
    return key.name, key.key_id


class _Reader:
    """Takes the lines of one policy file."""

    def __init__(self) -> None:
        self.logs: dict[bytes, Verifier] = {}
        self.witnesses: dict[str, Verifier] = {}
        self.witness_keys: set[bytes] = set()
        self.groups: dict[str, Group] = {}
        self.urls: dict[str, str] = {}
        self.required: str | None = None
        self.placed: set[str] = set()

    def take(self, line: bytes) -> None:
        """Take one line. Raises: VerificationError: it is not in form, or breaks a rule."""
        words = [_name(word) for word in _SPACE.split(line.strip(b" \t"))]
        if words == [""] or words[0].startswith("#"):
            return
        taker = _TAKERS.get(words[0])
        if taker is None:
            raise VerificationError(
                f"a line begins with log, witness, group, quorum or #, not with {words[0][:40]!r}"
            )
        taker(self, words[1:])

    def finish(self) -> Quorum:
        """Return the policy. Raises: VerificationError: no quorum, or a name without use."""
        if self.required is None:
            raise VerificationError("The policy has no quorum line; it needs exactly one")
        unused = (self.witnesses.keys() | self.groups.keys()) - self.placed - {self.required}
        if self.required == NONE:
            unused -= self.witnesses.keys()
        if unused:
            raise VerificationError(
                f"The policy defines {_shown(min(unused))}, which never leads to its quorum: "
                "take it into a group, or remove the line"
            )
        return Quorum(
            tuple(self.logs.values()), self.witnesses, self.groups, self.required, self.urls
        )

    def _log(self, words: list[str]) -> None:
        if len(words) not in (1, 2):
            raise VerificationError("a log line is: log <vkey> [<url>]")
        key = read_vkey(_unicode(words[0]))
        if key.public_key in self.logs:
            raise VerificationError(f"the log key of {key.name!r} is listed twice")
        _require_room("logs", self.logs, MAX_LOGS)
        self.logs[key.public_key] = key
        self._keep_url(key, words[1:])

    def _witness(self, words: list[str]) -> None:
        if len(words) not in (2, 3):
            raise VerificationError("a witness line is: witness <name> <vkey> [<url>]")
        self._require_new(words[0])
        key = read_vkey(_unicode(words[1]))
        if not is_cosigner(key):
            raise VerificationError(
                f"the key of witness {_shown(words[0])} is of type 0x{key.signature_type:02x}; "
                "a witness cosigns by 0x04 or 0x06"
            )
        if key.public_key in self.witness_keys:
            raise VerificationError(f"the key of witness {_shown(words[0])} is listed twice")
        _require_room("witnesses", self.witnesses, MAX_WITNESSES)
        self.witnesses[words[0]] = key
        self.witness_keys.add(key.public_key)
        self._keep_url(key, words[2:])

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise VerificationError("a group line is: group <name> <k>|all|any <name>...")
        name, threshold, *members = words
        self._require_new(name)
        for member in members:
            self._require_defined(member)
            if member in self.placed:
                raise VerificationError(f"{_shown(member)} is a member twice")
            self.placed.add(member)
        _require_room("groups", self.groups, MAX_GROUPS)
        self.groups[name] = Group(_threshold(threshold, len(members)), tuple(members))

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1:
            raise VerificationError("a quorum line is: quorum <name>")
        if self.required is not None:
            raise VerificationError("a policy has only one quorum line")
        if words[0] != NONE:
            self._require_defined(words[0])
        self.required = words[0]

    def _require_new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise VerificationError(f"the name {_shown(name)} is taken")

    def _require_defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise VerificationError(f"{_shown(name)} is not defined on a line before this one")

    def _keep_url(self, key: Verifier, url: list[str]) -> None:
        if url:
            self.urls[key.vkey] = _unicode(url[0])


_TAKERS: dict[str, Callable[[_Reader, list[str]], None]] = {
    "log": _Reader._log,
    "witness": _Reader._witness,
    "group": _Reader._group,
    "quorum": _Reader._quorum,
}


def _lines(text: str | bytes) -> list[bytes]:
    """Return the lines of a policy file, which is a file of octets."""
    try:
        octets = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        raise VerificationError("The policy is not valid Unicode") from error
    if len(octets) > MAX_SIZE:
        raise VerificationError(f"A policy has at most {MAX_SIZE} bytes, not {len(octets)}")
    if _CONTROL.search(octets):
        raise VerificationError("The policy holds a control character other than tab and newline")
    if octets and not octets.endswith(b"\n"):
        raise VerificationError("The policy's last line has no newline: it may have been cut off")
    return octets.split(b"\n")


def _name(octets: bytes) -> str:
    """Return octets as text, each octet kept apart: names need not be UTF-8."""
    return octets.decode("utf-8", "surrogateescape")


def _unicode(text: str) -> str:
    """Return a vkey or address. Raises: VerificationError: it is not UTF-8."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise VerificationError("a key or address is not valid UTF-8")
    return text


def _shown(name: str) -> str:
    return repr(name[:40])


def _threshold(text: str, members: int) -> int:
    if text == "any":
        return 1
    if text == "all":
        return members
    if not re.fullmatch("[1-9][0-9]{0,3}", text) or int(text) > members:
        raise VerificationError(
            f"the threshold {text[:40]!r} is not all, any, or a number from 1 to {members}"
        )
    return int(text)


def _require_room(kind: str, held: Sized, limit: int) -> None:
    if len(held) >= limit:
        raise VerificationError(f"a policy has at most {limit} {kind}")
