"""How many rows share a value of a column, as far as its name and the table tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SUFFIXES = frozenset({"id", "ids", "uuid", "guid", "uid", "key", "code", "slug", "ref", "fk", "pk", "identifier"})
# What holds rows of its own and may grow without bound: one of them can be half of the table.
_CONTAINERS = frozenset(
    {
        *("tenant", "org", "organization", "organisation", "workspace", "company", "project", "collection", "team"),
        *("group", "namespace", "realm", "site", "store", "shop", "school", "merchant", "vendor", "brand", "dept"),
        *("department", "institution", "hospital", "clinic", "dataset", "corpus", "repository", "repo", "campaign"),
        *("community", "guild", "cluster", "environment", "app", "application", "franchise", "warehouse", "agency"),
        *("division", "university", "business", "enterprise", "facility", "marketplace", "publisher", "seller"),
        *("supplier", "subsidiary", "catalog", "catalogue", "library", "database", "knowledgebase", "kb"),
    }
)
_PARTIES = frozenset({"account", "customer", "client", "subscriber", "partner"})
_PEOPLE = frozenset({"user", "owner", "member", "author", "creator", "person", "patient", "player", "student"})
_CATEGORIES = frozenset(
    {
        *("status", "state", "type", "kind", "category", "gender", "sex", "country", "region", "priority", "severity"),
        *("currency", "language", "lang", "locale", "platform", "tier", "plan", "role", "stage", "phase", "active"),
        *("enabled", "deleted", "archived", "visibility", "enum", "flag", "continent"),
    }
)


class Crowd(IntEnum):
    """How rows crowd on one value of a key, the worst last."""

    SPREAD = 0
    CATEGORY = 1
    PERSON = 2
    PARTY = 3
    CONTAINER = 4


def crowd_of(
    key: Iterable[str], table: str | None, alone: Iterable[str] = (), booleans: Iterable[str] = ()
) -> tuple[Crowd, str]:
    """How rows crowd on one value of a key of several columns, and the column that they share.

    Two columns of which neither is a category split the rows of either: that counts as spread, and so does every
    column that is unknown.
    """
    unique, flags = frozenset(alone), frozenset(booleans)
    found = [(_crowd(column, table, unique, flags), column) for column in key]
    shared = [one for one in found if one[0] > Crowd.CATEGORY]
    if not found or min(found)[0] is Crowd.SPREAD or len(shared) > 1:
        return Crowd.SPREAD, ""
    return max(found)


def _crowd(column: str, table: str | None, alone: frozenset[str], booleans: frozenset[str]) -> Crowd:
    words = [word.lower() for word in _WORD.findall(column)]
    if column in alone or not words:
        return Crowd.SPREAD
    if column in booleans or (words[0] in ("is", "has") and len(words) > 1):
        return Crowd.CATEGORY
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    name = words[-1]
    if _is_named_after(table, words):
        return Crowd.SPREAD
    for names, crowd in (
        (_CONTAINERS, Crowd.CONTAINER),
        (_PARTIES, Crowd.PARTY),
        (_PEOPLE, Crowd.PERSON),
        (_CATEGORIES, Crowd.CATEGORY),
    ):
        if name in names:
            return crowd
    return Crowd.SPREAD


def _is_named_after(table: str | None, words: list[str]) -> bool:
    """Whether a table is one of what the column names: its rows are then told apart by it."""
    if table is None:
        return False
    own = [word.lower() for word in _WORD.findall(table.rpartition(".")[2])]
    return _singular(own) == _singular(words)


def _singular(words: list[str]) -> str:
    name = "_".join(words)
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name.removesuffix("s")
