"""Who looks at a page: the session cookie, the seal on forms, the language."""

from __future__ import annotations

import hmac
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request

from clearway.console.translate import RIGHT_TO_LEFT, Translate, preferred, translator
from clearway.errors import ClearwayError, NotAuthenticated, NotFound, Refused, TryLater
from clearway.identity.actions.sign_in import stay_signed_in
from clearway.identity.credentials import authenticate_session, digest_of, form_key
from clearway.identity.model import Actor
from clearway.node.node import Node

COOKIE = "clearway_session"
LANGUAGE_COOKIE = "clearway_language"

_NOTED_EVERY = timedelta(minutes=1)
_NOTED_MOST = 10_000
_MOST_FIELDS = 60
_LONGEST_LOG = 2**62


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person and how to speak to them.

    Args:
        actor: who it is.
        session: text of the session cookie; secret.
        language: of the texts.
    """

    actor: Actor
    session: str
    language: str

    @property
    def seal(self) -> str:
        """What every form must send back: only our own pages know it."""
        return form_key(self.session)

    @property
    def t(self) -> Translate:
        """The translator of their language."""
        return translator(self.language)

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"


def visitor_of(request: Request) -> Visitor:
    """Return who looks.

    Raises: NotAuthenticated: nobody is signed in, or not any more. MustStop: the node has stopped.
    """
    node: Node = request.app.state.node
    if node.failure is not None:
        raise node.failure
    session = request.cookies.get(COOKIE)
    if not session:
        raise NotAuthenticated("Sign in first")
    wall, longest = node.wall(), timedelta(hours=node.settings.session_hours)
    with node.reading() as connection:
        actor = authenticate_session(connection, session, node.clock(), wall=wall, longest=longest)
    if _is_by_hand(request):
        _note_use(request, actor, session, wall)
    return Visitor(actor, session, language_of(request))


def visitor_or_nobody(request: Request) -> Visitor | None:
    """Return who looks, None when that cannot be told; for pages that say what went wrong."""
    try:
        return visitor_of(request)
    except ClearwayError:
        return None


def _is_by_hand(request: Request) -> bool:
    """Return whether a person asked: what a page asks by itself keeps no session alive."""
    if "X-Clearway-Present" in request.headers:  # somebody types or clicks on the page
        return True
    is_navigation = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    return is_navigation and "HX-Request" not in request.headers


def _note_use(request: Request, actor: Actor, session: str, wall: datetime) -> None:
    """Let the session live on, at most once a minute; nobody waits for it."""
    node: Node = request.app.state.node
    noted: dict[bytes, datetime] = request.app.state.noted
    digest = digest_of(session)
    last = noted.get(digest)
    if last is not None and wall - last < _NOTED_EVERY:
        return
    if len(noted) >= _NOTED_MOST:
        noted.clear()
    noted[digest] = wall
    with suppress(TryLater):  # a busy writer: the next page notes it
        node.act(actor, lambda act: stay_signed_in(act, session, wall=wall))


def language_of(request: Request) -> str:
    """Return the chosen language, else the browser's."""
    return preferred(
        request.cookies.get(LANGUAGE_COOKIE) or request.headers.get("accept-language", "")
    )


def require_own_page(request: Request) -> None:
    """Refuse a form that the browser says another site sent. Raises: Refused."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Refused("This form was sent by another site; open Clearway's own page")


def place_in_log(request: Request) -> int:
    """Return the fact that a path names. Raises: NotFound: no log is that long."""
    seq = int(request.path_params["seq"])
    if seq >= _LONGEST_LOG:
        raise NotFound("There is no such fact; no log is that long")
    return seq


async def sealed_form(request: Request, visitor: Visitor) -> dict[str, str]:
    """Return the fields of a form that one of our own pages sent.

    Raises: Refused: the seal is missing or wrong (a forged request).
    """
    require_own_page(request)
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    seal = fields.pop("seal", "")
    if not hmac.compare_digest(seal.encode(), visitor.seal.encode()):
        raise Refused("This form is not from your present session; load the page again")
    return fields
