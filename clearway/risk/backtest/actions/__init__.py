"""What can be done with a back-test: record it."""
