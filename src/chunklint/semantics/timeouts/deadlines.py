"""Python calls that may wait for ever: no limit of their own, none at their client, none around them."""

from __future__ import annotations

import re
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.python.names import (
    arguments,
    attributes_of_self,
    calls_of,
    enclosing_function,
    qualified_name,
    type_of,
)
from chunklint.semantics.python.roles import is_script
from chunklint.semantics.python.scopes import Binding, Kind, reaching
from chunklint.semantics.timeouts.io_calls import canonical, may_be_waiter, waiter_of
from chunklint.semantics.timeouts.libraries import STUB
from chunklint.semantics.timeouts.listeners import listens
from chunklint.semantics.timeouts.programs import waits_for_program, waits_of
from chunklint.semantics.timeouts.sessions import is_plain_session, origins, session_call
from chunklint.semantics.timeouts.stubs import unlimited_calls
from chunklint.semantics.timeouts.waiters import Waiter

# What bounds the waiting of its arguments, or of its block: asyncio, anyio, async_timeout, func_timeout, gevent...
_DEADLINES = re.compile(r"(^|_)(wait_for|timeouts?|timeout_at|move_on_(after|at)|fail_(after|at))($|_)|Timeout")
_LIMITING_DECORATOR = re.compile(r"timeout|time_limit|deadline", re.IGNORECASE)
_ALARM = re.compile(r"\bsignal\.(alarm|setitimer)\(")

# Data URLs ask no server.
_OF_DATA_URLS = re.compile(r"data_ur[li]")

_THIS_MACHINE = re.compile(r"//(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?=[:/\"']|$)")
# Django's commands.
_OF_COMMANDS = re.compile(r"(^|/)management/commands/")

_DISPATCHED = frozenset({"delay", "apply_async", "send_task"})

_WRAPPINGS = frozenset({"await", "parenthesized_expression", "boolean_operator", "conditional_expression"})
# A pool is an argument of the client that it serves.
_GIVEN_ON = frozenset({"call", "argument_list", "keyword_argument"})


def waits_for_ever(call: Node, file: PythonFile) -> Waiter | None:
    """What the call is known to wait for when nothing limits it; None when something does, or may."""
    function = call.child_by_field_name("function")
    if function is None or call.has_error:
        return None
    bound = _bound_in_advance(function, file)
    callee = arguments(bound, file).positional[0] if bound is not None else function
    name = _name_of(callee, file)
    waiter = waiter_of(name) if name is not None else None
    if name is None or waiter is None or not _waits_for_server(call, waiter, file):
        return None
    if _is_limited(call, waiter, file) or _is_exempt(canonical(name), call, callee, file):
        return None
    if bound is not None and _is_limited(bound, waiter, file):
        return None
    return None if within_deadline(call, waiter.blocks, file) else waiter


def _bound_in_advance(function: Node, file: PythonFile) -> Node | None:
    """The `functools.partial(...)` that a name stands for."""
    found = reaching(function, file) if function.type == "identifier" else ()
    value = found[0].value if len(found) == 1 and found[0].kind is Kind.ASSIGNMENT and not found[0].path else None
    maker = value.child_by_field_name("function") if value is not None and value.type == "call" else None
    if value is None or maker is None or qualified_name(maker, file) != "functools.partial":
        return None
    return value if arguments(value, file).positional else None


def _name_of(function: Node, file: PythonFile) -> str | None:
    """The qualified name of a callee; a call that can be no waiter by its last word is not looked up."""
    if function.type == "identifier":
        return qualified_name(function, file)
    attribute = function.child_by_field_name("attribute")
    if attribute is None or not may_be_waiter(file.text(attribute)):
        return None
    return qualified_name(function, file) or session_call(function, file) or _result_of_task(function, file)


def _result_of_task(function: Node, file: PythonFile) -> str | None:
    """`task.delay(...).get`: tasks come from other modules, but the method that starts one is Celery's own."""
    receiver = function.child_by_field_name("object")
    if receiver is None or not file.text(function).endswith(".get"):
        return None
    started = origins(receiver, file)
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
        given = arguments(packed, file)
        return not plain or bool(given.double_splat or given.positional) or _spells_limit(packed, waiter, file)
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


