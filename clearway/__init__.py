"""Clearway: one system for the agencies that stand at a border. See README.md."""

__version__ = "0.1.0"
