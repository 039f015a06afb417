"""Small EPCIS documents of our own."""

from __future__ import annotations

from datetime import UTC, datetime

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CONTEXT = '"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]'
_EVENT = """
  "type": "ObjectEvent",
  "eventTime": "2026-03-02T13:00:00+01:00",
  "eventTimeZoneOffset": "+01:00",
  "epcList": ["https://id.bic-code.org/containers/CSQU3054383"],
  "action": "OBSERVE",
  "bizStep": "arriving",
  "readPoint": {"id": "urn:epc:id:sgln:4012345.00005.0"}
"""
ARRIVAL = f"{{{CONTEXT},{_EVENT}}}".encode()
_HEAD = f"""
  {CONTEXT},
  "type": "EPCISDocument",
  "schemaVersion": "2.0",
  "creationDate": "2026-03-02T12:00:00Z",
"""
DOCUMENT = f'{{{_HEAD} "epcisBody": {{"eventList": [{{{_EVENT}}}]}}}}'.encode()
WITH_MASTER_DATA = f"""{{{_HEAD}
  "sender": "urn:epc:id:sgln:4012345.00001.0",
  "receiver": "urn:epc:id:sgln:5012345.00001.0",
  "instanceIdentifier": "4711",
  "epcisHeader": {{"epcisMasterData": {{"vocabularyList": [{{
    "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
    "vocabularyElementList": [{{
      "id": "urn:epc:id:sgln:4012345.00001.0",
      "attributes": [{{"id": "https://ref.gs1.org/cbv/city", "attribute": "Kigali"}}],
      "children": ["urn:epc:id:sgln:4012345.00001.1"]
    }}]
  }}]}}}},
  "epcisBody": {{"eventList": [{{{_EVENT}}}]}}
}}""".encode()


def xml_event(inside: str) -> bytes:
    """Return an ObjectEvent in XML with this inside, after its times and action."""
    return (
        "<ObjectEvent><eventTime>2026-03-02T12:00:00Z</eventTime>"
        "<eventTimeZoneOffset>+00:00</eventTimeZoneOffset><action>OBSERVE</action>"
        f"{inside}</ObjectEvent>"
    ).encode()
