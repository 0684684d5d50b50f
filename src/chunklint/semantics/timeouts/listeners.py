"""Redis clients that wait for messages by design, and for how long."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.names import arguments
from chunklint.semantics.python.scopes import Kind, reaching

# Commands that wait for the next message, with the keyword of their longest wait, where that stands among the
# positional arguments, and how many of its units are a second. None where there is no such argument.
_LISTENING: Mapping[str, tuple[str, int, int] | None] = {
    "pubsub": None,
    "monitor": None,
    "blpop": ("timeout", 1, 1),
    "brpop": ("timeout", 1, 1),
    "bzpopmin": ("timeout", 1, 1),
    "bzpopmax": ("timeout", 1, 1),
    "brpoplpush": ("timeout", 2, 1),
    "xread": ("block", 2, 1000),
    "xreadgroup": ("block", 4, 1000),
}
# Without `block` these return at once.
_STREAMS = frozenset({"xread", "xreadgroup"})
# A limit on the socket has to be longer than each of the waits; nobody minds one that is longer than these.
_SHORT = 30


def listens(client: str, file: PythonFile) -> bool:
    """Whether the module waits for messages on a client of this name, longer than a limit on its socket would allow."""
    names = {client, *re.findall(rf"([\w.]+)[ \t]*=[ \t]*{re.escape(client)}\b", file.content)}
    wanted = {f"{name}.{command}": command for name in names for command in _LISTENING}
    if not any(f"{callee}(" in file.content for callee in wanted):
        return False
    for call in descendants(file.root, "call"):
        function = call.child_by_field_name("function")
        command = wanted.get(file.text(function)) if function is not None and function.type == "attribute" else None
        if command is not None and _is_long(call, command, file):
            return True
    return False


def _is_long(call: Node, command: str, file: PythonFile) -> bool:
    told = _LISTENING[command]
    if told is None:
        return True
    keyword, position, second = told
    given = arguments(call, file)
    if given.splat or given.double_splat:
        return True
    wait = given.get(keyword, position)
    if wait is None:
        return command not in _STREAMS
    seconds = _number(wait, file) / second
    return not 0 < seconds < _SHORT


def _number(node: Node, file: PythonFile) -> float:
    """A number that the code spells out, on the spot or behind a name; 0 for any other value."""
    if node.type == "identifier":
        found = reaching(node, file)
        value = found[0].value if len(found) == 1 and found[0].kind is Kind.ASSIGNMENT and not found[0].path else None
        node = value if value is not None else node
    return float(file.text(node)) if re.fullmatch(r"\d[\d_]*(?:\.\d+)?", file.text(node)) else 0
