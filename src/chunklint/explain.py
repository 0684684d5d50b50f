"""`chunklint rule`: the rules as a table, a page or JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from chunklint.model import Rule, Ticket
from chunklint.reporters import rulepage
from chunklint.reporters.terminal import wants_color


def as_table(rules: Sequence[Rule]) -> str:
    """One line a rule: code, name, ticket, what it sees."""
    rows = [(rule.code, rule.name, rule.ticket, rule.when) for rule in rules]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])) for row in rows
    )


def as_json(rules: Sequence[Rule], *, single: bool) -> str:
    """The heads of the rules; an object for a single rule, else a list."""
    heads = [_head(rule) for rule in rules]
    return json.dumps(heads[0] if single else heads, indent=2, ensure_ascii=False)


def _head(rule: Rule) -> dict[str, Any]:
    names = ("code", "name", "ticket", "when", "effect", "instead", "bad", "good", "precision", "silent_on", "limits")
    head: dict[str, Any] = {name: getattr(rule, name) for name in names}
    return head | {
        "severity": rule.severity.value,
        "enabled": rule.enabled,
        "languages": rulepage.languages(rule),
        "documentation": rulepage.markdown(rule, Ticket(rule.ticket)),
    }


def print_page(rule: Rule) -> None:
    """The rule's page: laid out on a terminal with colours, as Markdown elsewhere."""
    page = rulepage.markdown(rule, Ticket(rule.ticket))
    if not wants_color(None, os.environ, sys.stdout.isatty()):
        sys.stdout.write(page)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(page))
