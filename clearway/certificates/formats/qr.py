"""QR codes (ISO/IEC 18004): a seal's text as a picture, and texts from pictures, by zxing-cpp.

code = make(text)            # level M; code.version is at most 10 for a reference seal
code.svg(), code.png(scale=4)
read(picture)                # ("CW1:...",)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import zxingcpp

from clearway.certificates.formats import png
from clearway.errors import BadTerm, TooLarge

MAX_CHARACTERS: Final = 3_391  # of an alphanumeric code of version 40 at level M
MAX_CODES: Final = 16
_QUIET_ZONE: Final = 4  # modules of white around it (ISO/IEC 18004, 6.3.8)
_ALPHANUMERIC: Final = re.compile(r"[0-9A-Z $%*+\-./:]+")
_MAX_SCALE: Final = 64


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code.

    Args:
        modules: shape (n, n), 0 for a dark module and 255 for a light one, without quiet zone.
    """

    modules: png.Grey

    @property
    def size(self) -> int:
        """Modules on a side, without quiet zone."""
        return int(self.modules.shape[0])

    @property
    def side(self) -> int:
        """Modules from edge to edge, quiet zone included."""
        return self.size + 2 * _QUIET_ZONE

    @property
    def version(self) -> int:
        """1 to 40."""
        return (self.size - 17) // 4

    def png(self, scale: int = 4) -> bytes:
        """Return a PNG with its quiet zone.

        Args:
            scale: pixels for a module, 1 to 64.

        Raises: BadTerm: another scale.
        """
        if not 1 <= scale <= _MAX_SCALE:
            raise BadTerm("Scale of a QR code", scale, f"1 to {_MAX_SCALE} pixels for a module")
        framed = np.pad(self.modules, _QUIET_ZONE, constant_values=255)
        return png.write(framed.repeat(scale, axis=0).repeat(scale, axis=1))

    def svg(self) -> str:
        """Return an SVG with its quiet zone: one path, of one unit for a module."""
        side, runs = self.side, "".join(_runs(self.modules))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"'
            f' shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
            f'<path fill="#000" d="{runs}"/></svg>'
        )


def make(text: str) -> Code:
    """Return the smallest QR code of level M that holds a text.

    Args:
        text: of the alphanumeric mode, as every seal's is.

    Raises: BadTerm: a character outside it. TooLarge: more than a code holds.
    """
    if not _ALPHANUMERIC.fullmatch(text):
        raise BadTerm("Text of a QR code", text, "capitals, digits and space $ % * + - . / :")
    if len(text) > MAX_CHARACTERS:
        raise TooLarge(f"A QR code of level M holds {MAX_CHARACTERS:,} characters", limit="text")
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image: Any = code.to_image(scale=1, add_quiet_zones=False)
    return Code(np.array(image, dtype=np.uint8))


def read(picture: bytes) -> tuple[str, ...]:
    """Return the texts of the QR codes in a PNG, however it is turned.

    Raises: MalformedMessage, TooLarge: see `png.read`.
    """
    return read_grey(png.read(picture))


def read_grey(grey: png.Grey) -> tuple[str, ...]:
    """Return the texts of the QR codes in grey pixels, at most 16, each once."""
    only: Any = zxingcpp.BarcodeFormat.QRCode
    found: Any = zxingcpp.read_barcodes(grey, formats=only)
    return tuple(dict.fromkeys(code.text for code in found if code.valid))[:MAX_CODES]


def _runs(modules: png.Grey) -> list[str]:
    """Return the dark runs of each row as path commands."""
    dark = np.pad((modules == 0).astype(np.int8), ((0, 0), (1, 1)))
    edges = np.diff(dark, axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    runs = zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return [
        f"M{start + _QUIET_ZONE} {row + _QUIET_ZONE}h{end - start}v1h-{end - start}z"
        for row, start, end in runs
    ]
