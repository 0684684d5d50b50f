"""A linter suite for full-stack Python and React repositories. Rules import `chunklint.api`."""

__version__ = "0.1.0"
