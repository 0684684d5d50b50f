"""Calls that wait, and what limits the wait."""
