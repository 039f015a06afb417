"""What becomes of a lane after the choice: held greens, yellow to blue, the audit list."""
