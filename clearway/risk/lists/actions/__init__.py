"""What can be done with a watch list: keep it, change its entries."""
