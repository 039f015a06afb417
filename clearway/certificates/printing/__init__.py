"""Printed certificates: PDF for people and for machines, see README.md."""
