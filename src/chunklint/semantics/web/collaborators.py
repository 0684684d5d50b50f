"""Whom a handler works with: services, repositories, managers and queues, and which of its calls change something."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.names import arguments
from chunklint.semantics.python.scopes import Binding, Kind, reaching
from chunklint.semantics.web.routes import injects
from chunklint.semantics.web.sessions import is_session

_ROLE = re.compile(
    r"(?:service|services|repository|repositories|repo|repos|manager|store|storage|crud|dao|use_?case|interactor|"
    r"orchestrator|engine|scheduler|broker|publisher|producer|queue|notifier|gateway|backend|svc)(?:dep)?$",
    re.IGNORECASE,
)
# Those of them that write rows for whoever asks, one table each.
_STORES = re.compile(r"(?:repository|repositories|repo|repos|crud|dao)(?:dep)?$", re.IGNORECASE)
# A facade of everything that is stored, and what it is made of: `app.DATABASE.orders`.
_FACADE = re.compile(r"\.(?:DATABASE|database|repos|repositories)(?:\.\w+)?$")
_EFFECTS = (
    "create|update|delete|remove|save|insert|upsert|store|start|stop|cancel|send|publish|enqueue|dispatch|schedule|"
    "trigger|process|mark|assign|revoke|archive|restore|register|unregister|invite|approve|reject|sync|import|grant|"
    "activate|deactivate|enable|disable|rename|move|copy|clone|reset|transfer|charge|refund|notify|complete|persist"
)
_EFFECT = re.compile(rf"^(?:bulk_|async_)?(?:{_EFFECTS})(?:_|$)")
# What every handler may touch: the request, the response, the log, what counts and traces.
_OWN = re.compile(
    r"(?:^|[._])(?:request|response|websocket|ws|logger|log|logging|metrics|telemetry|analytics|posthog|sentry|tracer|"
    r"span|statsd|audit|cookies?|headers|background_?tasks?|bg|settings|config|schema|router|app)$",
    re.IGNORECASE,
)


def is_collaborator(receiver: Node, file: PythonFile) -> bool:
    """Whether an expression is a service, repository, manager or the like that a handler is given or imports."""
    text = file.text(receiver)
    if receiver.type not in ("identifier", "attribute") or _OWN.search(text):
        return False
    if receiver.type == "attribute" and _FACADE.search(text):
        return True
    if _ROLE.search(text.rpartition(".")[2]):
        return receiver.type == "attribute" or any(_may_be_one(one) for one in reaching(receiver, file))
    return receiver.type == "identifier" and any(_has_role(one, file) for one in reaching(receiver, file))


def _may_be_one(binding: Binding) -> bool:
    """A name that says so is believed but for plain values, and for what the standard library calls a queue."""
    plain = binding.value is not None and binding.value.type in ("string", "integer", "dictionary", "list")
    return not plain and not _is_standard(binding)


def _is_standard(binding: Binding) -> bool:
    return binding.qualified.partition(".")[0] in sys.stdlib_module_names


def is_write_of_repository(call: Node, file: PythonFile) -> bool:
    """Whether a call has a repository change its rows: `users.create(...)`, where `users: UserRepository`."""
    function = call.child_by_field_name("function")
    receiver = function.child_by_field_name("object") if function is not None else None
    if receiver is None or not is_effect(call, file):
        return False
    words = file.text(receiver).split(".")[-2:]
    if any(_STORES.search(word) for word in words):
        return True
    return receiver.type == "identifier" and any(_has_role(one, file, _STORES) for one in reaching(receiver, file))


def _has_role(binding: Binding, file: PythonFile, role: re.Pattern[str] = _ROLE) -> bool:
    """Whether a name is declared with, or made by, a class whose name says it: `orders: OrderService`."""
    match binding.kind:
        case Kind.PARAMETER if binding.annotation is not None:
            declared = re.findall(r"[A-Za-z_]\w*", file.text(binding.annotation))
            return any(role.search(word) for word in declared)
        case Kind.ASSIGNMENT | Kind.CONTEXT if binding.value is not None and not binding.path:
            function = _called(binding.value)
            return function is not None and role.search(file.text(function).rpartition(".")[2]) is not None
    return False


def _called(value: Node) -> Node | None:
    call = value.named_children[0] if value.type == "await" and value.named_children else value
    return call.child_by_field_name("function") if call.type == "call" else None


def is_effect(call: Node, file: PythonFile) -> bool:
    """Whether a call asks a collaborator, or an imported function that is handed the session, to change something."""
    function = call.child_by_field_name("function")
    if function is None:
        return False
    receiver = function.child_by_field_name("object") if function.type == "attribute" else None
    last = file.text(function).rpartition(".")[2]
    if _EFFECT.match(last) is None:
        return False
    if receiver is not None and is_collaborator(receiver, file):
        return True
    return _imported(receiver or function, file) and _given_session(call, file)


def asks_collaborator(function: Node, file: PythonFile) -> bool:
    """Whether a function calls a method of a collaborator."""
    callees = (call.child_by_field_name("function") for call in descendants(function, "call"))
    receivers = (one.child_by_field_name("object") for one in callees if one is not None and one.type == "attribute")
    return any(one is not None and is_collaborator(one, file) for one in receivers)


def _imported(node: Node, file: PythonFile) -> bool:
    return node.type == "identifier" and any(one.kind is Kind.IMPORT for one in reaching(node, file))


def _given_session(call: Node, file: PythonFile) -> bool:
    given = arguments(call, file)
    return any(is_session(one, file) for one in (*given.positional, *given.keywords.values()))


def private_calls(function: Node, file: PythonFile) -> Iterator[Node]:
    """Calls of a collaborator's private methods: `service._rebuild()`."""
    for call in descendants(function, "call"):
        callee = call.child_by_field_name("function")
        receiver = callee.child_by_field_name("object") if callee is not None and callee.type == "attribute" else None
        name = callee.child_by_field_name("attribute") if receiver is not None and callee is not None else None
        if receiver is None or name is None or file.text(receiver) in ("self", "cls"):
            continue
        if re.match(r"_[a-z]", file.text(name)) and is_collaborator(receiver, file):
            yield call


def unused_collaborators(function: Node, parameters: tuple[Binding, ...], file: PythonFile) -> list[str]:
    """The injected services, repositories and sessions that a function never touches."""
    body = function.child_by_field_name("body")
    used = {file.text(one) for one in descendants(body, "identifier")} if body is not None else set()
    injected = (one for one in parameters if injects(one.value, file) or injects(one.annotation, file))
    return [one.name for one in injected if one.name not in used and _serves(one, file)]


def _serves(parameter: Binding, file: PythonFile) -> bool:
    return _ROLE.search(parameter.name) is not None or _has_role(parameter, file) or is_session(parameter.node, file)
