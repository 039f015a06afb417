"""What can be done with a rule: draft it, try it, activate it, retire it."""
