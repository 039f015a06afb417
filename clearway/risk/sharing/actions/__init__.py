"""What can be done in sharing: share counts of hazards, record that lists were compared."""
