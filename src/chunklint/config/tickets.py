"""Which ticket asks for a rule's fix: the user's ids for all files, and for some paths."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from chunklint.config.settings import Settings, local_path
from chunklint.model import Rule, Ticket


def ticket_of(settings: Settings, rule: Rule) -> Ticket:
    """The ticket of a rule as the user knows it; an id given for the code counts before one for its seed ticket."""
    return _ticket(settings, _asked(settings.ticket_ids, rule) or rule.ticket)


def tickets_in(settings: Settings, rule: Rule) -> tuple[Ticket, ...]:
    """The tickets that ask for a rule's fix in some folder only, in the order of the settings."""
    names = (_asked(ids, rule) for _, ids in settings.ticket_paths)
    return tuple(_ticket(settings, name) for name in dict.fromkeys(names) if name)


def ticket_at(settings: Settings, root: Path, path: str, rule: Rule) -> Ticket | None:
    """The ticket of a rule in one file, by the last pattern that matches and names it; None where none does.

    The path is relative to the root of the scan.
    """
    named = [(glob, name) for glob, ids in settings.ticket_paths if (name := _asked(ids, rule))]
    if not named:
        return None
    from pathspec import GitIgnoreSpec

    local = local_path(settings, root, path)
    for glob, name in reversed(named):
        if GitIgnoreSpec.from_lines([glob]).match_file(local):
            return _ticket(settings, name)
    return None


def _asked(ids: Mapping[str, str], rule: Rule) -> str:
    return ids.get(rule.code) or ids.get(rule.ticket) or ""


def _ticket(settings: Settings, name: str) -> Ticket:
    return Ticket(name, settings.ticket_url.replace("{ticket}", quote(name, safe="")))
