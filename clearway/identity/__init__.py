"""Identity: parties, mandates, officers, agencies, devices and their keys."""
