"""What can be done in clearance, one action a file."""
