"""What can be done with the EPCIS repository: one public action a file."""
