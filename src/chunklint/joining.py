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

# A rule's facts of one file; bytes when they come from a cache and nobody has needed them yet.
Facts = tuple[Any, ...] | bytes

# What an `across` check may ask for beside the facts: read only when it asks, and only above the files that it has
# facts of.
_READERS: Mapping[str, Callable[[Path, Iterable[str]], Any]] = {
    "pins": discovery.read_pins,
    "pytest_settings": discovery.read_pytest_settings,
    "resolution": discovery.read_resolution,
}


def join(
    rules: Sequence[Rule], facts: Mapping[str, Mapping[str, Facts]], root: Path, *, whole: bool, cache: Cache | None
) -> tuple[dict[str, list[Finding]], list[Notification]]:
    """The findings of every `across` check by path, not yet completed; `facts` are by path, then by code."""
    by_path: dict[str, list[Finding]] = {}
    troubles: list[Notification] = []
    fresh: list[tuple[str, bytes, tuple[Finding, ...]]] = []
    for rule in rules:
        own = {path: found[rule.code] for path, found in facts.items() if rule.code in found} if rule.joins else {}
        if not own:
            continue
        read = {name: _READERS[name](root, own) for name in _wanted(rule) if name in _READERS}
        key = _key(own, read, whole) if cache is not None else b""
        known = cache.answer(rule.code, key) if cache is not None else None
        if known is None:
            known, failed = _joined(rule, own, {"options": rule.options, "whole": whole, **read})
            troubles.extend(failed)
            if not failed:
                fresh.append((rule.code, key, known))
        for finding in known:
            by_path.setdefault(finding.location.path, []).append(finding)
    if cache is not None:
        cache.keep_answers(fresh)
    return by_path, troubles


def _wanted(rule: Rule) -> Iterator[str]:
    for check in rule.joins:
        yield from check.__code__.co_varnames[: check.__code__.co_argcount]


def _key(facts: Mapping[str, Facts], read: Mapping[str, Any], whole: bool) -> bytes:
    """What must be the same for a join to give the same; rules and options are part of what a cache is opened with."""
    digest = hashlib.blake2b(pickle.dumps((whole, sorted(read.items()))), digest_size=20)
    for path, found in facts.items():
        data = found if isinstance(found, bytes) else pickle.dumps(found, protocol=5)
        digest.update(b"%d %d " % (len(path), len(data)) + path.encode("utf-8", "surrogatepass") + data)
    return digest.digest()


def _joined(
    rule: Rule, facts: Mapping[str, Facts], given: Mapping[str, Any]
) -> tuple[tuple[Finding, ...], list[Notification]]:
    found: list[Finding] = []
    troubles: list[Notification] = []
    available = {
        **given,
        "facts": {path: unpacked(one) if isinstance(one, bytes) else one for path, one in facts.items()},
    }
    for check in rule.joins:
        code = check.__code__
        try:
            prepare(check)
            drafts = check(**{name: available[name] for name in code.co_varnames[: code.co_argcount]})
            found.extend([_plain(draft) for draft in drafts])
        except Exception as error:  # noqa: BLE001 - a rule may fail in any way; it costs its own findings only
            troubles.append(crash(rule, "", error))
    return tuple(found), troubles


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
