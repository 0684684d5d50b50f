"""Selectors: which rules a code, a prefix, a name, a ticket or ALL stands for, and who wins when several speak.

A prefix is plain text, as in ruff: `CL1` stands for CL101 and for CL1001. Write `CL10` or the ticket to be exact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from chunklint.model import Rule
from chunklint.records import record
from chunklint.suggest import did_you_mean

ALL = "ALL"

# How specific a selector is: ALL, then prefixes by their length, then the rule itself. A ticket weighs as much as the
# prefix `CLn` that its codes share.
_ALL, _TICKET, _EXACT = 0, 3, 1000


@record
class Choice:
    """What one source of settings says: `select` replaces what weaker sources chose, the others adjust it."""

    select: Sequence[str] | None
    extend: Sequence[str]
    ignore: Sequence[str]


def weight(selector: str, rule: Rule) -> int | None:
    """How specifically a selector names a rule, None when it does not."""
    if selector in (rule.code, rule.name):
        return _EXACT
    if selector == ALL:
        return _ALL
    if selector == rule.ticket:
        return _TICKET
    return len(selector) if selector and rule.code.startswith(selector) else None


def complaint(selector: str, rules: Iterable[Rule]) -> str | None:
    """What is wrong with a selector, None when it stands for some rule."""
    if selector == ALL or any(_names(selector, rule) for rule in rules):
        return None
    known = {ALL, *(word for rule in rules for word in (rule.code, rule.name, rule.ticket))}
    return f"unknown rule `{selector}`{did_you_mean(selector, known)}"


def chosen(choices: Iterable[Choice], rules: Sequence[Rule]) -> tuple[str, ...]:
    """The codes that run, in the order of the rules; `choices` from the weakest source to the strongest."""
    enabled = {rule.code: rule.enabled for rule in rules}
    for choice in choices:
        for rule in rules:
            verdict = _verdict(choice, rule)
            if verdict is not None:
                enabled[rule.code] = verdict
    return tuple(rule.code for rule in rules if enabled[rule.code])


def stands_for(selectors: Collection[str], rules: Iterable[Rule]) -> frozenset[str]:
    """The codes of all rules that one of the selectors names, opt-in ones too."""
    return frozenset(rule.code for rule in rules for selector in selectors if selector == ALL or _names(selector, rule))


def code_of(word: str, rules: Iterable[Rule]) -> str | None:
    """The code of the rule with this code or name."""
    return next((rule.code for rule in rules if word in (rule.code, rule.name)), None)


def _names(selector: str, rule: Rule) -> bool:
    return bool(selector) and (selector in (rule.name, rule.ticket) or rule.code.startswith(selector))


def _verdict(choice: Choice, rule: Rule) -> bool | None:
    """Whether a source wants the rule; None when it leaves that to weaker ones. At equal weight ignoring wins."""
    wanted = _heaviest((*(choice.select or ()), *choice.extend), rule)
    if not rule.enabled and wanted != _EXACT:
        wanted = None  # an opt-in rule runs only when it is asked for by its code or name
    unwanted = _heaviest(choice.ignore, rule)
    if wanted is None and unwanted is None:
        return None if choice.select is None else False
    return (wanted if wanted is not None else -1) > (unwanted if unwanted is not None else -1)


def _heaviest(selectors: Iterable[str], rule: Rule) -> int | None:
    return max((found for selector in selectors if (found := weight(selector, rule)) is not None), default=None)
