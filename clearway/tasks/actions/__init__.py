"""What can be done with tasks: one public action a file."""
