"""The page that verifies certificates by their seals, in a real browser with the network off."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
import zxingcpp
from starlette.applications import Starlette
from starlette.routing import Mount

from clearway.certificates.formats import qr, seal_text, status_list, trust_list
from clearway.certificates.status import State
from clearway.console import verifier

from ..certificates import sealing
from .conftest import FLAGS, SCREENSHOTS
from .test_console import AXE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

VECTORS = json.loads(
    (Path(__file__).parents[2] / "docs" / "design" / "seal-vectors.json").read_text("utf-8")
)
ISSUER = sealing.authority_key(9)
ISSUER_KEY = base64.b64encode(ISSUER.public).decode()
SEAL = seal_text.text(sealing.sealed(with_lines=True))
NOW = sealing.AT.timestamp() * 1_000


class _Thread(uvicorn.Server):
    """A server in a thread of its own, on a free port."""

    def install_signal_handlers(self) -> None:
        """Leave signals to pytest."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = Starlette(routes=[Mount("/console", routes=verifier.ROUTES)])
    server = _Thread(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://localhost:{port}/console/verify/"
    server.should_exit = True
    thread.join()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 412, "height": 915})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """The page on a telephone whose clock stands at the vectors' instant."""
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.clock.set_fixed_time(sealing.AT)
    opened.goto(address)
    yield opened
    assert wrong == []


def lists(folder: Path, states: dict[int, State] | None = None, **changes: Any) -> list[Path]:
    """Return files of a trust list and a status list."""
    trust = folder / "trust.json"
    trust.write_bytes(trust_list.write(sealing.trust(**changes), ISSUER))
    status = folder / "EC-S1.cwt"
    made = status_list.emit(
        "S1", states or {}, sealing.KEY,
        issued_at=sealing.TRUST.issued_at, next_update=sealing.TRUST.next_update,
    )  # fmt: skip
    status.write_bytes(made)
    return [trust, status]


def until(page: Page, holds: str) -> None:
    """Wait until an expression holds; the page's policy lets nobody wait inside it."""
    for _ in range(500):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"{holds} did not come true")


def load(page: Page, files: list[Path], key: str = ISSUER_KEY) -> None:
    page.fill("#issuer", key)
    page.set_input_files("#lists", files)
    until(page, "document.getElementById('lists').value === ''")
    page.wait_for_timeout(150)


def check(page: Page, text: str) -> tuple[str, str]:
    """Let the page judge a text; return its title and its codes."""
    page.evaluate("document.getElementById('result').hidden = true")
    if not page.is_visible("#text"):
        page.click("summary")
    page.fill("#text", text)
    page.click("#check")
    page.wait_for_selector("#result:not([hidden])")
    return page.inner_text("#result h2 >> nth=0"), page.get_attribute("#result", "data-codes") or ""


JUDGE = """
async ([vectors, at]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const current = await trustListOf(vectors.trust_lists.current);
  const found = [];
  for (const vector of vectors.vectors.filter((each) => !each.document)) {
    const known = vectors.trust_lists[vector.trust_list];
    const list = known ? await trustListOf(known) : null;
    const named = vector.status_lists.map((name) => bytes(vectors.status_lists[name]));
    const status = await Promise.all(named.map((each) => readStatusList(each, current, at)));
    const judged = await judgeSeal(vector.text, list, status, Date.parse(vector.at));
    const codes = judged.answers.map((each) => `SEAL_${each.code}`);
    found.push([vector.name, judged.colour, codes, judged.isProved]);
  }
  return found;
}
"""


def test_the_browser_gives_every_vector_the_verdict_that_the_node_gives(page: Page) -> None:
    wanted = [
        [one["name"], one["colour"], one["codes"], one["is_certified"]]
        for one in VECTORS["vectors"]
        if "document" not in one
    ]
    assert page.evaluate(JUDGE, [VECTORS, NOW]) == wanted
    assert len(wanted) > 35


def test_with_its_lists_a_seal_is_green_and_says_what_it_certifies(
    page: Page, tmp_path: Path
) -> None:
    load(page, lists(tmp_path))
    assert check(page, SEAL) == ("It can be relied on", "G01 G02 G03 G04 G05")
    assert "Persea americana" in page.inner_text("#result")
    assert "Not proved" not in page.inner_text("#result")


def test_without_lists_nothing_is_green_and_claims_are_not_called_proved(page: Page) -> None:
    assert check(page, SEAL) == ("It cannot be known here", "A01 A05 G03 G04 A07")
    assert "Not proved" in page.inner_text("#result")


def test_a_withdrawn_and_an_altered_certificate_are_red(page: Page, tmp_path: Path) -> None:
    load(page, lists(tmp_path, {sealing.PLACE.index: State.WITHDRAWN}))
    assert check(page, SEAL)[0] == "Do not rely on it"
    other = next(one["text"] for one in VECTORS["vectors"] if one["name"] == "claims changed")
    title, codes = check(page, other)
    assert title == "Do not rely on it" and "R08" in codes


