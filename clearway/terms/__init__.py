"""Terms: values that cite the standard they follow and refuse what breaks it."""
