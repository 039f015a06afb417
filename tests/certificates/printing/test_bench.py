"""The certificates of the bench are sound: it measures the work, not a refusal."""

from __future__ import annotations

from pathlib import Path

from clearway.certificates.formats import xml_signature
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.model import Channel, Provenance
from clearway.certificates.parts import Party
from clearway.certificates.rules import Desk, check
from clearway.cli.bench import certificates
from clearway.cli.bench.ephyto import KIND, NOW, open_office
from clearway.node.clock import entropy
from clearway.terms.places import Country


def test_what_is_issued_holds_by_signature_and_by_seal(tmp_path: Path) -> None:
    office = open_office(tmp_path, entropy)
    issued = office.issue(3)
    signed = xml_signature.verify(issued.document, office.trust_list, NOW)
    assert signed.certificate.content_digest == issued.certificate.content_digest
    assert office.verify(issued.code) == "green"
    assert office.issue(4).certificate.consignor == Party(
        "Exporter 4", address=("Av. 25 de Julio", "Guayaquil")
    )


def test_what_is_issued_breaks_no_rule(tmp_path: Path) -> None:
    issued = open_office(tmp_path, entropy).issue(1).certificate
    desk = Desk(profile_of(KIND), Country("NL"), NOW, Provenance(Channel.HUB, "EC"))
    findings = check(issued, desk)
    assert [each for each in findings if each.level == "SEVERE"] == []


def test_every_pair_of_the_bench_is_measured(tmp_path: Path) -> None:
    office = open_office(tmp_path, entropy)
    figures = certificates._issuing(office, 1)
    assert len(figures) == 2 and all(each.ours > 0 and each.theirs for each in figures)
