"""One tree of errors; its branches say what the caller must do.

    ClearwayError
    ├── InputError              mend the input; nothing was changed
    │   ├── MalformedMessage    the bytes are not of the form they claim       (HTTP 400)
    │   ├── BadTerm             one value breaks the standard it cites         (HTTP 422)
    │   ├── RuleViolation       the message is well formed, rules refuse it    (HTTP 422)
    │   ├── TooLarge            over a stated limit                            (HTTP 413)
    │   ├── ConflictingKey      same idempotency key, other content            (HTTP 409)
    │   └── WrongState          the thing is not in a state that allows this   (HTTP 409)
    ├── NotFound                no such thing, or none that you may see        (HTTP 404)
    ├── NotAuthenticated        say who you are                                (HTTP 401)
    ├── Refused                 policy says no, with its reason                (HTTP 403)
    ├── TryLater                overloaded or draining; the same call may work (HTTP 503, 429)
    └── MustStop                do not go on: storage or proof is broken       (HTTP 500, exit 70)
        ├── StorageFailure      an I/O error, a full disk, a library too old
        └── VerificationError   a signature, proof or hash does not hold

Each leaf has a stable `code` for machines, a `title` for people and a `detail` that names the
field, the value, the rule and the way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class ClearwayError(Exception):
    """Root of the tree; `detail` is a sentence for people, `fields` are for machines."""

    code: ClassVar[str] = "clearway_error"
    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


class InputError(ClearwayError):
    """The caller must mend what was sent; nothing was changed."""

    code = "input_error"
    title = "The message cannot be accepted as it is"
    status = 400


class MalformedMessage(InputError):
    """The bytes are not of the form that they claim to be."""

    code = "malformed_message"
    title = "The message cannot be read"


class BadTerm(InputError):
    """One value breaks the standard that it claims to follow."""

    code = "bad_term"
    title = "A value does not follow its standard"
    status = 422

    def __init__(self, term: str, value: object, rule: str, *, field: str | None = None) -> None:
        shown = _shown(value)
        super().__init__(f"{term} {shown}: {rule}", term=term, value=shown, rule=rule)
        self.field = field


def _shown(value: object) -> str:
    """Return a value as an error message shows it: short, whatever a stranger sent."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python converts
        return f"a {type(value).__name__} too long to show"
    return text if len(text) <= 80 else text[:77] + "..."


class RuleViolation(InputError):
    """A well-formed message that the business rules refuse; `findings` list every reason."""

    code = "rule_violation"
    title = "The message breaks a rule"
    status = 422

    def __init__(self, detail: str, findings: Sequence[Any] = (), **fields: Any) -> None:
        super().__init__(detail, **fields)
        self.findings = tuple(findings)


class TooLarge(InputError):
    """The message, or a part of it, is over a stated limit."""

    code = "too_large"
    title = "The message is too large"
    status = 413


class ConflictingKey(InputError):
    """The same idempotency key came with other content: an alarm is raised."""

    code = "conflicting_key"
    title = "This key was used for other content"
    status = 409


class WrongState(InputError):
    """The thing exists, but its state does not allow what was asked."""

    code = "wrong_state"
    title = "Not possible in the present state"
    status = 409


class NotFound(ClearwayError):
    """No such thing, or none that this caller may see: the two look the same."""

    code = "not_found"
    title = "Not found"
    status = 404


class NotAuthenticated(ClearwayError):
    """The caller did not prove who it is."""

    code = "not_authenticated"
    title = "Sign in first"
    status = 401


class Refused(ClearwayError):
    """Policy refuses; the detail is the policy's reason."""

    code = "refused"
    title = "Not permitted"
    status = 403


class TryLater(ClearwayError):
    """Overloaded, draining or waiting; the same call may work after `retry_after_s` seconds."""

    code = "try_later"
    title = "Try again later"
    status = 503

    def __init__(self, detail: str, *, retry_after_s: int = 1, **fields: Any) -> None:
        super().__init__(detail, **fields)
        self.retry_after_s = retry_after_s


class MustStop(ClearwayError):
    """Going on could do harm: stop answering and call a human."""

    code = "must_stop"
    title = "The node had to stop"


class StorageFailure(MustStop):
    """The store reported an I/O error, is full, or its library is too old to be trusted."""

    code = "storage_failure"
    title = "The store failed"


class VerificationError(MustStop):
    """A signature, a proof or a hash does not hold."""

    code = "verification_error"
    title = "The evidence does not hold"
    status = 422
