"""The pages that verify in a browser with no server: receipts, and certificates by their seals.

`static/verifier/` and `static/certificate/` hold their parts; a `Bundle` puts them into one HTML
file, which opens from a disk and works with the network off. The scripts use the browser's own
cryptography. The certificate's page can also be installed on a telephone: it is served under
`/console/verify/`, with a worker that keeps it on the device.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_STATIC = Path(__file__).parent / "static"
_CERTIFICATE = _STATIC / "certificate"
_STYLE = re.compile(r'  <link rel="stylesheet" href="([\w./]+)">\n')
_SCRIPT = re.compile(r'  <script src="([\w./]+)" defer></script>\n')
_STRICT = '"use strict";\n'
# The code reader is WebAssembly; fetching and workers are for the installed page alone.
_WASM = " 'wasm-unsafe-eval'"
_INSTALLED = (
    " worker-src 'self'; manifest-src 'self'; img-src 'self'; connect-src 'self';"
    " frame-ancestors 'none';"
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """One page with everything inside.

    Args:
        html: the file.
        policy: content policy that allows its own style and script, by their digests.
    """

    html: str
    policy: str


@cache
def receipts() -> Bundle:
    """Return the page that verifies receipts."""
    return _bundle(_STATIC / "verifier" / "verifier.html")


@cache
def certificates() -> Bundle:
    """Return the page that verifies certificates by their seals."""
    reader = base64.b64encode((_STATIC / "vendor" / "zxing_reader.wasm").read_bytes()).decode()
    return _bundle(
        _CERTIFICATE / "certificate.html",
        before=f'const ZXING_WASM = "{reader}";\n',
        allows=_WASM,
        links=(
            '  <link rel="manifest" href="manifest.webmanifest">\n'
            '  <link rel="icon" href="mark.svg" type="image/svg+xml">\n'
        ),
    )


def _bundle(page: Path, *, before: str = "", allows: str = "", links: str = "") -> Bundle:
    """Put the styles and scripts that a page names into it.

    Args:
        before: script to stand before the others.
        allows: what its scripts may do beyond being there.
        links: for the head.
    """
    html = page.read_text(encoding="utf-8")
    style = "".join(_read(page, name) for name in _STYLE.findall(html))
    parts = "".join(_read(page, name).replace(_STRICT, "") for name in _SCRIPT.findall(html))
    script = _STRICT + before + parts
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}{allows};"
        " base-uri 'none'; form-action 'none';"
    )
    head = (
        f'  <meta http-equiv="Content-Security-Policy" content="{policy}{_meta(allows)}">\n'
        f"{links}  <style>{style}</style>\n"
    )
    rest = _SCRIPT.sub("", _STYLE.sub("", html)).replace("</head>", f"{head}</head>")
    return Bundle(rest.replace("</body>", f"<script>{script}</script>\n</body>"), policy)


def _meta(allows: str) -> str:
    """Return what a page may reach when it is installed; `frame-ancestors` has no place in it."""
    return _INSTALLED.rpartition(" frame-ancestors")[0] if allows else ""


def _read(page: Path, name: str) -> str:
    return (page.parent / name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"


async def receipt_page(_: Request) -> Response:
    """Give the receipt's page as one file to keep."""
    return _kept(receipts(), "verify-receipt.html")


async def certificate_page(_: Request) -> Response:
    """Give the certificate's page as one file to keep."""
    return _kept(certificates(), "verify-certificate.html")


def _kept(bundle: Bundle, name: str) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(bundle.html, 200, named, "text/html")


async def installable(_: Request) -> Response:
    """Show the certificate's page, to be used here or installed."""
    bundle = certificates()
    headers = {
        "Content-Security-Policy": bundle.policy + _INSTALLED,
        "Permissions-Policy": "camera=(self)",
    }
    return Response(bundle.html, 200, headers, "text/html")


async def worker(_: Request) -> Response:
    """Give the worker that keeps the page on the device."""
    script = (_CERTIFICATE / "sw.js").read_text(encoding="utf-8")
    return Response(script, 200, {"Cache-Control": "no-cache"}, "text/javascript")


async def manifest(_: Request) -> Response:
    """Give what a telephone needs to install the page."""
    text = (_CERTIFICATE / "manifest.webmanifest").read_text(encoding="utf-8")
    return Response(text, 200, None, "application/manifest+json")


async def mark(_: Request) -> Response:
    """Give the icon."""
    return Response((_STATIC / "mark.svg").read_bytes(), 200, None, "image/svg+xml")


ROUTES = [
    Route("/verify-receipt.html", receipt_page),
    Route("/verify-certificate.html", certificate_page),
    Route("/verify/", installable),
    Route("/verify/sw.js", worker),
    Route("/verify/manifest.webmanifest", manifest),
    Route("/verify/mark.svg", mark),
]
