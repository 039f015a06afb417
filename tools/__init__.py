"""Generators and helpers of the repository; not part of the package."""
