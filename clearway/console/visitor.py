"""Who looks at a page: the session cookie, the seal on forms, the language."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from starlette.requests import Request

from clearway.console.translate import RIGHT_TO_LEFT, Translate, preferred, translator
from clearway.errors import NotAuthenticated, Refused
from clearway.identity.credentials import authenticate_session, form_key
from clearway.identity.model import Actor
from clearway.node.node import Node

COOKIE = "clearway_session"


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
    """Return who looks. Raises: NotAuthenticated: nobody is signed in, or not any more."""
    node: Node = request.app.state.node
    session = request.cookies.get(COOKIE)
    if not session:
        raise NotAuthenticated("Sign in first")
    with node.reading() as connection:
        actor = authenticate_session(connection, session, node.clock())
    return Visitor(actor, session, language_of(request))


def language_of(request: Request) -> str:
    """Return the chosen language, else the browser's."""
    return preferred(
        request.cookies.get("clearway_language") or request.headers.get("accept-language", "")
    )


async def sealed_form(request: Request, visitor: Visitor) -> dict[str, str]:
    """Return the fields of a form that one of our own pages sent.

    Raises: Refused: the seal is missing or wrong (a forged request).
    """
    form = await request.form(max_files=0, max_fields=40)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if not hmac.compare_digest(fields.get("seal", ""), visitor.seal):
        raise Refused("This form is not from your present session; load the page again")
    return fields
