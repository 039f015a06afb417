"""The code with the seal: a QR code as a vector picture (ISO/IEC 18004, level M)."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import zxingcpp

from clearway.errors import TooLarge

# A version above 20 (97 modules) is not read from office paper; a seal with three lines needs 14.
_MOST_MODULES: Final = 97
_QUIET: Final = 4
_DARK: Final = re.compile(rb"\x00+")


def draw(text: str) -> tuple[str, int]:
    """Return the code as SVG, quiet zone included, and its modules from edge to edge.

    Raises: TooLarge: a code of that text could not be read from paper.
    """
    try:
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    except ValueError as error:
        raise TooLarge(f"The seal does not fit a QR code: {error}", limit="qr") from error
    # The library's own SVG takes twice as long as the code itself; its picture takes nothing.
    picture: Any = code.to_image(scale=1, add_quiet_zones=True)
    modules = np.asarray(picture)
    side = len(modules)
    if side - 2 * _QUIET > _MOST_MODULES:
        raise TooLarge(
            f"The code of the seal has {side - 2 * _QUIET} modules a side; above {_MOST_MODULES} it"
            " cannot be read from paper. Seal it without its lines",
            limit="qr",
        )
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{_path(modules)}"/></svg>'
    )
    return drawn, side


def _path(modules: Any) -> str:
    """Return the dark modules (0) as rectangles, one for each run in a row."""
    return "".join(
        f"M{run.start()} {y}h{run.end() - run.start()}v1h-{run.end() - run.start()}Z"
        for y, row in enumerate(modules)
        for run in _DARK.finditer(row.tobytes())
    )
