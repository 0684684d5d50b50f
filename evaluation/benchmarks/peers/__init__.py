"""How long chunklint and its peers take on the same trees: see `__main__`."""
