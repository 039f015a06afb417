"""What can be told of containers: one public action a file."""
