"""`clearway ledger`: what auditors and partners run."""
