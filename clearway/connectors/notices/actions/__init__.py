"""What can be done with notices: one public action a file."""
