"""What may be done with accounts, parties, mandates, devices and credentials."""
