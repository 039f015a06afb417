"""Profiles' expressions as a tree of our own, and the same tree as columns over a history."""
