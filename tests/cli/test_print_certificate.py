"""`clearway certificates print`: from a file to paper, without a node."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.seal_text import text
from clearway.cli.app import app
from tests.certificates import sealing
from tests.certificates.conftest import certificate


def printed(folder: Path, *more: str) -> tuple[int, Path, str, BaseException | None]:
    """Print a certificate with these options."""
    source, out = folder / "certificate.xml", folder / "certificate.pdf"
    source.write_bytes(sps_certificate.write(certificate()))
    command = ["certificate", "print", str(source), "--out", str(out), *more]
    result = CliRunner().invoke(app, command)
    return result.exit_code, out, result.output, result.exception


def test_a_certificate_is_printed_alike_each_time(tmp_path: Path) -> None:
    code, out, _, _ = printed(tmp_path, "--language", "fr")
    first = out.read_bytes()
    assert (code, first[:8]) == (0, b"%PDF-1.7")
    assert printed(tmp_path, "--language", "fr", "--json")[0] == 0
    assert out.read_bytes() == first


def test_a_seal_is_taken_as_text_and_as_bytes(tmp_path: Path) -> None:
    sizes = []
    for content in (sealing.sealed(), text(sealing.sealed()).encode()):
        (tmp_path / "seal").write_bytes(content)
        code, out, output, _ = printed(tmp_path, "--seal", str(tmp_path / "seal"))
        assert code == 0, output
        sizes.append(len(out.read_bytes()))
    assert sizes[0] == sizes[1]
    assert printed(tmp_path)[1].stat().st_size != sizes[0]


def test_what_is_no_seal_is_not_printed_as_one(tmp_path: Path) -> None:
    for content in (b"CW1:NOSEAL", b"hello", b"x" * 10_000):
        (tmp_path / "seal").write_bytes(content)
        code, out, _, error = printed(tmp_path, "--seal", str(tmp_path / "seal"))
        assert code != 0 and error is not None and not out.exists()
