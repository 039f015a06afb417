"""Trying rules on the whole history before they are activated."""
