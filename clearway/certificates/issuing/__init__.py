"""Certificates that we issue ourselves: from the application to the last use abroad."""
