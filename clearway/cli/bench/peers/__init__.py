"""What an administration would pick instead of ours: from chance to the published neural model."""
