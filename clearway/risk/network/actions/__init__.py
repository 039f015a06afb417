"""What can be done with links: confirm or deny one."""
