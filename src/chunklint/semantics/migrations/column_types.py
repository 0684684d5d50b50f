"""Column types under one spelling, and which of them PostgreSQL converts into each other by itself."""

from __future__ import annotations

import re

# SQLAlchemy's classes and SQL's long names, by the spelling that stands for all of them.
_SAME = {
    "string": "varchar", "unicode": "varchar", "autostring": "varchar", "character varying": "varchar",
    "unicodetext": "text", "int": "integer", "int4": "integer", "serial": "integer", "int8": "bigint",
    "biginteger": "bigint", "bigserial": "bigint", "int2": "smallint", "smallinteger": "smallint",
    "bool": "boolean", "datetime": "timestamp", "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz", "float": "double precision", "float8": "double precision",
    "double_precision": "double precision", "double": "double precision", "decimal": "numeric",
    "largebinary": "bytea",
    "blob": "bytea", "varbinary": "bytea", "float4": "real", "char": "char", "character": "char",
}  # fmt: skip
_PLAIN = frozenset(_SAME.values()) | {
    "varchar", "text", "json", "jsonb", "uuid", "date", "time", "interval", "inet", "cidr", "citext", "tsvector",
    "hstore",
}  # fmt: skip
# How types for UUIDs that work on every database keep them where there is none.
_PORTABLE_UUID = frozenset({"uuid", "char(32)", "char(36)"})
# Texts of any length: the databases that know both keep them alike.
_ENDLESS_TEXTS = frozenset({"varchar", "text"})
# In the place of a size that there is, but that is not known.
UNKNOWN_SIZE = "n"
_TEXTS = frozenset({"varchar", "text", "char", "citext", "name"})
_PLAIN_TEXTS = frozenset({"varchar", "text", "char"})
_NUMBERS = frozenset({"integer", "bigint", "smallint", "numeric", "double precision", "real"})
_MOMENTS = frozenset({"timestamp", "timestamptz", "date"})
_GROUPS = (_NUMBERS, _MOMENTS, frozenset({"json", "jsonb"}), frozenset({"inet", "cidr"}))


def canonical(name: str, size: str = "") -> str | None:
    """The one spelling of a type with its size, None for a type that is not known by this name."""
    plain = " ".join(name.lower().split())
    plain = _SAME.get(plain, plain)
    if plain not in _PLAIN:
        return None
    sized = plain in ("varchar", "char", "numeric")
    return f"{plain}({size.replace(' ', '')})" if size and sized else plain


def _family(name: str) -> str:
    return re.sub(r"\(.*", "", name)


def may_be_same(one: str, other: str) -> bool:
    """Whether two canonical types are the same as far as their sizes are known."""
    if one == other or _PORTABLE_UUID.issuperset((one, other)) or _ENDLESS_TEXTS.issuperset((one, other)):
        return True
    sized = all("(" in name for name in (one, other))
    return sized and _family(one) == _family(other) and f"({UNKNOWN_SIZE})" in one + other


def holds_all(one: str, other: str) -> bool:
    """Whether a text of the other type takes in every text of the one: it is as long, or of any length."""
    families, sizes = zip(*map(_text_of, (one, other)), strict=True)
    if not _PLAIN_TEXTS.issuperset(families):
        return False
    old, new = sizes
    return new == "" or (old.isdigit() and new.isdigit() and int(old) <= int(new))


def _text_of(name: str) -> tuple[str, str]:
    family, _, size = name.partition("(")
    return family, size.rstrip(")")


def is_castable(old: str, new: str) -> bool:
    """Whether a column's values change type without USING; true where it cannot be told."""
    before, after = _family(old), _family(new)
    if before == after or after in _TEXTS or any(before in group and after in group for group in _GROUPS):
        return True
    known = [one in _PLAIN or one.startswith("enum ") for one in (before, after)]
    return not all(known)
