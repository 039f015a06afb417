"""One order for what may happen only once, behind one port with two engines."""
