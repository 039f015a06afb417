"""What brokers read and write: their configuration files and their log."""
