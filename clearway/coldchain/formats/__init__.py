"""Readings as they come over the wire: JSON batches and loggers' CSV."""
