"""Run the checks of rules over one parsed file: drafts become findings, facts become plain data that can travel."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from chunklint.joining import Facts, crash
from chunklint.languages.base import Language, SourceFile
from chunklint.loader import BUILTIN, load, prepare
from chunklint.model import Draft, Finding, Notification, Rule, Span, Step, Subscription


def speaking(rules: Sequence[Rule], language: Language, text: str) -> list[Rule]:
    """The rules that read the language and of whose words the text has one; a word is looked for once only."""
    present: dict[str, bool] = {}

    def has(word: str) -> bool:
        if word not in present:
            present[word] = word in text
        return present[word]

    speakers = [rule for rule in rules if any(one.language == language.name for one in rule.subscriptions)]
    return [rule for rule in speakers if not rule.mentions or any(map(has, rule.mentions))]


def run_checks(
    rules: Sequence[Rule], language: Language, file: SourceFile
) -> tuple[list[Draft], dict[str, Facts], list[Notification]]:
    """The drafts and the facts that the rules make of a file; a rule that fails costs its own only.

    The facts are by code, those that rules share by their name.
    """
    drafts: list[Draft] = []
    facts: dict[str, list[Any]] = {}
    crashed: dict[str, Notification] = {}

    def call(rule: Rule, subscription: Subscription, captures: Mapping[str, Any]) -> None:
        if rule.code in crashed or (subscription.shared and subscription.shared in facts):
            return
        arguments = {"file": file, "options": rule.options, **captures}
        try:
            prepare(subscription.check)
            found = list(subscription.check(**{name: arguments.get(name) for name in subscription.parameters}))
        except Exception as error:  # noqa: BLE001 - a rule may fail in any way; it costs this file, not the scan
            crashed[rule.code] = crash(rule, file.path, error)
            return
        if subscription.kind == "fact":
            facts.setdefault(subscription.shared or rule.code, []).extend(found)
        else:
            drafts.extend(found)

    # Rules that ask for the same nodes share a query; "" asks for none.
    asking: dict[str, list[tuple[Rule, Subscription]]] = {}
    for rule in rules:
        for one in rule.subscriptions:
            if one.language == language.name:
                asking.setdefault(one.query, []).append((rule, one))
    for rule, subscription in asking.pop("", ()):
        call(rule, subscription, {})
    queries = tuple(asking)
    for index, captures in language.matches(file, queries) if queries else ():
        first = {name: nodes[0] for name, nodes in captures.items()}
        for rule, subscription in asking[queries[index]]:
            call(rule, subscription, first)
    packed = _packed(rules, facts, file.path, crashed)
    return [draft for draft in drafts if draft.code not in crashed], packed, list(crashed.values())


def _packed(
    rules: Iterable[Rule], facts: Mapping[str, Sequence[Any]], path: str, crashed: dict[str, Notification]
) -> dict[str, Facts]:
    """The facts by code, those of our own rules as bytes; a rule whose facts cannot be pickled joins the crashed.

    They are pickled in any process, and of any rule: what works must not depend on how many workers there are.
    """
    packed: dict[str, Facts] = {}
    for rule in rules:
        for name in sorted({rule.code, *rule.shared} & facts.keys() - packed.keys()):
            found = tuple(facts[name])
            try:
                data = pickle.dumps(found, protocol=5)
            except Exception as error:  # noqa: BLE001 - what a fact does when it is pickled is a rule's own doing
                crashed[rule.code] = crash(rule, path, error)
                continue
            packed[name] = data if rule.code in _own_codes() else found
    return packed


@cache
def _own_codes() -> frozenset[str]:
    """The codes of our own rules, of whose facts we know that they are plain data."""
    return frozenset(rule.code for rule in load((BUILTIN,)))


def settle(file: SourceFile, drafts: Iterable[Draft]) -> tuple[Finding, ...]:
    """Drafts as plain data: those that touch unreadable regions dropped, one a rule and start line kept."""

    def step(places: Iterable[tuple[Any, str]]) -> tuple[Step, ...]:
        return tuple(Step(file.location(place), text) for place, text in places)

    findings = [
        Finding(d.code, file.location(d.place), d.message, d.severity, step(d.steps), step(d.related)) for d in drafts
    ]
    return one_a_line(finding for finding in findings if not _touches_any(finding.location.span, file.broken))


def _touches_any(span: Span, regions: Sequence[Span]) -> bool:
    return any(span.touches(region) for region in regions)


def one_a_line(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The most severe, then the first finding of each rule, file and start line: GitHub sees them as one alert."""
    best: dict[tuple[str, str, int], Finding] = {}
    for finding in sorted(findings, key=order):
        key = (finding.code, finding.location.path, finding.location.span.start_line)
        if key not in best or finding.severity.rank > best[key].severity.rank:
            best[key] = finding
    return tuple(sorted(best.values(), key=order))


def order(finding: Finding) -> tuple[Any, ...]:
    """What findings are sorted by: path, place, code, message."""
    return finding.location.path, finding.location.span, finding.code, finding.message
