"""Whether a string with holes is SQL, and what stands in each of its holes."""

from __future__ import annotations

import re
from enum import StrEnum

from chunklint.records import record
from chunklint.semantics.python.strings import Hole, Shape

_MARK = "chunklint_hole_"
_NAME = r"[\w.\"`\[\]]+"
_COMMENT = re.compile(r"\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|\(", re.DOTALL)
# The first words of a statement and what must follow for a text to be SQL, not a sentence that starts alike.
_STATEMENT = re.compile(
    rf"""
      SELECT\b (?: .*\bFROM\b | \s+(?:{_NAME}\s*\(|\d|\*) ) | WITH\s+(?:RECURSIVE\s+)?{_NAME}\s*(?:\(|AS\b)
    | INSERT\s+(?:OR\s+\w+\s+|IGNORE\s+)?INTO\b | REPLACE\s+INTO\b | MERGE\s+INTO\b | DELETE\s+FROM\b
    | UPDATE\s+(?:ONLY\s+)?{_NAME}(?:\s+(?:AS\s+)?{_NAME})?\s+SET\s+{_NAME}\s*(?:=|,|$)
    | (?:CREATE|ALTER|DROP|COMMENT\s+ON)\s+(?:OR\s+REPLACE\s+)?
      (?:(?:TEMP|TEMPORARY|UNIQUE|MATERIALIZED|UNLOGGED|FOREIGN|GLOBAL)\s+)*
      (?:TABLE|INDEX|VIEW|DATABASE|SCHEMA|SEQUENCE|TYPE|FUNCTION|PROCEDURE|TRIGGER|EXTENSION|ROLE|USER|COLUMN|DOMAIN
        |POLICY|RULE|PUBLICATION|SUBSCRIPTION|TABLESPACE|SERVER|AGGREGATE|CONSTRAINT|OWNED|DEFAULT)\b
    | TRUNCATE\s+(?:TABLE\s+)?{_NAME} | (?:VACUUM|ANALYZE|REINDEX|CLUSTER|REFRESH\s+MATERIALIZED|LOCK\s+TABLE)\b
    | (?:GRANT|REVOKE)\s.*\b(?:ON|TO|FROM)\b | COPY\s+{_NAME}.*\b(?:FROM|TO)\b | PRAGMA\s+\w+ | CALL\s+{_NAME}\s*\(
    | SET\s+(?:LOCAL\s+|SESSION\s+|GLOBAL\s+)?{_NAME}\s*(?:=|TO\b) | EXPLAIN\s+\w+
    | (?:LISTEN|NOTIFY|UNLISTEN)\s+{_NAME}\s*(?:;|,|$)
    | (?:ATTACH|DETACH)\s | USE\s+{_NAME}\s*;?\s*$ | SHOW\s+\w+ | DO\s+\$ | DECLARE\s+{_NAME}\s+CURSOR\b
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_DEFINING = re.compile(r"(?:CREATE|ALTER|DROP|TRUNCATE|COMMENT|GRANT|REVOKE)\b", re.IGNORECASE)


class Role(StrEnum):
    """What stands in a hole."""

    VALUE = "value"
    IDENTIFIER = "identifier"
    NUMBER = "number"
    CLAUSE = "clause"


@record
class Splice:
    """A hole of an SQL text, what stands in it, and whether hand-written quotes surround it."""

    hole: Hole
    role: Role
    quoted: bool = False


def is_sql_statement(shape: Shape) -> bool:
    """Whether a string is an SQL statement by its first words and what must follow them. Cheap: parses nothing."""
    return _STATEMENT.match(_from_first_word(shape)) is not None


def defines_schema(shape: Shape) -> bool:
    """Whether a statement changes the schema rather than rows."""
    return _DEFINING.match(_from_first_word(shape)) is not None


def _from_first_word(shape: Shape) -> str:
    text = _marked(shape)
    start = 0
    while (skipped := _COMMENT.match(text, start)) is not None:
        start = skipped.end()
    return text[start:]


def _marked(shape: Shape) -> str:
    """The text with a name of our own in place of each hole."""
    holes = iter(range(len(shape.parts)))
    return "".join(part if isinstance(part, str) else f"{_MARK}{next(holes)}_" for part in shape.parts)


def splices(shape: Shape) -> tuple[Splice, ...]:
    """What stands in each hole, told by the words around it."""
    from sqlglot import tokenize
    from sqlglot.errors import SqlglotError

    holes = shape.holes
    try:
        tokens = [(token.token_type.name, token.text) for token in tokenize(_marked(shape), read="postgres")]
        if (at := _unread_command(tokens)) is not None:
            rest = tokenize(tokens[at][1], read="postgres")
            tokens[at - 1 : at + 1] = [("VAR", tokens[at - 1][1]), *((one.token_type.name, one.text) for one in rest)]
    except SqlglotError:
        return tuple(Splice(hole, Role.CLAUSE) for hole in holes)
    return tuple(_splice(hole, f"{_MARK}{number}_", tokens) for number, hole in enumerate(holes))


def _unread_command(tokens: list[tuple[str, str]]) -> int | None:
    """Where the tokenizer left the rest of a statement whose grammar it does not know as one string."""
    kinds = [kind for kind, _ in tokens]
    if kinds[:2] == ["SHOW", "STRING"]:
        return 1
    return next((at for at in range(1, len(kinds)) if (kinds[at - 1], kinds[at]) == ("COMMAND", "STRING")), None)


def _splice(hole: Hole, mark: str, tokens: list[tuple[str, str]]) -> Splice:
    place = next((at for at, (_, text) in enumerate(tokens) if mark in text), None)
    if place is None:
        return Splice(hole, Role.CLAUSE)
    kind, word = tokens[place]
    if kind == "IDENTIFIER":
        return Splice(hole, Role.IDENTIFIER, quoted=True)
    if kind.endswith("STRING"):
        if kind == "STRING" and _is_quoted_name(tokens[max(0, place - 3) : place]):
            return Splice(hole, Role.IDENTIFIER, quoted=True)
        return Splice(hole, Role.CLAUSE if kind == "HEREDOC_STRING" else Role.VALUE, quoted=True)
    if tokens[place - 1 : place + 2 : 2] == [("L_BRACKET", "["), ("R_BRACKET", "]")]:
        return Splice(hole, Role.IDENTIFIER, quoted=True)
    before = _words(tokens[max(0, place - 60) : place])
    after = _words(tokens[place + 1 : place + 3])
    return Splice(hole, _role(word, mark, before, after))


def _is_quoted_name(before: list[tuple[str, str]]) -> bool:
    """Whether a string after these tokens names a table, as SQLite has it: `FROM 't'`, `PRAGMA table_info('t')`."""
    words = _words(before)
    return words[-1:] in (["FROM"], ["JOIN"], ["INTO"]) or (words[:1] == ["PRAGMA"] and words[-1:] == ["("])


def _words(tokens: list[tuple[str, str]]) -> list[str]:
    """The words of some tokens, upper-case; the tokenizer takes `ORDER BY` for one, and a string is none."""
    return [word for kind, text in tokens for word in (("'",) if kind.endswith("STRING") else text.upper().split())]


_COUNTED = frozenset({"LIMIT", "OFFSET", "FETCH", "FIRST", "TOP", "MODULUS", "REMAINDER", "NEXT"})
_COMPARED = frozenset(
    {"=", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "ILIKE", "BETWEEN", "INTERVAL", "~", "||", "+", "-", "%"}
)
_NAMING = frozenset(
    {
        *("FROM", "TABLE", "INTO", "UPDATE", "JOIN", "INDEX", "COLUMN", "VIEW", "DATABASE", "SCHEMA", "USER", "ROLE"),
        *("TRIGGER", "FUNCTION", "SEQUENCE", "TYPE", "CONSTRAINT", "TO", "ON", "EXISTS", "ANALYZE", "ONLY", "VACUUM"),
        *("TRUNCATE", "ADD", "REFERENCES", "OF", "KEY", "RENAME", "REINDEX", "COPY", "EXTENSION", "USING", "AS"),
        *("CONCURRENTLY", ".", "SELECT", "DISTINCT", "BY", "PROCEDURE", "DOMAIN", "LISTEN", "NOTIFY", "CALL", "USE"),
        *("PRAGMA", "ALTER", "DROP", "PATH"),
    }
)
_CLAUSES = frozenset({"WHERE", "AND", "OR", "SET", "NOT", "HAVING"})


def _role(word: str, mark: str, before: list[str], after: list[str]) -> Role:
    """The role of a hole that stands bare among the words before and after it."""
    last = before[-1] if before else ""
    following = after[0] if after else ""
    if last in _COUNTED:
        return Role.NUMBER
    if word != mark:
        return Role.IDENTIFIER
    if _is_query(before, last, following):
        return Role.CLAUSE
    if before[-2:] == ["(", "LIKE"] and "TABLE" in before:
        # `CREATE TABLE copy (LIKE original)`.
        return Role.IDENTIFIER
    if last in _COMPARED:
        return Role.VALUE
    if last in ("(", ","):
        return _role_in_list(before, following)
    if last in _NAMING or following == ".":
        return Role.IDENTIFIER
    if last in _CLAUSES and (following in _COMPARED or following in ("IN", "IS")):
        return Role.IDENTIFIER
    return Role.CLAUSE


def _is_query(before: list[str], last: str, following: str) -> bool:
    """Whether a whole query stands in a hole: `EXPLAIN ANALYZE {}`, `CREATE VIEW v AS {}`, `COPY ({}) TO`."""
    if "EXPLAIN" in before[:1]:
        return last in ("EXPLAIN", "ANALYZE", "VERBOSE", "PLAN", "FOR")
    if "CREATE" in before[:1]:
        return last == "AS" and following in ("", ";", "WITH")
    return before[-2:] == ["COPY", "("]


def _role_in_list(before: list[str], following: str) -> Role:
    """The role of a hole within brackets or after a comma: values after IN or VALUES, names after INTO or SELECT."""
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        word = before[at]
        if word == ")":
            depth += 1
        elif word == "(" and depth:
            depth -= 1
        elif word == "(":
            opener = before[at - 1] if at else ""
            if opener in ("AS", "FROM", "EXISTS", "JOIN", "UNION", "MATERIALIZED") and following == ")":
                return Role.CLAUSE
            if "PRAGMA" in before[:at]:
                return Role.IDENTIFIER
            if opener in _CLAUSES | {"ON", "WHEN"}:
                return Role.CLAUSE
            if opener in ("IN", "VALUES", "ANY", "ALL", ","):
                return Role.VALUE
            return Role.IDENTIFIER if _lists_names(before[:at]) else Role.VALUE
        elif not depth and word in ("SELECT", "BY", "FROM", "SET"):
            return Role.IDENTIFIER if following in (",", "FROM", ")", "", "AS", "=", "ASC", "DESC") else Role.CLAUSE
    return Role.CLAUSE


def _lists_names(before: list[str]) -> bool:
    """Whether a bracket after these words lists columns: `INSERT INTO t (`, `ON t (`, `UNIQUE (`, `TABLE t (`."""
    if before[:1] == ["CREATE"] and ("INDEX" in before[:4] or before[-4:-1] == ["IF", "NOT", "EXISTS"]):
        return True
    return any(word in ("INTO", "ON", "TABLE", "KEY", "UNIQUE", "CONFLICT", "COPY", "INDEX") for word in before[-3:])
