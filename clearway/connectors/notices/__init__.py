"""Notices: what is sent out, to whom, and what became of each attempt."""
