"""Movements: where containers are, and what was seen of them at quay, gate and dock."""
