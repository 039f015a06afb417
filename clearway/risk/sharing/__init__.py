"""Sharing between agencies what is known of risk, without any declaration leaving the house."""