def test_a_list_that_another_signed_or_that_was_altered_is_not_kept(
    page: Page, tmp_path: Path
) -> None:
    trust, status = lists(tmp_path)
    load(page, [trust], base64.b64encode(sealing.STRANGER.public).decode())
    assert "not signed by the issuer" in page.inner_text("#notice")
    trust.write_bytes(trust.read_bytes().replace(b"Ecuador", b"Ecuadoz"))
    load(page, [trust])
    assert "not signed by the issuer" in page.inner_text("#notice")
    load(page, [status])
    assert "Load the trust list first" in page.inner_text("#notice")
    assert check(page, SEAL)[1].startswith("A01")


def test_an_older_trust_list_takes_no_place(page: Page, tmp_path: Path) -> None:
    load(page, lists(tmp_path, version=2)[:1])
    load(page, lists(tmp_path, version=1)[:1])
    assert "A newer trust list is kept already" in page.inner_text("#notice")


def test_once_opened_it_works_without_a_network_and_remembers_its_lists(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    load(page, lists(tmp_path))
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # now under the worker, which keeps the page
    until(page, "navigator.serviceWorker.controller !== null")
    context.set_offline(True)
    page.reload()
    assert page.inner_text("h1") == "Verify a certificate"
    assert check(page, SEAL)[0] == "It can be relied on"


def test_a_picture_of_the_code_is_read(page: Page, tmp_path: Path) -> None:
    load(page, lists(tmp_path))
    picture = tmp_path / "photo.png"
    picture.write_bytes(qr.make(SEAL).png(6))
    page.set_input_files("#image", picture)
    page.wait_for_selector("#result:not([hidden])")
    assert page.inner_text("#result h2 >> nth=0") == "It can be relied on"
    page.set_input_files("#image", AXE)
    page.wait_for_selector("#notice:not([hidden])")
    assert page.inner_text("#notice") == "The file is not a picture"


def film(folder: Path) -> Path:
    """Return a film of the code, as Chromium takes for a camera: YUV 4:2:0, one frame."""
    side, scale = 640, 6
    image = zxingcpp.create_barcode(SEAL, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(
        scale=scale, add_quiet_zones=False
    )
    rows = [bytes(235 if value else 16 for value in row) for row in memoryview(image).tolist()]
    margin = (side - len(rows)) // 2
    grey = bytearray(b"\xeb" * side * side)
    for y, row in enumerate(rows):
        at = (margin + y) * side + margin
        grey[at : at + len(row)] = row
    frame = b"FRAME\n" + bytes(grey) + b"\x80" * (side * side // 2)
    path = folder / "camera.y4m"
    path.write_bytes(b"YUV4MPEG2 W640 H640 F30:1 Ip A1:1 C420jpeg\n" + frame * 4)
    return path


def test_the_camera_reads_the_code(
    address: str,
    tmp_path: Path,
    chromium: Browser,
    record_property: Callable[[str, object], None],
) -> None:
    playwright = chromium.browser_type
    path = next(filter(None, map(which, ["chromium", "chromium-browser", "google-chrome"])))
    fake = [
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film(tmp_path)}",
    ]  # fmt: skip
    browser = playwright.launch(executable_path=path, args=[*FLAGS, *fake])
    try:
        page = browser.new_context(permissions=["camera"]).new_page()
        page.clock.install(time=sealing.AT)
        page.goto(address)
        load(page, lists(tmp_path))
        page.click("#camera")
        page.wait_for_selector("#result:not([hidden])", timeout=15_000)
        assert page.inner_text("#result h2 >> nth=0") == "It can be relied on"
        took = page.evaluate(
            """async (text) => {
              const canvas = new OffscreenCanvas(640, 640);
              canvas.getContext("2d").fillRect(0, 0, 1, 1);
              const begun = performance.now();
              await readPicture(canvas, 640, 640);
              const known = await takeUp(Date.now());
              await judgeSeal(text, known.trust, known.lists, Date.now());
              return performance.now() - begun;
            }""",
            SEAL,
        )
        record_property("from_a_frame_to_its_verdict_ms", round(took))
    finally:
        browser.close()


def test_the_one_file_opens_from_a_disk_without_a_network(
    context: BrowserContext, tmp_path: Path
) -> None:
    file = tmp_path / "verify-certificate.html"
    file.write_text(verifier.certificates().html, encoding="utf-8")
    context.set_offline(True)
    page = context.new_page()
    page.clock.set_fixed_time(sealing.AT)
    page.goto(file.as_uri())
    load(page, lists(tmp_path))
    assert check(page, SEAL)[0] == "It can be relied on"


def test_the_page_is_accessible_in_both_schemes_and_speaks_its_languages(
    page: Page, tmp_path: Path
) -> None:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    SCREENSHOTS.mkdir(exist_ok=True)
    for name, files in (("amber", []), ("green", lists(tmp_path))):
        if files:
            load(page, files)
        check(page, SEAL)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(
                path=SCREENSHOTS / f"certificate-page-{name}-{scheme}.png", full_page=True
            )
            found = page.evaluate("axe.run().then(all => all.violations.map(each => each.id))")
            assert found == []
    page.click("#languages button[lang=es]")
    assert page.inner_text("h1") == "Verificar un certificado"
