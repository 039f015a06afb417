"""Officers' decision tables, made into rules."""
