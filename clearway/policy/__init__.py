"""Policy: who may do and see what, and why; the reason is always returned."""
