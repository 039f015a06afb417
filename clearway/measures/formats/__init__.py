"""How a country's measures are written down."""
