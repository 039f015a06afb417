"""An independent SOAP client drives all 27 operations from the Hub's own service description."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zeep
from requests import Session
from zeep.transports import Transport

from clearway.connectors.ippc_hub.formats.operations import OPERATIONS
from clearway.connectors.ippc_hub.model import Tracking

from .conftest import House, phyto

BINDING = "{http://ephyto.ippc.int/}DeliveryServiceSoapBinding"
ENTITIES = "{http://ephyto.ippc.int/HUB.Entities}"
LISTS = [each.name for each in OPERATIONS if not each.takes and each.gives[0].is_many]
logging.getLogger("zeep").setLevel(logging.ERROR)


class Zeep:
    """One country's zeep; counts which operations were called."""

    def __init__(self, house: House, country: str, wsdl: str, session: Session) -> None:
        # The environment must neither name another authority nor a proxy.
        session.trust_env = False
        session.verify = str(house.authority)
        session.cert = tuple(map(str, house.pair(country)))  # type: ignore[assignment]
        client = zeep.Client(wsdl, transport=Transport(session=session, timeout=20))
        self.client = client
        self.service = client.create_service(BINDING, house.url)
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.called.add(name)
        return getattr(self.service, name)

    def envelope(self, kind: str, **fields: Any) -> Any:
        whole = {
            "From": "EC",
            "To": "NL",
            "CertificateType": 851,
            "CertificateStatus": 70,
            "NPPOCertificateNumber": "EC-2026-000123",
        }
        return self.client.get_type(f"{ENTITIES}{kind}")(**(whole | fields))


@contextmanager
def driven(house: House, country: str, wsdl: str) -> Iterator[Zeep]:
    with Session() as session:
        yield Zeep(house, country, wsdl, session)


def drive(ec: Zeep, nl: Zeep) -> None:
    """Call every operation and look at what each gives."""
    sent = ec.DeliverEnvelope(ec.envelope("Envelope", Content=phyto()))
    assert sent.HUBTrackingInfo == "PendingDelivery"
    checked = ec.ValidateAndDeliverEnvelope(
        ec.envelope("Envelope", Content=phyto("EC-2"), NPPOCertificateNumber="EC-2")
    )
    structured = ec.DeliverPhytoEnvelope(
        ec.envelope("ePhytoEnvelope", NPPOCertificateNumber="EC-3", SPSCertificate=STRUCTURE)
    )
    assert [each.hubDeliveryNumber for each in ec.GetUnderDeliveryEnvelope()] == [
        sent.hubDeliveryNumber,
        checked.hubDeliveryNumber,
        structured.hubDeliveryNumber,
    ]
    assert ec.ValidatePhytoXML(phyto()) == []
    assert ec.ValidatePhytoXML("<a/>")[0].level == "SEVERE"

    headers = nl.GetImportEnvelopeHeaders("EC")
    assert [each.NPPOCertificateNumber for each in headers] == ["EC-2026-000123", "EC-2", "EC-3"]
    whole = nl.PULLSingleImportEnvelope(sent.hubDeliveryNumber)
    assert whole.Content == phyto() and whole.From == "EC"
    assert "Avocado" in nl.PULLSingleImportEnvelope(structured.hubDeliveryNumber).Content
    assert len(nl.PULLImportEnvelope()) == 3
    nl.AcknowledgeEnvelopeReceipt(sent.hubDeliveryNumber)
    nl.AdvancedAcknowledgeEnvelopeReceipt(checked.hubDeliveryNumber, "no point of entry")
    assert "NotReadable" in nl.AcknowledgeFailedEnvelopeReceipt(structured.hubDeliveryNumber, "?")
    tracked = ec.GetEnvelopeTrackingInfo(checked.hubDeliveryNumber)
    assert tracked.HUBTrackingInfo == Tracking.WITH_WARNINGS
    assert tracked.hubDeliveryErrorMessage == "no point of entry"

    answer = nl.DeliverCountryResponseEnvelope(
        nl.envelope(
            "CountryResponseEnvelope",
            From="NL",
            To="EC",
            SPSAcknowledgement={"SPSAcknowledgementDocument": {"StatusCode": 41}},
        )
    )
    assert "41" in ec.PULLSingleImportEnvelope(answer.hubDeliveryNumber).Content
    ec.SetTrackingInfoUpdate(
        ec.envelope(
            "EnvelopeHeader",
            hubDeliveryNumber=answer.hubDeliveryNumber,
            HUBTrackingInfo="Delivered",
        )
    )
    assert nl.GetEnvelopeTrackingInfo(answer.hubDeliveryNumber).HUBTrackingInfo == "Delivered"

    members = {each.Country: each for each in ec.GetActiveNppos()}
    assert members["NL"].AllowedDocument[0].certificateType.number == 851
    assert nl.GetProfile().Country == "NL"
    assert nl.GetAvailableChannels() in (None, [])
    for name in LISTS:
        assert len(getattr(nl, name)()) > 1, name


STRUCTURE = {
    "SPSExchangedDocument": {
        "Name": "Phytosanitary certificate",
        "ID": "EC-3",
        "TypeCode": 851,
        "StatusCode": 70,
        "IssuerSPSParty": {"Name": "NPPO"},
    },
    "SPSConsignment": {
        "ExportSPSCountry": {"ID": "EC"},
        "ImportSPSCountry": {"ID": "NL"},
        "IncludedSPSConsignmentItem": [
            {
                "IncludedSPSTradeLineItem": [
                    {
                        "SequenceNumeric": 1,
                        "Description": [{"_value_1": "Avocado"}],
                        "NetWeightMeasure": {"_value_1": 1000.5, "unitCode": "KGM"},
                    }
                ]
            }
        ],
    },
}


@pytest.mark.parametrize("name", ["ephyto.wsdl", "uat-ephyto.wsdl"])
def test_zeep_drives_all_27_operations(hub: House, shared_data: Path, name: str) -> None:
    wsdl = str(shared_data / "ephyto" / "wsdl" / name)
    with driven(hub, "EC", wsdl) as ec, driven(hub, "NL", wsdl) as nl:
        drive(ec, nl)
        assert ec.called | nl.called == {each.name for each in OPERATIONS}


def test_zeep_reads_our_own_description_and_finds_the_same_service(
    hub: House, shared_data: Path, tmp_path: Path
) -> None:
    with hub.plain("EC") as plain:
        got = plain.get("?wsdl")
    assert got.headers["content-type"].startswith("text/xml")
    own = tmp_path / "own.wsdl"
    own.write_bytes(got.content)
    theirs = str(shared_data / "ephyto" / "wsdl" / "ephyto.wsdl")
    with driven(hub, "EC", str(own)) as ours, driven(hub, "NL", theirs) as other:
        assert operations(ours) == operations(other)
        sent = ours.DeliverEnvelope(ours.envelope("Envelope", Content="<a/>"))
        assert sent.HUBTrackingInfo == "PendingDelivery"
        with pytest.raises(zeep.exceptions.Fault, match="no envelope"):
            ours.AcknowledgeEnvelopeReceipt("nothing")


def operations(driven: Zeep) -> dict[str, tuple[str, ...]]:
    """Names, parts and actions, without the prefixes that each description chooses."""

    def plain(signature: str) -> str:
        return " ".join(word.rpartition(":")[2] or word for word in signature.split())

    return {
        each.name: (plain(each.input.signature()), plain(each.output.signature()), each.soapaction)
        for each in driven.service._binding._operations.values()
    }
