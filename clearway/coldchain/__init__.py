"""Cold chain: readings become pulp temperature, remaining shelf life and early alarms."""
