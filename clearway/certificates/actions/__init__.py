"""What can be done with a certificate."""
