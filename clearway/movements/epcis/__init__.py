"""EPCIS 2.0: events captured, kept and asked for."""
