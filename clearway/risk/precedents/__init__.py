"""Comparable past cases: what was found in goods like these, when customs last looked."""
