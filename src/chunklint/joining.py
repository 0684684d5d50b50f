"""The facts of all files, joined by the rules' `across` checks; a join whose facts are the same is not made again."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chunklint import discovery
from chunklint.cache import Cache, unpacked
from chunklint.loader import prepare
from chunklint.model import Draft, Finding, Location, Notification, Place, Rule, Severity, Step
from chunklint.records import record

# A rule's facts of one file. Those of our own rules stay packed until a join needs them: most scans never do.
Facts = tuple[Any, ...] | bytes
# The facts of several files that were opened before: what rules share is opened once for all of them.
Opened = dict[bytes, tuple[Any, ...]]

# What an `across` check may ask for beside the facts: read only when it asks, and only above the files that it has
# facts of.
_READERS: Mapping[str, Callable[[Path, Iterable[str]], Any]] = {
    "pins": discovery.read_pins,
    "pytest_settings": discovery.read_pytest_settings,
    "resolution": discovery.read_resolution,
}


@record
class Question:
    """What the joins of a rule are asked, as plain data that a worker can take: the facts and what else was read.

    Attributes:
        facts: By path, the rule's own, then those that it shares with others.
    """

    code: str
    facts: Mapping[str, tuple[Facts, ...]]
    given: Mapping[str, Any]


@record
class Answer:
    """The findings of a rule's joins, not yet completed, and what went wrong; the latter is not kept in a cache."""

    code: str
    findings: tuple[Finding, ...]
    troubles: tuple[Notification, ...] = ()


def join(
    rules: Sequence[Rule],
    facts: Mapping[str, Mapping[str, Facts]],
    root: Path,
    *,
    whole: bool,
    cache: Cache | None,
    ask: Callable[[Sequence[Question]], Iterable[Answer]],
) -> tuple[dict[str, list[Finding]], list[Notification]]:
    """The findings of every `across` check by path, not yet completed; `facts` are by path, then by code or name.

    `ask` answers the questions whose answers no cache knows, in any order, in this process or elsewhere.
    """
    answers: dict[str, Answer] = {}
    questions: list[Question] = []
    keys: dict[str, bytes] = {}
    for rule in rules:
        own = _of_rule(rule, facts)
        if not own:
            continue
        read = {name: _READERS[name](root, own) for name in _wanted(rule) if name in _READERS}
        keys[rule.code] = _key(own, read, whole) if cache is not None else b""
        known = cache.answer(rule.code, keys[rule.code]) if cache is not None else None
        if known is None:
            questions.append(Question(rule.code, own, {"whole": whole, **read}))
        else:
            answers[rule.code] = Answer(rule.code, known)
    fresh = list(ask(questions))
    if cache is not None:
        cache.keep_answers((one.code, keys[one.code], one.findings) for one in fresh if not one.troubles)
    answers.update((one.code, one) for one in fresh)
    by_path: dict[str, list[Finding]] = {}
    for rule in rules:
        for finding in answers[rule.code].findings if rule.code in answers else ():
            by_path.setdefault(finding.location.path, []).append(finding)
    return by_path, [trouble for one in answers.values() for trouble in one.troubles]


def _of_rule(rule: Rule, facts: Mapping[str, Mapping[str, Facts]]) -> dict[str, tuple[Facts, ...]]:
    """The facts that the joins of a rule are given, by path: its own and those that it shares."""
    if not rule.joins:
        return {}
    names = (rule.code, *sorted(rule.shared))
    return {
        path: tuple(found.get(name, ()) for name in names)
        for path, found in facts.items()
        if any(name in found for name in names)
    }


def _wanted(rule: Rule) -> Iterator[str]:
    for check in rule.joins:
        yield from check.__code__.co_varnames[: check.__code__.co_argcount]


def _key(facts: Mapping[str, tuple[Facts, ...]], read: Mapping[str, Any], whole: bool) -> bytes:
    """What must be the same for a join to give the same; rules and options are part of what a cache is opened with."""
    digest = hashlib.blake2b(pickle.dumps((whole, sorted(read.items()))), digest_size=20)
    for path, part in ((path, part) for path, parts in facts.items() for part in parts):
        data = part if isinstance(part, bytes) else pickle.dumps(part, protocol=5)
        digest.update(b"%d %d " % (len(path), len(data)) + path.encode("utf-8", "surrogatepass") + data)
    return digest.digest()


def answered(rule: Rule, question: Question, opened: Opened) -> Answer:
    """What the rule's joins say, in this process; `opened` keeps what several rules are asked about."""
    found: list[Finding] = []
    troubles: list[Notification] = []
    available = {
        **question.given,
        "options": rule.options,
        "facts": {path: _open(parts, opened) for path, parts in question.facts.items()},
    }
    for check in rule.joins:
        code = check.__code__
        try:
            prepare(check)
            drafts = check(**{name: available[name] for name in code.co_varnames[: code.co_argcount]})
            found.extend([_plain(draft) for draft in drafts])
        except Exception as error:  # noqa: BLE001 - a rule may fail in any way; it costs its own findings only
            troubles.append(crash(rule, "", error))
    return Answer(rule.code, tuple(found), tuple(troubles))


def _open(parts: tuple[Facts, ...], opened: Opened) -> tuple[Any, ...]:
    own, *shared = parts
    found = unpacked(own) if isinstance(own, bytes) else own
    for part in shared:
        if isinstance(part, bytes) and part not in opened:
            opened[part] = unpacked(part)
        found += opened[part] if isinstance(part, bytes) else part
    return found


def crash(rule: Rule, path: str, error: Exception) -> Notification:
    """A rule's failure as a notification; the empty path stands for its join over all files."""
    where, lost = (
        ("on this file", "its findings here") if path else ("when it joined all files", "some of its findings")
    )
    message = (
        f"Rule {rule.code} failed {where} ({type(error).__name__}: {error}); {lost} are missing. Please report it."
    )
    return Notification(path, message, Severity.ERROR, code=rule.code)


def _plain(draft: Draft) -> Finding:
    """A draft of an `across` check, whose places are locations already; raises TypeError when they are not."""
    return Finding(
        draft.code,
        _located(draft.place),
        draft.message,
        draft.severity,
        tuple(Step(_located(place), text) for place, text in draft.steps),
        tuple(Step(_located(place), text) for place, text in draft.related),
    )


def _located(place: Place) -> Location:
    if not isinstance(place, Location):
        raise TypeError(
            "an `across` check must place its findings at a Location; a fact can carry `file.location(node)`"
        )
    return place
