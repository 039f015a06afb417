"""Declarations: lodged, checked, corrected, released."""
