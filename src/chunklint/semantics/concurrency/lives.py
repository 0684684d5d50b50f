"""When in the life of an object, or of the process, a Python function runs: at the beginning, daily, at the end."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import ancestors
from chunklint.languages.python import PythonFile
from chunklint.semantics.concurrency.ownership import is_the_program, makes_its_object
from chunklint.semantics.concurrency.state import class_of, decorators, name_of
from chunklint.semantics.concurrency.suspensions import is_async
from chunklint.semantics.python.names import calls_of

_CONSTRUCTION = frozenset(
    {"__init__", "__post_init__", "__aenter__", "__enter__", "__new__", "__setstate__", "model_post_init", "setUp"}
    | {"asyncSetUp", "start", "_start", "startup", "on_startup", "on_start", "boot", "lifespan", "run", "main", "serve"}
    | {"serve_forever", "start_all"}
)
# These begin an object's life too, but are also called lazily by those who need what they make.
BEGINNING = _CONSTRUCTION | {
    *("setup", "_setup", "initialize", "_initialize", "initialise", "init", "_init", "open", "prepare", "connect"),
    *("_connect", "_open"),
}
_INITIAL = re.compile(
    r"^_*(?:async_|post_|component_|cog_|on_)?(?:a?init|initiali[sz]e|setup|load|startup|start|setup_hook)$"
)
_OF_MODULE = re.compile(r"^_*(start|stop|init|initiali[sz]e|setup|shutdown|close|teardown|reset)_")
_ENDING = re.compile(
    r"^_*(a?close(_all)?|stop(_all)?|shut_?down|terminate|teardown|tear_down|dispose|__aexit__|__exit__|__del__"
    r"|on_shutdown|disable|detach(_all)?|deactivate|cancel_all|abort|kill|disconnect_all|finali[sz]e|reset"
    r"|a?clear(_all)?|clean_?up(_all)?|unload|exit|destroy|asyncTearDown)_*$"
)
_ENDING_DUNDERS = frozenset({"__aexit__", "__exit__", "__del__"})
HOLDS = re.compile(r"(_locked|_unlocked|_unsafe|_nolock|_no_lock|_under_lock|_with_lock)$")
_DEEPEST_HELPER = 3
_PARAMETERS = ("identifier", "typed_parameter", "default_parameter", "typed_default_parameter")


def is_ending(name: str, function: Node, file: PythonFile) -> bool:
    """Whether a function closes what it belongs to; one that is told what to close belongs to the daily work."""
    if name in _ENDING_DUNDERS:
        return True
    return _ENDING.match(name) is not None and not _required_parameters(function, file)


def _required_parameters(function: Node, file: PythonFile) -> list[str]:
    return _parameters(function, ("identifier", "typed_parameter"), file)


def parameter_names(function: Node, file: PythonFile) -> list[str]:
    """The names of a function's parameters, but for its object."""
    return _parameters(function, _PARAMETERS, file)


def _parameters(function: Node, kinds: tuple[str, ...], file: PythonFile) -> list[str]:
    listed = function.child_by_field_name("parameters")
    plain = listed.named_children if listed is not None else []
    names = [re.split(r"[:=]", file.text(one))[0].strip() for one in plain if one.type in kinds]
    return [name for name in names if name not in ("self", "cls") and not name.startswith("*")]


def is_exempt(name: str, function: Node, file: PythonFile) -> bool:
    """Whether a function runs alone, before or after all others, or under a lock that its name tells of."""
    if HOLDS.search(name) or is_ending(name, function, file):
        return True
    if any("lock" in one or "synchroni" in one or "contextmanager" in one for one in decorators(function, file)):
        return True
    if makes_its_object(function, file) or is_the_program(function, file):
        return True
    if _required_parameters(function, file):
        return False
    if name in _CONSTRUCTION or (class_of(function) is None and _OF_MODULE.match(name)):
        return True
    return name in BEGINNING and not any(is_daily_work(call, file) for call in calls_of(function, file))


def stands_at_the_end(node: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether a node runs only when what it belongs to is closed: in what closes it, or in a helper that only it calls.

    The last words of what runs for as long as the process does, in a `finally`, are such a place too.
    """
    finishes = False
    for around in ancestors(node):
        finishes = finishes or around.type == "finally_clause"
        if around.type == "function_definition":
            return _is_last_part(around, finishes, file, depth)
    return False


def _is_last_part(function: Node, finishes: bool, file: PythonFile, depth: int) -> bool:
    name = name_of(function, file)
    if is_ending(name, function, file):
        return True
    if finishes and (name in _CONSTRUCTION or any("contextmanager" in one for one in decorators(function, file))):
        return True
    if not name.startswith("_") or depth > _DEEPEST_HELPER:
        return False
    calls = calls_of(function, file)
    return bool(calls) and all(stands_at_the_end(call, file, depth + 1) for call in calls)


def begins(function: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether a function begins an object's life, or only what does so calls it."""
    name = name_of(function, file)
    if name in BEGINNING or _INITIAL.search(name):
        return True
    if not name.startswith("_") or depth > _DEEPEST_HELPER:
        return False
    callers = [
        next((one for one in ancestors(call) if one.type == "function_definition"), None)
        for call in calls_of(function, file)
    ]
    return bool(callers) and all(one is not None and begins(one, file, depth + 1) for one in callers)


def is_daily_work(node: Node, file: PythonFile) -> bool:
    """Whether a node stands in an `async def` that does not itself begin an object's life."""
    function = next((one for one in ancestors(node) if one.type == "function_definition"), None)
    return function is not None and is_async(function) and name_of(function, file) not in BEGINNING
