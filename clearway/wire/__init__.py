"""Hardened readers of XML and JSON: limits before meaning."""
