"""Engines that count the past of every row of a history; all give the same whole numbers."""
