"""A world outside: traders, goods, reefers and fraud, simulated, that knocks at the real doors."""
