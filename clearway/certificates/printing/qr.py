"""The code with the seal: a QR code as a vector picture (ISO/IEC 18004, level M)."""

from __future__ import annotations

import re
from typing import Final

import zxingcpp

from clearway.errors import TooLarge

# A version above 20 (97 modules) is not read from office paper; a seal with three lines needs 14.
_MOST_MODULES: Final = 97
_SIZE: Final = re.compile(r'<svg width="(\d+)"')
_PATH: Final = re.compile(r'<path d="([^"]+)"')
_QUIET: Final = 4


def draw(text: str) -> tuple[str, int]:
    """Return the code as SVG, quiet zone included, and its modules from edge to edge.

    Raises: TooLarge: a code of that text could not be read from paper.
    """
    try:
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    except ValueError as error:
        raise TooLarge(f"The seal does not fit a QR code: {error}", limit="qr") from error
    svg = code.to_svg(add_quiet_zones=True)
    size, path = _SIZE.search(svg), _PATH.search(svg)
    if size is None or path is None:
        raise TooLarge("The seal cannot be drawn as a QR code", limit="qr")
    side = int(size[1])
    if side - 2 * _QUIET > _MOST_MODULES:
        raise TooLarge(
            f"The code of the seal has {side - 2 * _QUIET} modules a side; above {_MOST_MODULES} it"
            " cannot be read from paper. Seal it without its lines",
            limit="qr",
        )
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path[1]}"/></svg>'
    )
    return picture, side
