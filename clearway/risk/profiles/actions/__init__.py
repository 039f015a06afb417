"""What can be done with a rule: draft it, activate it, retire it."""
