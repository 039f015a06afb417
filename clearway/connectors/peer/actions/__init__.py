"""What is done in one transaction: keep a batch, stop at a fork, note an acknowledgement."""
