"""Partner nodes give each other the facts that they are entitled to, with evidence."""
