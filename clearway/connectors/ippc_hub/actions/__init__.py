"""What the hub does in one transaction of its letterbox, one verb a file."""
