"""Whose signatures count: trust lists of issuing authorities, and an authority's own keys."""
