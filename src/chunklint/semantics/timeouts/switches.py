"""Limits as a call gives them: switched off, left to a caller who gives none, or written down as a number."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import ancestors
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.names import arguments, calls_of, enclosing_function, qualified_name
from chunklint.semantics.python.scopes import FUNCTIONS, Binding, Kind, reaching
from chunklint.semantics.timeouts.deadlines import within_deadline
from chunklint.semantics.timeouts.io_calls import canonical, limited_of, waiter_of
from chunklint.semantics.timeouts.switch_words import DEADLINES, SWITCH_METHODS

# Work that takes as long as it takes: streams, listeners, transfers, polls.
_ENDLESS = re.compile(
    r"stream|sse|event|listen|subscri|watch|poll|upload|download|proxy|forward|relay|pubsub|tail|follow|consum|worker"
    r"|forever|long_?run|infinite|unlimited|no_?timeout",
    re.IGNORECASE,
)
_STREAMS = re.compile(r"\.stream\(|\baiter_(?:bytes|lines|text|raw)\b|\biter_content\b|event-stream|\.iter_any\(")
_LISTENS = re.compile(r"\bpubsub\(|\.(?:blpop|brpop|bzpopmin|bzpopmax|xread|xreadgroup|monitor)\(")
_COMMENT = re.compile(
    r"#.*(?:time.?out|limit|wait|long|stream|forever|for ever|block|infinit|large|slow)", re.IGNORECASE
)
# What the arguments of a call that switches a limit off contain, in every way of doing so: a cheap first look.
_MAY_SWITCH = re.compile(r"None|inf|timeout|0")
_INFINITY = re.compile(r"""^(?:float\(["']\+?inf(?:inity)?["']\)|(?:math|np|numpy)\.inf)$""")
_NUMBER = frozenset({"integer", "float"})


@record
class Switch:
    """A limit that is none.

    Attributes:
        value: The argument.
        spelled: How it is given: "timeout=None", "`timeout`".
        instead: What the library does when nothing is given, as a clause.
        blocks: Whether the call itself waits on the event loop.
        partial: Whether other limits remain, so that it is only worth a look.
        caller: A call in this module that leaves a parameter at its None; None when the call itself says so.
    """

    value: Node
    spelled: str
    instead: str
    blocks: bool = False
    partial: bool = False
    caller: Node | None = None


def switched_off(call: Node, file: PythonFile) -> Switch | None:
    """The limit that a call switches off where nothing says that the wait has no foreseeable length."""
    given = call.child_by_field_name("arguments")
    if given is None or _MAY_SWITCH.search(file.text(given)) is None:
        return None
    name = _name(call, file)
    found = _switch(name, call, file) if name is not None else None
    if name is None or found is None or _is_endless(name, call, file):
        return None
    return None if within_deadline(call, found.blocks, file) else found


def hard_coded(call: Node, file: PythonFile) -> tuple[Node, str] | None:
    """The number that a call gives as its limit, and the keyword that it stands for."""
    name = _name(call, file)
    if name is None:
        return None
    for keyword, value in _limits(name, call, file):
        if value.type in _NUMBER and file.text(value).strip("0._"):
            return value, keyword
    return None


def _name(call: Node, file: PythonFile) -> str | None:
    """The canonical name of what is called, when its last word is one of the table's."""
    function = call.child_by_field_name("function")
    if function is None or call.has_error:
        return None
    attribute = function.child_by_field_name("attribute")
    if attribute is not None and file.text(attribute) not in SWITCH_METHODS:
        return None
    name = qualified_name(function, file)
    return canonical(name) if name is not None else None


def _limits(name: str, call: Node, file: PythonFile) -> list[tuple[str, Node]]:
    """The keywords and values of a call that are times."""
    given = arguments(call, file)
    if name in DEADLINES:
        value = given.get("timeout", DEADLINES[name])
        return [("timeout", value)] if value is not None else []
    row = waiter_of(name) or limited_of(name)
    if row is None:
        return []
    found = [(keyword, given.keywords[keyword]) for keyword in row.off if keyword in given.keywords]
    first = given.get("", row.position) if row.off and "dsn" not in getattr(row, "limits", ()) else None
    return [*found, (row.off[0], first)] if first is not None else found


def _switch(name: str, call: Node, file: PythonFile) -> Switch | None:
    waiter, limited = waiter_of(name), limited_of(name)
    if limited is not None and any(word in arguments(call, file).keywords for word in limited.rest):
        return None
    zero = (waiter is not None and waiter.zero) or (limited is not None and limited.zero)
    if limited is not None:
        instead = f"without it {limited.library.name} would give up after {limited.default}"
    elif waiter is not None:
        instead = f"{waiter.library.name} has no other limit"
    else:
        instead = "it limits nothing then"
    blocks = (waiter is not None and waiter.blocks) or _blocks(name)
    partial = waiter.partial if waiter is not None else limited is None
    for keyword, value in _limits(name, call, file):
        if _is_none(value, file, zero=zero):
            return Switch(value, f"{keyword}={file.text(value)}", instead, blocks, partial)
        if waiter is not None and (caller := _caller_that_gives_none(value, file)) is not None:
            return Switch(value, file.text(value), instead, blocks, True, caller)
    return None


def _blocks(name: str) -> bool:
    return name.startswith("httpx.") and name.count(".") == 1 and name.islower()


def _is_none(value: Node, file: PythonFile, *, zero: bool) -> bool:
    text = file.text(value)
    if value.type == "none" or _INFINITY.match(text):
        return True
    return zero and value.type in _NUMBER and not text.strip("0.")


def _caller_that_gives_none(value: Node, file: PythonFile) -> Node | None:
    """The first call in this module that leaves the parameter that is handed on at its default None."""
    found = reaching(value, file) if value.type == "identifier" else ()
    if len(found) != 1 or found[0].kind is not Kind.PARAMETER:
        return None
    binding = found[0]
    function = enclosing_function(binding.node)
    if function is None or binding.value is None or binding.value.type != "none":
        return None
    position = _position(binding, function, file)
    for call in calls_of(function, file):
        given = arguments(call, file)
        if not given.splat and not given.double_splat and given.get(binding.name, position) is None:
            return call
    return None


def _position(binding: Binding, function: Node, file: PythonFile) -> int | None:
    """Where a parameter stands among the arguments of a call; None for one that is given by keyword only."""
    listed = function.child_by_field_name("parameters")
    position = 0
    for parameter in listed.named_children if listed is not None else ():
        text = file.text(parameter)
        if text.startswith("*"):
            return None
        if re.match(rf"{re.escape(binding.name)}\b", text):
            return position
        position += text not in ("self", "cls")
    return None


def _is_endless(name: str, call: Node, file: PythonFile) -> bool:
    """Whether the code says, or its names do, that nobody can foresee how long the wait is."""
    if name.startswith(("redis.", "aioredis.", "coredis.")) and _LISTENS.search(file.content):
        return True
    if name.startswith(("httpx.", "aiohttp.", "openai.", "anthropic.", "requests.")) and _STREAMS.search(file.content):
        return True
    given = arguments(call, file).keywords
    if "stream" in given or any(_COMMENT.search(line) for line in _lines_around(call, file)):
        return True
    return any(_ENDLESS.search(word) for word in _names_around(call, file))


def _lines_around(call: Node, file: PythonFile) -> list[str]:
    """The lines of a call, and those right above it that are comments."""
    first, last = call.start_point[0], call.end_point[0]
    while first > 0 and file.lines[first - 1].lstrip().startswith(b"#"):
        first -= 1
    return [line.decode("utf-8", "replace") for line in file.lines[first : last + 1]]


def _names_around(call: Node, file: PythonFile) -> list[str]:
    """The names of the functions and classes around a call, and of what its value is assigned to."""
    names = []
    for around in ancestors(call):
        if around.type in (*FUNCTIONS, "class_definition") and (name := around.child_by_field_name("name")) is not None:
            names.append(file.text(name))
        elif around.type == "assignment" and (target := around.child_by_field_name("left")) is not None:
            names.append(file.text(target))
    return names
