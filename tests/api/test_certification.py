"""Certification through the doors of a node: applied for, examined, approved, issued, ended."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from clearway.certificates.formats import seal, xml_signature
from clearway.certificates.formats.sps_certificate import write
from clearway.certificates.issuing import form
from clearway.certificates.trust.model import TrustList
from clearway.cli.setup import OWNER
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.model import ActorKind, Role
from clearway.node.clock import entropy
from clearway.terms.places import Country
from tests.api.conftest import START, Border, opened
from tests.certificates.conftest import certificate
from tests.certificates.issuing.desk import request

STAFF = {
    "cora": (Role.CERTIFYING_OFFICER, "plant_health"),
    "ines": (Role.PLANT_HEALTH_INSPECTOR, "plant_health"),
    "nadia": (Role.CERTIFYING_OFFICER, "nppo_nl"),  # an authority abroad
}
INSPECTION = {"kind": "inspection", "conforms": True, "done_at": "2026-07-14T07:00:00Z"}


def staffed(border: Border) -> Border:
    for name, (role, agency) in STAFF.items():
        border.tokens[name] = (
            border.node.act(
                OWNER,
                lambda hand, name=name, role=role, agency=agency: (
                    open_account(hand, name, ActorKind.OFFICER, agency, {role}, name=name),
                    issue_token(hand, name, entropy(32)),
                )[1],
            )
            .result()
            .result
        )
    return border


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Border]:
    for border in opened(tmp_path_factory.mktemp("office")):
        yield staffed(border)


def asked(**changes: Any) -> dict[str, Any]:
    return json.loads(form.write(request())) | changes


def applied(office: Border, who: str = "acme", **changes: Any) -> str:
    answer = office.ask("POST", "/v1/applications", who, json=asked(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["number"])


def step(office: Border, number: str, name: str, who: str, body: Any = None) -> Any:
    return office.ask("POST", f"/v1/applications/{number}/{name}", who, json=body or {})


def issued(office: Border) -> str:
    number = applied(office)
    assert step(office, number, "results", "ines", INSPECTION).status_code == 201
    assert step(office, number, "approval", "cora").status_code == 200
    answer = step(office, number, "issue", "cora", {"place": "Port Example"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["receipt"]
    return number


def test_a_certificate_is_applied_for_issued_signed_sealed_and_withdrawn(office: Border) -> None:
    number = issued(office)
    papers = office.ask("GET", f"/v1/applications/{number}/documents", "acme").json()["data"]
    document = base64.b64decode(papers["xml"])
    authority = office.node.authority
    end = START.replace(year=2027)
    trusted = TrustList("XA", 1, START, end, (authority.xml_key.trusted("XA"),))
    signed = xml_signature.verify(document, trusted, START)
    assert signed.certificate.number.startswith("XA-PC-2026-")
    public: Any = authority.seal_key.private.public_key()
    claims = seal.signed_claims(seal.read(papers["qr_text"]), public)
    assert claims.number == signed.certificate.number
    assert claims.place is not None
    assert (claims.place.list_id, claims.place.index) == ("851-1", papers["status_list"]["index"])
    assert office.ask("GET", f"/v1/applications/{number}/documents", "rival").status_code == 404
    gone = step(office, number, "withdrawal", "cora", {"reason": "pest found"})
    assert gone.json()["data"]["stage"] == "withdrawn"
    again = step(office, number, "withdrawal", "cora", {"reason": "twice"})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


def test_findings_come_field_by_field_before_anything_is_filed(office: Border) -> None:
    bare = asked(content={"type_code": "851"})
    said = office.ask("POST", "/v1/applications/check", "acme", json=bare).json()["data"]
    assert not said["may_be_filed"]
    assert any(each["field"].endswith("ConsignorSPSParty/Name") for each in said["findings"])
    refused = office.ask("POST", "/v1/applications", "acme", json=bare)
    assert refused.status_code == 422
    assert refused.json()["findings"]
    misspelt = asked(contnt={})
    answer = office.ask("POST", "/v1/applications", "acme", json=misspelt)
    assert (answer.status_code, answer.json()["field"]) == (422, "contnt")


def test_who_prepared_or_examined_does_not_approve_and_is_told_why(office: Border) -> None:
    own = applied(office, "cora")
    step(office, own, "results", "ines", INSPECTION)
    answer = step(office, own, "approval", "cora")
    assert answer.status_code == 403
    assert "You prepared this application yourself" in answer.json()["detail"]
    data = office.ask("GET", f"/v1/applications/{own}", "cora").json()["data"]
    said = {each["step"]: each for each in data["steps"]}
    assert not said["approve"]["allowed"]
    assert "another officer" in said["approve"]["reason"]
    assert said["refuse"]["allowed"]


def test_a_trader_sees_only_the_own_ones_and_a_rival_sees_nothing(office: Border) -> None:
    number = applied(office)
    listed = office.ask("GET", "/v1/applications", "acme", params={"party": "XA10000001"})
    assert number in [each["number"] for each in listed.json()["data"]]
    assert office.ask("GET", "/v1/applications", "acme").status_code == 403
    foreign = office.ask("GET", "/v1/applications", "rival", params={"party": "XA10000001"})
    assert foreign.status_code == 403
    for path in ("", "/documents", "/pdf"):
        hidden = office.ask("GET", f"/v1/applications/{number}{path}", "rival")
        absent = office.ask("GET", f"/v1/applications/XA-A-2026-999999{path}", "rival")
        assert hidden.status_code == absent.status_code == 404
        assert hidden.json()["detail"].replace(number, "") == (
            absent.json()["detail"].replace("XA-A-2026-999999", "")
        )
    assert step(office, number, "cancellation", "rival", {"reason": "x"}).status_code == 404
    assert step(office, number, "approval", "acme").status_code == 403
    unknown = office.ask("GET", "/v1/applications", "cora", params={"state": "nowhere"})
    assert unknown.status_code == 422


def test_the_same_application_again_is_answered_the_same(office: Border) -> None:
    headers = {"Idempotency-Key": "T-9"}
    first = office.ask("POST", "/v1/applications", "acme", json=asked(), headers=headers)
    again = office.ask("POST", "/v1/applications", "acme", json=asked(), headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["data"]["number"] == first.json()["data"]["number"]


def drafted(office: Border, number: str, purpose: str, **more: Any) -> Any:
    subject = office.ask("GET", f"/v1/applications/{number}", "acme").json()["data"]
    key = subject["application"]["key"]
    body = {"purpose": purpose, "certificate": key, **more}
    return office.ask("POST", "/v1/applications/drafts", "acme", json=body)


def test_copy_and_replacement_are_drafted_then_filed(office: Border) -> None:
    number = issued(office)
    copy = drafted(office, number, "copy").json()["data"]
    assert copy["content"]["lines"][0]["net_mass"] is None
    assert (copy["content"]["number"], copy["content"]["status"]) == ("", "47")
    assert drafted(office, number, "replacement").status_code == 422
    mended = drafted(office, number, "replacement", reason="consignee moved").json()["data"]
    mended["content"]["consignee"]["city"] = "Delft"
    answer = office.ask("POST", "/v1/applications", "acme", json=mended)
    assert answer.status_code == 201, answer.text
    new = answer.json()["data"]["number"]
    step(office, new, "results", "ines", INSPECTION)
    step(office, new, "approval", "cora")
    assert step(office, new, "issue", "cora").status_code == 201
    old = office.ask("GET", f"/v1/applications/{number}", "acme").json()["data"]["application"]
    assert old["stage"] == "replaced"


def test_it_is_told_abroad_used_in_parts_and_rejected(office: Border) -> None:
    number = issued(office)
    assert step(office, number, "dispatch", "cora", {"channel": "paper"}).status_code == 200
    told = step(office, number, "delivery", "cora", {"delivery": "acknowledged"})
    assert told.json()["data"]["delivery"] == "acknowledged"
    use = {"amount": {"line": 1, "value": "400", "unit": "KGM"}, "reference": "26NL1"}
    assert step(office, number, "uses", "cora", use).status_code == 200
    no = {"country": "NL", "reason": "no import permit"}
    assert step(office, number, "rejection", "cora", no).json()["data"]["stage"] == "rejected"
    assert step(office, number, "rejection", "acme", no).status_code == 403


def test_a_notice_comes_in_about_ours_and_goes_out_about_theirs(office: Border) -> None:
    number = issued(office)
    ours = office.ask("GET", f"/v1/applications/{number}", "cora").json()["data"]["application"]
    notice = {
        "reference": "NL-1", "notified_at": "2026-07-14T08:00:00Z", "importing_country": "NL",
        "exporting_country": "XA", "ground": "regulated_pest", "action": "destroyed",
        "text": "Larvae in 3 of 30 boxes", "pest": "Thaumatotibia leucotreta",
    }  # fmt: skip
    path = f"/v1/certificates/851/XA/{ours['key']['number']}/notifications"
    assert office.ask("POST", path, "cora", json=notice).status_code == 201
    foreign = certificate(importing_country=Country("XA"))
    office.ask("POST", "/v1/certificates", "bea", content=write(foreign))
    mine = notice | {
        "reference": "XA-1", "importing_country": "XA", "exporting_country": "EC",
    }  # fmt: skip
    path = "/v1/certificates/851/EC/EC-2026-000123/notifications"
    assert office.ask("POST", path, "bea", json=mine).status_code == 201
    assert office.ask("POST", path, "bea", json=mine).status_code == 422
    listed = office.ask("GET", "/v1/certificates/notifications", "bea").json()["data"]
    assert [each["is_ours"] for each in listed] == [True, False]
    draft = office.ask(
        "GET", "/v1/certificates/851/EC/EC-2026-000123/declaration-draft", "amina"
    ).json()["data"]
    assert draft["document"]["items"][0]["documents"][0]["number"] == "EC-2026-000123"


def test_the_printed_certificate_is_a_pdf_with_the_xml_inside(office: Border) -> None:
    number = issued(office)
    answer = office.ask("GET", f"/v1/applications/{number}/pdf", "acme", params={"language": "en"})
    assert answer.status_code == 200, answer.text
    assert base64.b64decode(answer.json()["data"]["pdf"]).startswith(b"%PDF-1.7")


def test_receipts_of_ours_are_for_the_exporter_and_for_officers_here_alone(office: Border) -> None:
    number = issued(office)
    held = office.ask("GET", f"/v1/applications/{number}", "cora").json()["data"]["application"]
    seqs = [done["seq"] for done in held["history"]]
    for seq in seqs:
        path = f"/v1/ledger/facts/{seq}/receipt"
        assert office.ask("GET", path, "acme").status_code == 200
        assert office.ask("GET", path, "cora").status_code == 200
        assert office.ask("GET", path, "rival").status_code == 404
        assert office.ask("GET", path, "nadia").status_code == 403, "an authority abroad"
    for path in (
        f"/v1/applications/{number}",
        "/v1/applications",
        "/v1/certificates/notifications",
    ):
        assert office.ask("GET", path, "nadia").status_code == 403, path


def test_an_application_goes_back_is_amended_and_refused(office: Border) -> None:
    number = applied(office)
    back = step(office, number, "return", "cora", {"reason": "name the town"})
    assert back.json()["data"]["stage"] == "returned"
    mended = step(office, number, "amendment", "acme", asked())
    assert mended.json()["data"]["stage"] == "applied"
    assert step(office, number, "amendment", "rival", asked()).status_code == 404
    gone = step(office, number, "refusal", "cora", {"reason": "pest"})
    assert gone.json()["data"]["stage"] == "refused"


def test_a_re_export_is_drafted_from_a_certificate_on_file(office: Border) -> None:
    foreign = certificate(number="EC-2026-777", importing_country=Country("XA"))
    office.ask("POST", "/v1/certificates", "bea", content=write(foreign))
    key = {"type_code": "851", "country": "EC", "number": "EC-2026-777"}
    lines = [{"line": 1, "value": "400", "unit": "KGM"}]
    body = {"purpose": "re_export", "certificate": key, "lines": lines}
    made = office.ask("POST", "/v1/applications/drafts", "cora", json=body)
    assert made.status_code == 200, made.text
    draft = made.json()["data"]
    assert (draft["content"]["type_code"], draft["purpose"]) == ("657", "re_export")
    assert draft["originals"][0]["quantity"] == {"value": "400", "unit": "KGM"}
    assert office.ask("POST", "/v1/applications/drafts", "acme", json=body).status_code == 404
