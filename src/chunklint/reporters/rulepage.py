"""A rule's page in Markdown: docs/rules, `chunklint rule CODE` and the SARIF help all show this text."""

from __future__ import annotations

import dataclasses
import json
from pathlib import PurePosixPath

from chunklint.model import Example, Rule, Ticket
from chunklint.reporters.escaping import escape, web_address
from chunklint.reporters.summary import sentence

_COMMENTS = {
    "python": "# chunklint: ignore[{code}] reason",
    "ecmascript": "// chunklint: ignore[{code}] reason",
    "sql": "-- chunklint: ignore[{code}] reason",
}


_LANGUAGES = {"python": "Python", "ecmascript": "TypeScript and JavaScript", "sql": "SQL"}


def markdown(rule: Rule, ticket: Ticket) -> str:
    """The page of a rule, tied to the ticket as the user knows it. Ends with a newline."""
    sections = [
        f"# {rule.code} `{rule.name}`",
        _facts(rule, ticket),
        f"**What it sees.** {sentence(rule.when)}",
        f"**Why it matters.** {sentence(rule.effect)}",
        f"**What to do.** {sentence(rule.instead)}",
        f"## Bad\n\n{_fence(Example(rule.bad, rule.example))}",
        f"## Good\n\n{_fence(Example(rule.good, rule.example))}",
        _listed("What it leaves alone", rule.silent_on),
        _listed("Limits", rule.limits),
        _fixes(rule),
        _options(rule),
        _suppression(rule),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def languages(rule: Rule) -> list[str]:
    """The languages that a rule reads, sorted."""
    return sorted({subscription.language for subscription in rule.subscriptions})


def _facts(rule: Rule, ticket: Ticket) -> str:
    url = web_address(ticket.url)
    asked_by = f"[{escape(ticket.id)}](<{url}>)" if url else escape(ticket.id)
    default = "on" if rule.enabled else f"off; turn it on with `--extend-select {rule.code}`"
    return f"Ticket: {asked_by} · Severity: {rule.severity} · By default: {default}"


def _fence(example: Example) -> str:
    """A code block whose fence is longer than any in the source."""
    source = example.source.strip("\n")
    fence = "```"
    while fence in source:
        fence += "`"
    suffix = PurePosixPath(example.path).suffix.removeprefix(".")
    return f"{fence}{'python' if suffix == 'py' else suffix}\n{source}\n{fence}"


def _listed(title: str, items: tuple[str, ...]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {sentence(item)}" for item in items) if items else ""


def _fixes(rule: Rule) -> str:
    """What is fixed and how far that can be trusted; the language is named where there are fixes for several."""
    several = len(rule.fixers) > 1
    parts = [
        f"{f'**{_LANGUAGES[one.language]}.** ' if several else ''}{sentence(one.does)} {sentence(one.safety)}"
        for one in rule.fixers
    ]
    how = f"`chunklint scan --select {rule.code} --diff` shows what it would change."
    return "\n\n".join(["## Fix", *parts, how]) if parts else ""


def _options(rule: Rule) -> str:
    if rule.options is None:
        return ""
    rows = [
        f"| `{field.name}` | `{_toml(getattr(rule.options, field.name))}` |"
        for field in dataclasses.fields(rule.options)
    ]
    return "\n".join(["## Options", "", "| option | default |", "|---|---|", *rows])


def _toml(value: object) -> str:
    """A default as it would stand in TOML: text, numbers, truth values and lists look there as they do in JSON."""
    ordered = sorted(value) if isinstance(value, (set, frozenset)) else value
    return json.dumps(ordered, ensure_ascii=False, default=str).replace("|", r"\|")


def _suppression(rule: Rule) -> str:
    forms = [f"`{_COMMENTS[language].format(code=rule.code)}`" for language in languages(rule)]
    return (
        f"## How to suppress it\n\nPut {' or '.join(forms)} on the line, with the reason in words. "
        f"`chunklint scan --ignore {rule.code}` leaves the rule out altogether."
    )
