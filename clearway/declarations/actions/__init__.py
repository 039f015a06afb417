"""What can be done with a declaration, one action a file."""
