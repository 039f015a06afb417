"""What can be done in the risk room: assess a declaration, activate a model."""
