"""How long chunklint takes, and how that grows."""
