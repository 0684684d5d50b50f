"""pyproject.toml or chunklint.toml, and the command line -> one frozen `Settings`; every mistake reported at once.

First `read` finds and parses the file, which names the folders of further rules; then, with the rules at hand,
`load` checks everything and merges it.
"""

from __future__ import annotations

from chunklint.config.files import Config, Overrides, read
from chunklint.config.mistakes import ConfigError
from chunklint.config.settings import (
    DEFAULT_EXCLUDE,
    Settings,
    ignored,
    load,
    selected,
    show,
)
from chunklint.config.tickets import ticket_at, ticket_of, tickets_in

__all__ = [
    "DEFAULT_EXCLUDE",
    "Config",
    "ConfigError",
    "Overrides",
    "Settings",
    "ignored",
    "load",
    "read",
    "selected",
    "show",
    "ticket_at",
    "ticket_of",
    "tickets_in",
]
