"""EPCIS documents as JSON-LD and as XML, read and written."""
