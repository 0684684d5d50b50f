"""Migrations: what they do in order, what protects it, how they follow each other."""
