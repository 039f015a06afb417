"""Watching models: drift, performance over time, fairness, and which model is the better one."""
