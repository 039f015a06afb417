"""The doors: one file per noun, each door one action or one query. No rule lives here."""
