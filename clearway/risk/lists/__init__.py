"""Watch lists: who and what is looked at whatever else is known."""
