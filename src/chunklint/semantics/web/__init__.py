"""Web applications in Python: route handlers, database sessions, and what the ones do with the others."""
