"""Python calls that may wait for ever: no limit of their own, none at their client, none around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.python.literals import elements_of
from chunklint.semantics.python.names import (
    arguments,
    attributes_of_self,
    calls_of,
    enclosing_function,
    qualified_name,
    type_of,
)
from chunklint.semantics.python.scopes import Binding, Kind, reaching
from chunklint.semantics.timeouts.io_calls import GIT_NETWORK, METHODS, PROGRAMS, Waiter, canonical, waiter_of

# What bounds the waiting of its arguments, or of its block: asyncio, anyio, async_timeout, func_timeout, gevent...
_DEADLINES = re.compile(r"(^|_)(wait_for|timeouts?|timeout_at|move_on_(after|at)|fail_(after|at))($|_)|Timeout")
_LIMITING_DECORATOR = re.compile(r"timeout|time_limit|deadline", re.IGNORECASE)
_ALARM = re.compile(r"\bsignal\.(alarm|setitimer)\(")

_SESSIONS = frozenset({"requests.Session", "requests.session", "requests.sessions.Session"})
_DISPATCHED = frozenset({"delay", "apply_async", "send_task"})

# Commands of a Redis that wait for the next message by design; a limit on the socket would break them.
_WRAPPINGS = frozenset({"await", "parenthesized_expression", "boolean_operator", "conditional_expression"})
_LISTENING = ("pubsub", "blpop", "brpop", "bzpopmin", "bzpopmax", "xread", "xreadgroup", "monitor", "brpoplpush")


def waits_for_ever(call: Node, file: PythonFile) -> Waiter | None:
    """What the call is known to wait for when nothing limits it; None when something does, or may."""
    function = call.child_by_field_name("function")
    if function is None or call.has_error:
        return None
    name = _name_of(function, file)
    waiter = waiter_of(name) if name is not None else None
    if name is None or waiter is None or not _waits_for_server(call, waiter, file):
        return None
    if _is_limited(call, waiter, file) or _is_exempt(canonical(name), call, function, file):
        return None
    return None if _within_deadline(call, waiter, file) else waiter


def _name_of(function: Node, file: PythonFile) -> str | None:
    """The qualified name of a callee; a call that can be no waiter by its last word is not looked up."""
    if function.type == "identifier":
        return qualified_name(function, file)
    attribute = function.child_by_field_name("attribute")
    if attribute is None or file.text(attribute) not in METHODS:
        return None
    return qualified_name(function, file) or _result_of_task(function, file)


def _result_of_task(function: Node, file: PythonFile) -> str | None:
    """`task.delay(...).get`: tasks come from other modules, but the method that starts one is Celery's own."""
    receiver = function.child_by_field_name("object")
    if receiver is None or not file.text(function).endswith(".get"):
        return None
    started = _origins(receiver, file)
    if started and all(_starts_task(origin, file) for origin in started):
        return "celery.result.AsyncResult.get"
    return None