def _asks_this_machine(call: Node, file: PythonFile) -> bool:
    """Whether an address of this machine is spelled out: who runs the script runs that server, too."""
    given = arguments(call, file)
    urls = (*given.positional[:2], *(given.keywords[one] for one in ("url",) if one in given.keywords))
    return any(_THIS_MACHINE.search(file.text(url)) is not None for url in urls if url.type == "string")


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
    if is_script(file) and _asks_this_machine(call, file):
        return True
    if name.startswith("requests.Session."):
        return not is_plain_session(function, file)
    if name == "concurrent.futures.Future.result":
        return not _is_pending(function, file)
    if name.startswith(("subprocess.", "asyncio.")):
        return not _waits_for_program(name, call, file)
    if name.startswith(("sqlalchemy.", "sqlmodel.")):
        return not runs_migrations(file) and (is_script(file) or not _outlives_function(call, file))
    if name == "celery.result.AsyncResult.get":
        # Whoever starts a command waits for its task, and sees that it does.
        return is_script(file) or _OF_COMMANDS.search(file.path) is not None
    if name.startswith(("redis.", "aioredis.")):
        return _listens(call, file)
    if name == STUB:
        return all(within_deadline(wait, False, file) for wait in unlimited_calls(call, file))
    if name == "urllib.request.urlopen":
        around = enclosing_function(call)
        called = around.child_by_field_name("name") if around is not None else None
        return called is not None and _OF_DATA_URLS.search(file.text(called)) is not None
    if name.startswith("ftplib."):
        return not arguments(call, file).positional and "host" not in arguments(call, file).keywords
    return False


def _is_pending(function: Node, file: PythonFile) -> bool:
    """Whether a future comes straight from its executor, and nothing has waited for it before."""
    receiver = function.child_by_field_name("object")
    made = origins(receiver, file) if receiver is not None else ()
    if receiver is None or not made or any(_ends_with_block(call, file) for call in made):
        return False
    name = re.escape(file.text(receiver))
    waits = r"\b(?:wait|as_completed|gather|wrap_future|wait_for|shield)"
    waited = rf"{waits}\([^)]{{0,200}}\b{name}\b|\b{name}\.(?:done|add_done_callback)\("
    around = enclosing_function(function) or file.root
    return re.search(waited, file.text(around)) is None


def _ends_with_block(submit: Node, file: PythonFile) -> bool:
    """Whether the executor is one of a `with` block, which waits for all futures at its end, limit or not."""
    function = submit.child_by_field_name("function")
    executor = function.child_by_field_name("object") if function is not None else None
    if executor is None or executor.type != "identifier":
        return False
    return any(one.kind is Kind.CONTEXT for one in reaching(executor, file))


def _listens(call: Node, file: PythonFile) -> bool:
    """Whether the client is kept under a name on which this module waits for messages."""
    kept = next((around for around in ancestors(call) if around.type not in _WRAPPINGS | _GIVEN_ON), None)
    target = kept.child_by_field_name("left") if kept is not None and kept.type == "assignment" else None
    return target is not None and listens(file.text(target), file)


def _waits_for_program(name: str, call: Node, file: PythonFile) -> bool:
    if not waits_for_program(name, call, file):
        return False
    waits = tuple(waits_of(call, file)) if not name.startswith("subprocess.") else ()
    return not any(within_deadline(wait, False, file) for wait in waits)


def runs_migrations(file: PythonFile) -> bool:
    """Whether the file is the environment of Alembic, whose engine waits for locks while all others wait for it."""
    return "run_migrations" in file.content


def _outlives_function(engine: Node, file: PythonFile) -> bool:
    """Whether an engine serves more than the function that makes it, and is not one that only looks something up."""
    function = enclosing_function(engine)
    kept = next((around for around in ancestors(engine) if around.type not in _WRAPPINGS), None)
    target = kept.child_by_field_name("left") if kept is not None and kept.type == "assignment" else None
    if _is_of_block(engine):
        return False
    if function is None or target is None or target.type != "identifier":
        return True
    name = re.escape(file.text(target))
    handed_on = rf"\b(?:return|yield|global|sessionmaker\()[^\n]*\b{name}\b|=\s*{name}$"
    return re.search(handed_on, file.text(function), re.MULTILINE) is not None


def _is_of_block(engine: Node) -> bool:
    """Whether a `with` opens a connection of an engine that has no name: `with create_engine(url).begin() as c:`."""
    chain = next((around for around in ancestors(engine) if around.type not in ("attribute", "call")), None)
    return chain is not None and chain.type in ("as_pattern", "with_item")


def within_deadline(call: Node, blocks: bool, file: PythonFile) -> bool:
    """Whether something around the call limits its waiting: `wait_for`, `timeout()`, a decorator, an alarm.

    A call that `blocks` on the event loop itself is not limited by a timer that runs on that loop.
    """
    inner = call
    for around in ancestors(call):
        match around.type:
            case "call" if inner != around.child_by_field_name("function") and _is_deadline(around, file):
                return True
            case "with_statement" if _limits_block(around, file, besides=call):
                return not (blocks and _is_on_the_loop(call))
            case "function_definition":
                return _function_is_limited(around, file)
        inner = around
    return False


def _is_deadline(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and _DEADLINES.search(file.text(function).rpartition(".")[2]) is not None


def _limits_block(statement: Node, file: PythonFile, besides: Node | None = None) -> bool:
    clause = next((child for child in statement.named_children if child.type == "with_clause"), None)
    calls = descendants(clause, "call") if clause is not None else ()
    return any(call != besides and _is_deadline(call, file) for call in calls)


def _is_on_the_loop(call: Node) -> bool:
    function = enclosing_function(call)
    return function is not None and is_async(function)


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
