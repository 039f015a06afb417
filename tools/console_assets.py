"""Copy the pinned browser assets of the console from node_modules into the package.

Run by `make assets` after `npm ci`. The copies are not in version control; a wheel carries them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "clearway" / "console" / "static" / "vendor"

ASSETS = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.rtl.min.css": "@tabler/core/dist/css/tabler.rtl.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "sha3.js": "jssha/dist/sha3.js",
    "zxing_reader.js": "zxing-wasm/dist/iife/reader/index.js",
    "zxing_reader.wasm": "zxing-wasm/dist/reader/zxing_reader.wasm",
    "echarts.min.js": "echarts/dist/echarts.min.js",
    "topojson-client.min.js": "topojson-client/dist/topojson-client.min.js",
    "countries-110m.json": "world-atlas/countries-110m.json",
}
LICENCES = (
    "htmx.org", "@tabler/core", "echarts", "jssha", "topojson-client", "world-atlas", "zxing-wasm",
)  # fmt: skip


def main() -> None:
    """Copy each asset and its licence."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in ASSETS.items():
        shutil.copyfile(MODULES / source, VENDOR / name)
    for package in LICENCES:
        for found in sorted((MODULES / package).glob("LICENSE*")):
            shutil.copyfile(found, VENDOR / f"LICENSE-{package.replace('/', '-').strip('@')}.txt")


if __name__ == "__main__":
    main()
