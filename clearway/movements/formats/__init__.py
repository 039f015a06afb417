"""Movements as they come over the wire."""
