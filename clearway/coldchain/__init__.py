"""Coldchain."""
