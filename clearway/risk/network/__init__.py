"""Who is who behind the party numbers, and who trades with whom."""
