"""Sessions of requests: where they are made, and whether anything gives all of their calls a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.python.names import arguments, attributes_of_self, local_function, qualified_name, type_of
from chunklint.semantics.python.scopes import FUNCTIONS, Kind, reaching

_SESSIONS = frozenset({"requests.Session", "requests.session", "requests.sessions.Session"})


def origins(receiver: Node, file: PythonFile) -> tuple[Node, ...]:
    """The calls that may have given an expression its value; () when one of its bindings is anything else."""
    if receiver.type == "parenthesized_expression" and receiver.named_children:
        receiver = receiver.named_children[0]
    if receiver.type == "call":
        return (receiver,)
    found = reaching(receiver, file) if receiver.type == "identifier" else attributes_of_self(receiver, file)
    given = [one.value for one in found if one.value is None or one.value.type != "none"]
    calls = [value for value in given if value is not None and value.type == "call"]
    assigned = all(one.kind in (Kind.ASSIGNMENT, Kind.CONTEXT) and not one.path for one in found)
    return tuple(calls) if assigned and len(calls) == len(given) else ()


def session_call(function: Node, file: PythonFile) -> str | None:
    """The name of a method of a session that a function of this module makes: `make_session().get`."""
    receiver, method = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    if receiver is None or method is None or "requests" not in file.content:
        return None
    if not _are_sessions(_made(receiver, file), file):
        return None
    return f"requests.Session.{file.text(method)}"


def is_plain_session(function: Node, file: PythonFile) -> bool:
    """Whether the session is made in this module and gets no adapter or `request` that could bring a limit."""
    receiver = function.child_by_field_name("object")
    made = _made(receiver, file) if receiver is not None else ()
    return _are_sessions(made, file) and file.remember("plain sessions", partial(_sessions_are_plain, file))


def _made(receiver: Node, file: PythonFile) -> tuple[Node, ...]:
    """The constructors behind an expression, through the functions of this module that return what they made."""
    found: list[Node] = []
    for call in origins(receiver, file):
        callee = call.child_by_field_name("function")
        maker = local_function(callee, file) if callee is not None else None
        if maker is None:
            found.append(call)
            continue
        returned = [value for value in _returned(maker) if value.type != "none"]
        made = [origins(value, file) for value in returned]
        if not made or not all(made):
            return ()
        found.extend(one for calls in made for one in calls)
    return tuple(found)


def _returned(function: Node) -> Iterator[Node]:
    body = function.child_by_field_name("body")
    for statement in descendants(body, "return_statement", stop=FUNCTIONS) if body is not None else ():
        yield from statement.named_children[:1]


def _are_sessions(made: tuple[Node, ...], file: PythonFile) -> bool:
    callees = [call.child_by_field_name("function") for call in made]
    names = {qualified_name(callee, file) for callee in callees if callee is not None}
    return bool(names) and names <= _SESSIONS


def _sessions_are_plain(file: PythonFile) -> bool:
    if re.search(r"\.(request|send)\s*=[^=]", file.content):
        return False
    return all(_is_plain_adapter(adapter, file) for adapter in _mounted(file))


def _mounted(file: PythonFile) -> Iterator[Node]:
    query = '(call function: (attribute attribute: (identifier) @name (#eq? @name "mount"))) @call'
    for _, captures in PYTHON.matches(file, (query,)):
        adapter = arguments(captures["call"][0], file).get("adapter", 1)
        if adapter is not None:
            yield adapter


def _is_plain_adapter(adapter: Node, file: PythonFile) -> bool:
    return (type_of(adapter, file) or "").startswith("requests.") and "imeout" not in file.text(adapter)