def _starts_task(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    name = function.child_by_field_name("attribute") if function is not None else None
    owner = function.child_by_field_name("object") if function is not None else None
    if name is None or owner is None or file.text(name) not in _DISPATCHED:
        return False
    return file.text(name) == "delay" or ("celery" in file.content and type_of(owner, file) is None)


def _waits_for_server(call: Node, waiter: Waiter, file: PythonFile) -> bool:
    keyword, part = waiter.needs
    if not keyword:
        return True
    value = arguments(call, file).keywords.get(keyword)
    return value is not None and part in file.text(value).lower()


def _is_limited(call: Node, waiter: Waiter, file: PythonFile) -> bool:
    """Whether the call has a limit, or arguments that cannot be seen and may bring one."""
    given = arguments(call, file)
    if given.splat or any(word in given.keywords for word in waiter.limits):
        return True
    if waiter.position is not None and waiter.position < len(given.positional):
        return True
    if any(word in file.content for word in waiter.elsewhere):
        return True
    # A limit may also stand in a URL: `redis://host?socket_timeout=5`.
    texts = (file.text(node) for node in (*given.positional, *given.keywords.values()))
    if any(f"{word}=" in text for text in texts for word in waiter.limits):
        return True
    return any(_may_bring(packed, waiter, file) for packed in given.double_splat)


def _may_bring(packed: Node, waiter: Waiter, file: PythonFile) -> bool:
    """Whether `**packed` gives a limit; True when its content cannot be known."""
    if packed.type == "dictionary":
        return _spells_limit(packed, waiter, file)
    if packed.type == "call":
        function = packed.child_by_field_name("function")
        plain = function is not None and qualified_name(function, file) == "builtins.dict"
        return not plain or bool(arguments(packed, file).double_splat) or _spells_limit(packed, waiter, file)
    found = reaching(packed, file) if packed.type == "identifier" else attributes_of_self(packed, file)
    return not found or any(_binding_may_bring(one, packed, waiter, file) for one in found)


def _binding_may_bring(binding: Binding, packed: Node, waiter: Waiter, file: PythonFile) -> bool:
    scope = enclosing_function(binding.node) or file.root
    if _spells_limit(scope, waiter, file, about=binding.name):
        return True
    match binding.kind:
        case Kind.ASSIGNMENT if binding.value is not None and not binding.path and binding.value != packed:
            return binding.value.type not in ("dictionary", "call") or _may_bring(binding.value, waiter, file)
        case Kind.PARAMETER if scope.type == "function_definition" and _is_packed(binding.node):
            return _callers_may_bring(scope, waiter, file)
    return True


def _is_packed(parameter: Node) -> bool:
    return parameter.parent is not None and parameter.parent.type == "dictionary_splat_pattern"


def _callers_may_bring(function: Node, waiter: Waiter, file: PythonFile) -> bool:
    """Whether a call of a wrapper gives the limit; without a call in this module the callers are unknown."""
    calls = [arguments(call, file) for call in calls_of(function, file)]
    return not calls or any(
        bool(given.double_splat) or any(word in given.keywords for word in waiter.limits) for given in calls
    )


def _spells_limit(node: Node, waiter: Waiter, file: PythonFile, about: str = "") -> bool:
    """Whether the code below a node names a limit as a key, or as a keyword: `kwargs.setdefault("timeout", 5)`.

    With `about`, only statements that mention that name count.
    """
    words = frozenset(waiter.limits)
    for found in descendants(node, "string_content", "keyword_argument"):
        key = found.child_by_field_name("name") or found
        if file.text(key) not in words:
            continue
        statement = next((around for around in ancestors(found) if around.type.endswith("statement")), node)
        if not about or re.search(rf"\b{re.escape(about)}\b", file.text(statement)):
            return True
    return False


def _is_exempt(name: str, call: Node, function: Node, file: PythonFile) -> bool:
    """What makes single libraries safe, or impossible to judge."""
    if name.startswith("requests.Session."):
        return not _session_is_plain(function, file)
    if name == "concurrent.futures.Future.result":
        return not _is_pending(function, file)
    if name.startswith("subprocess."):
        return not _is_networked(name, call, file)
    if name.startswith(("redis.", "aioredis.")):
        return _listens(call, file)
    if name.startswith("ftplib."):
        return not arguments(call, file).positional and "host" not in arguments(call, file).keywords
    return False


def _origins(receiver: Node, file: PythonFile) -> tuple[Node, ...]:
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


def _session_is_plain(function: Node, file: PythonFile) -> bool:
    """Whether the session is made in this module and gets no adapter or `request` that could bring a limit."""
    receiver = function.child_by_field_name("object")
    made = _origins(receiver, file) if receiver is not None else ()
    callees = [call.child_by_field_name("function") for call in made]
    names = {qualified_name(callee, file) for callee in callees if callee is not None}
    return bool(names) and names <= _SESSIONS and file.remember("plain sessions", partial(_sessions_are_plain, file))


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


def _is_pending(function: Node, file: PythonFile) -> bool:
    """Whether a future comes straight from its executor, and nothing has waited for it before."""
    receiver = function.child_by_field_name("object")
    if receiver is None or not _origins(receiver, file):
        return False
    name = re.escape(file.text(receiver))
    waits = r"\b(?:wait|as_completed|gather|wrap_future|wait_for|shield)"
    waited = rf"{waits}\([^)]{{0,200}}\b{name}\b|\b{name}\.(?:done|add_done_callback)\("
    around = enclosing_function(function) or file.root
    return re.search(waited, file.text(around)) is None


def _listens(call: Node, file: PythonFile) -> bool:
    """Whether the client is kept under a name on which this module waits for messages."""
    kept = next((around for around in ancestors(call) if around.type not in _WRAPPINGS), None)
    target = kept.child_by_field_name("left") if kept is not None and kept.type == "assignment" else None
    if target is None:
        return False
    name = file.text(target)
    names = {name, *re.findall(rf"([\w.]+)[ \t]*=[ \t]*{re.escape(name)}\b", file.content)}
    return any(f"{known}.{word}(" in file.content for known in names for word in _LISTENING)


def _is_networked(name: str, call: Node, file: PythonFile) -> bool:
    """Whether the program is one that talks to another machine and is given no limit of its own."""
    given = arguments(call, file)
    command = given.get("args", 0)
    words = _words(command, file) if command is not None else ()
    while words and words[0] in ("sudo", "env", "-E"):
        words = words[1:]
    if not words or words[0].rpartition("/")[2] not in PROGRAMS:
        return False
    program = words[0].rpartition("/")[2]
    if program == "git" and not GIT_NETWORK.intersection(words):
        return False
    if any(word.startswith(limit) or limit in word.split("=")[0] for word in words for limit in PROGRAMS[program]):
        return False
    return name != "subprocess.Popen" or _is_awaited(call, file)


def _is_awaited(process: Node, file: PythonFile) -> bool:
    """Whether the function that starts a process waits for its end, and never with a limit."""
    kept = process.parent
    target = kept.child_by_field_name("left") if kept is not None and kept.type == "assignment" else None
    if target is None:
        return False
    around = file.text(enclosing_function(process) or file.root)
    waits = re.findall(rf"\b{re.escape(file.text(target))}\.(?:wait|communicate)\(([^)]{{0,200}})\)", around)
    return bool(waits) and not any("timeout" in given for given in waits)


def _words(command: Node, file: PythonFile) -> tuple[str, ...]:
    """The words of a command as far as they are literals; another expression counts as an empty word."""
    if command.type == "string":
        return tuple(file.text(command).strip("rbfRBF'\"").split())
    elements = elements_of(command, file)
    return tuple(file.text(one).strip("rbfRBF'\"") if one.type == "string" else "" for one in elements or ())


def _within_deadline(call: Node, waiter: Waiter, file: PythonFile) -> bool:
    """Whether something around the call limits its waiting: `wait_for`, `timeout()`, a decorator, an alarm."""
    inner = call
    for around in ancestors(call):
        match around.type:
            case "call" if inner != around.child_by_field_name("function") and _is_deadline(around, file):
                return True
            case "with_statement" if _limits_block(around, file):
                return not _blocks_the_loop(call, waiter)
            case "function_definition":
                return _function_is_limited(around, file)
        inner = around
    return False


def _is_deadline(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and _DEADLINES.search(file.text(function).rpartition(".")[2]) is not None


def _limits_block(statement: Node, file: PythonFile) -> bool:
    clause = next((child for child in statement.named_children if child.type == "with_clause"), None)
    return clause is not None and any(_is_deadline(call, file) for call in descendants(clause, "call"))


def _blocks_the_loop(call: Node, waiter: Waiter) -> bool:
    """Whether a blocking call runs on the event loop itself, where no timer can interrupt it."""
    function = enclosing_function(call)
    return waiter.blocks and function is not None and is_async(function)


def is_async(function: Node) -> bool:
    """Whether a function definition is one of a coroutine."""
    return bool(function.children) and function.children[0].type == "async"


def _function_is_limited(function: Node, file: PythonFile) -> bool:
    around = function.parent
    if around is not None and around.type == "decorated_definition":
        decorators = (child for child in around.named_children if child.type == "decorator")
        if any(_LIMITING_DECORATOR.search(file.text(decorator)) for decorator in decorators):
            return True
    name = function.child_by_field_name("name")
    if name is not None and file.text(name) in _names_under_deadlines(file):
        return True
    return file.remember(("alarm", function.id), lambda: _ALARM.search(file.text(function)) is not None)


def _names_under_deadlines(file: PythonFile) -> frozenset[str]:
    """The names inside the arguments of `wait_for` and its like, and in the blocks of `async with timeout()`."""
    return file.remember("names under deadlines", partial(_collect_names_under_deadlines, file))


def _collect_names_under_deadlines(file: PythonFile) -> frozenset[str]:
    names: set[str] = set()
    for _, captures in PYTHON.matches(file, ("(call) @call", "(with_statement body: (_) @body) @with")):
        if "call" in captures and _is_deadline(captures["call"][0], file):
            listed = captures["call"][0].child_by_field_name("arguments")
            names.update(file.text(node) for node in descendants(listed, "identifier")) if listed is not None else None
        elif "with" in captures and _limits_block(captures["with"][0], file):
            names.update(file.text(node) for node in descendants(captures["body"][0], "identifier"))
    return frozenset(names)
