"""The life of a selectivity profile: drafted, back-tested, activated, changed, retired."""
