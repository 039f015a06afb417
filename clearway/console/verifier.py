"""The page that verifies receipts in a browser, with no server: one file that can be kept and sent.

`static/verifier/` holds its parts; `bundle` puts them into one HTML file, which opens from a disk
and works with the network off. Its scripts use the browser's own cryptography and nothing else.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "static" / "verifier"
_STYLE = re.compile(r'  <link rel="stylesheet" href="([\w.]+)">\n')
_SCRIPT = re.compile(r'  <script src="([\w./]+)" defer></script>\n')


@cache
def bundle() -> str:
    """Return the page with its style and scripts inside, and a policy that allows only them."""
    page = _read("verifier.html")
    style = "".join(_read(name) for name in _STYLE.findall(page))
    script = "".join(_read(name).replace('"use strict";\n', "") for name in _SCRIPT.findall(page))
    script = f'"use strict";\n{script}'
    allowed = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)};"
        " base-uri 'none'; form-action 'none'"
    )
    head = (
        f'  <meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        f"  <style>{style}</style>\n"
    )
    page = _SCRIPT.sub("", _STYLE.sub(lambda _: head, page))
    return page.replace("</body>", f"<script>{script}</script>\n</body>")


async def download(_: Request) -> Response:
    """Give the one file to keep."""
    named = {"Content-Disposition": 'attachment; filename="verify-receipt.html"'}
    return Response(bundle(), 200, named, "text/html")


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"


ROUTES = [Route("/verify-receipt.html", download)]
