"""Tasks: an alarm given to whoever can act on it."""
