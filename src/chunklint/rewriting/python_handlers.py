"""Handlers around a call that hear of a failure, and are to hear of a limit that is met, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants, is_within
from chunklint.languages.python import PythonFile
from chunklint.model import Edit, Refusal
from chunklint.records import record
from chunklint.rewriting.python_code import width_of
from chunklint.semantics.python.names import enclosing_function, qualified_name


@record
class _Failures:
    """How a library fails and how it meets a limit, as handlers see it.

    Attributes:
        module: The module that has the exceptions, "" for Python itself.
        names: What it raises when it fails, which somebody who catches it would take a met limit for.
        limit: What it raises when a limit is met.
        heard: What a handler of it names.
        own: What only the failures have, and a met limit has not.
    """

    module: str
    names: tuple[str, ...]
    limit: str
    heard: re.Pattern[str]
    own: re.Pattern[str]


def _failures(module: str, names: tuple[str, ...], limit: str, heard: str, own: str = r"(?!)") -> _Failures:
    return _Failures(module, names, limit, re.compile(rf"{heard}|\bException\b|BaseException"), re.compile(own))


_FAILURES: Mapping[str, _Failures] = {
    "requests": _failures(
        "requests",
        ("requests.ConnectionError", "requests.exceptions.ConnectionError"),
        "Timeout",
        "Timeout|RequestException|OSError|IOError",
    ),
    "redis-py": _failures(
        "redis", ("redis.ConnectionError", "redis.exceptions.ConnectionError"), "TimeoutError", "Timeout|RedisError"
    ),
    "subprocess": _failures(
        "subprocess",
        ("subprocess.CalledProcessError", "builtins.FileNotFoundError"),
        "TimeoutExpired",
        "Timeout|SubprocessError",
        r"\.returncode\b",
    ),
    "urllib": _failures(
        "",
        ("urllib.error.URLError", "urllib.request.URLError"),
        "TimeoutError",
        "[tT]imeout|OSError|IOError|EnvironmentError",
        r"\.(?:reason|code)\b",
    ),
}
_SYSTEM = re.compile(r"^(?:OSError|IOError|EnvironmentError)$")
# Statements and calls whose purpose is plain, whatever was caught.
_PLAIN = frozenset({"return_statement", "raise_statement", "continue_statement", "break_statement", "pass_statement"})
_TELLS = re.compile(r"\b(?:print|exit|echo|secho|log\w*\.\w+|\w*logger\.\w+|debug|info|warning|error|exception)$")


def hearing(call: Node, library: str, file: PythonFile, width: int = 0) -> tuple[str, tuple[Edit, ...]] | Refusal:
    """The name of what the handler around a call must catch besides, and the edits for it; none where it need not.

    A client raises where it is used, so the handlers of the whole function count for it.
    """
    failures = _FAILURES.get(library)
    if failures is None:
        return "", ()
    around = enclosing_function(call) or file.root
    tries = list(descendants(around, "try_statement")) if library == "redis-py" else _try_around(call)
    deaf = [found for one in tries if (found := _deaf(one, failures, file)) is not None]
    if len(deaf) > 1:
        return Refusal("several handlers would have to hear of the limit, too")
    return _caught_too(deaf[0], failures, file, width) if deaf else ("", ())


def _deaf(statement: Node, failures: _Failures, file: PythonFile) -> Node | None:
    """The failure that a `try` catches, if it would not hear of a limit that is met."""
    clauses = [one for one in statement.named_children if one.type == "except_clause"]
    caught = [one for clause in clauses for one in _caught(clause)]
    named = {qualified_name(one, file) or "": one for one in reversed(caught)}
    found = next((named[name] for name in failures.names if name in named), None)
    heard = [one for one in caught if failures.heard.search(file.text(one))]
    if found is None or any(not _SYSTEM.search(file.text(one)) for one in heard):
        return None
    # Who handles the failure apart from other errors of the system does not mean the limit by those, either.
    bare = any(_value(one) is None for one in clauses)
    return None if bare or any(one.start_byte < found.start_byte for one in heard) else found


def _caught_too(
    found: Node, failures: _Failures, file: PythonFile, width: int
) -> tuple[str, tuple[Edit, ...]] | Refusal:
    clause = next(one for one in ancestors(found) if one.type == "except_clause")
    name, value = _spelled(found, failures, file), _value(clause)
    if not name or value is None:
        return Refusal(f"its handler would not hear of a limit, and `{failures.limit}` is not imported")
    if obstacle := _unclear(clause, found, failures, file):
        return Refusal(obstacle)
    many = value.type == "tuple"
    edit = (found.end_byte, found.end_byte, f", {name}")
    if not many:
        edit = (value.start_byte, value.end_byte, f"({file.text(value)}, {name})")
    added = len(f", {name}" if many else f"(, {name})")
    if len(file.content.splitlines()[value.end_point[0]]) + added > (width or width_of(file)):
        return Refusal(f"its handler would have to catch `{name}`, too, and the line would be too long")
    return name, (Edit(file.span_of_bytes(*edit[:2]), edit[2]),)


def _try_around(call: Node) -> list[Node]:
    """The innermost `try` of the function whose body the call stands in, if one has handlers."""
    for around in ancestors(call):
        if around.type in ("function_definition", "lambda"):
            return []
        body = around.child_by_field_name("body") if around.type == "try_statement" else None
        if body is not None and is_within(call, body) and any(one.type == "except_clause" for one in around.children):
            return [around]
    return []


def _value(clause: Node) -> Node | None:
    """What a clause catches, without the name that it gets."""
    value = next((one for one in clause.named_children if one.type not in ("block", "comment")), None)
    return value.named_children[0] if value is not None and value.type == "as_pattern" else value


def _caught(clause: Node) -> Iterator[Node]:
    value = _value(clause)
    if value is not None and value.type == "tuple":
        yield from (one for one in value.named_children if one.type != "comment")
    elif value is not None:
        yield value


def _spelled(found: Node, failures: _Failures, file: PythonFile) -> str:
    """The exception for a met limit as the file can spell it, "" when it cannot."""
    if not failures.module:
        return failures.limit
    owner = found.child_by_field_name("object") if found.type == "attribute" else None
    if owner is not None:
        return f"{file.text(owner)}.{failures.limit}"
    imports = descendants(file.root, "import_statement")
    imported = any(file.text(one) == f"import {failures.module}" for one in imports)
    return f"{failures.module}.{failures.limit}" if imported else ""


def _unclear(clause: Node, found: Node, failures: _Failures, file: PythonFile) -> str:
    """Why what a handler does may not fit a limit that is met; "" when it does."""
    body = next((one for one in clause.named_children if one.type == "block"), None)
    done = [one for one in body.named_children if one.type != "comment"] if body is not None else []
    told, name = (file.text(body) if body is not None else ""), file.text(found)
    if failures.own.search(told):
        return f"the handler of `{name}` reads what a limit that is met does not have"
    if name == "FileNotFoundError" and ('"' in told or "'" in told):
        return "its handler speaks of a program that is not there, and would not hear of a limit"
    calls = [one.named_children[0] for one in done if one.type == "expression_statement"]
    tells = all(one.type == "call" and _TELLS.search(file.text(one).partition("(")[0]) for one in calls)
    if any(one.type in _PLAIN for one in done) or (tells and len(calls) == len(done)):
        return ""
    return f"whether what the handler of `{name}` does fits a limit that is met is not seen"
