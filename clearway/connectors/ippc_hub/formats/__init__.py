"""The wire format of the Hub: SOAP 1.1, document/literal, 27 operations."""
