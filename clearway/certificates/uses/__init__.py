"""What is used of certificates: by other customs systems, and once across countries."""
