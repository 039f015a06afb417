"""What can be done in the cold chain room: one public action a file."""
