"""Webhooks: notices signed in the way of Standard Webhooks."""
