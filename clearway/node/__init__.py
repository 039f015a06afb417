"""The node: the only wiring. Settings in, engines opened, rooms put together, workers started."""
