"""Certificates of every kind: received, verified, used up; e-Phyto first."""
