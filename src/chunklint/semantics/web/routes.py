"""What is a route handler: by decorator, by registration, by class, or as a websocket endpoint mounted elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.records import record
from chunklint.semantics.python.names import (
    annotated_type,
    arguments,
    calls_of,
    local_function,
    qualified_name,
    type_of,
)
from chunklint.semantics.python.parameters import parameters_of
from chunklint.semantics.python.roles import is_script, is_test
from chunklint.semantics.python.scopes import FUNCTIONS
from chunklint.semantics.web.vocabulary import FRAMEWORKS

# A file without one of these words has no route that we know of.

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
_DECORATORS = _VERBS | {"route", "api_route", "websocket", "websocket_route", "api_operation", "expose"}
_ROUTER_TYPE = re.compile(r"(?:Router|Blueprint|FastAPI|Flask|Starlette|NinjaAPI|Quart|Namespace|Api)$")
_ROUTER_NAME = re.compile(
    r"(?:^|_)(?:router|app|api|bp|blueprint|routes|ns|namespace|application)(?:_|$|\d)|[rR]outer$"
)
# What has decorators of the same names and is no web application.
_NO_ROUTER = ("typer.", "click.", "responses.", "respx.", "pytest", "unittest.")

_REGISTRARS = frozenset(
    {"add_api_route", "add_route", "add_websocket_route", "add_api_websocket_route", "add_url_rule"}
    | {"add_api_operation"}
)
_ROUTE_CLASSES = frozenset({"Route", "APIRoute", "WebSocketRoute", "APIWebSocketRoute"})
_ENDPOINT_KEYWORDS = ("endpoint", "view_func", "route")
_VIEW_BASE = re.compile(r"(?:Resource|MethodView|HTTPEndpoint|APIView)$")

_PROBE = re.compile(r"(?:^|_)(?:health\w*|readiness|liveness|readyz|livez|heartbeat)(?:_|$)")
_PROBES = frozenset({"ready", "live", "alive", "ping", "version", "prometheus", "metrics", "get_metrics"})
# Servers that stand in for others in tests.
_STAND_IN = re.compile(r"(?:^|/)(?:mock|fake|stub|load_?test)[^/]*/")
_PROBE_FILE = re.compile(r"(?:^|_)(?:health\w*|metrics|probes?|prometheus|monitoring)$")


@record
class Handler:
    """A function that answers requests; `node` is its definition without decorators."""

    node: Node
    name: str
    websocket: bool = False


def handlers(file: PythonFile) -> tuple[Handler, ...]:
    """The route handlers of a file, in order; () for tests, scripts, examples and what only probes the process."""
    return file.remember("route handlers", lambda: tuple(_handlers(file)))


def has_routes(file: PythonFile) -> bool:
    """Whether a file defines routes of any kind, probes included."""
    return file.remember("has routes", lambda: _speaks_web(file) and bool(_routed(file)))


def _speaks_web(file: PythonFile) -> bool:
    return any(word in file.content for word in FRAMEWORKS)


def _handlers(file: PythonFile) -> Iterator[Handler]:
    if not _speaks_web(file) or is_test(file.path) or is_script(file) or _STAND_IN.search(file.path):
        return
    if _PROBE_FILE.search(file.path.rpartition("/")[2].removesuffix(".py")):
        return
    for node, paths in sorted(_routed(file).values(), key=lambda found: found[0].start_byte):
        name = _name(node, file)
        if not _is_probe(name, paths):
            yield Handler(node, name, _takes_websocket(node, file))


def _is_probe(name: str, paths: tuple[str, ...]) -> bool:
    """Whether a route tells of the process, not of the business: health, readiness, version, metrics."""
    segments = [path.rstrip("/").rpartition("/")[2].replace("-", "_") for path in paths]
    return any(_PROBE.search(word) for word in (name, *segments)) or name in _PROBES


def _routed(file: PythonFile) -> dict[int, tuple[Node, tuple[str, ...]]]:
    """Every function that is a route, with the paths it is known to serve."""
    found: dict[int, tuple[Node, tuple[str, ...]]] = {}
    for function, path in (*_decorated(file), *_registered(file), *_views(file)):
        paths = found.get(function.id, (function, ()))[1]
        found[function.id] = (function, (*paths, path))
    if found or _makes_router(file):
        for function in _sockets(file):
            found.setdefault(function.id, (function, ()))
    return found


def _decorated(file: PythonFile) -> Iterator[tuple[Node, str]]:
    """Functions below `@router.get("/path")` and the like, whatever other decorators stand around it."""
    for _, captures in PYTHON.matches(file, ("(decorated_definition (decorator (call) @call)) @definition",)):
        definition = captures["definition"][0].child_by_field_name("definition")
        for call in captures["call"]:
            if definition is not None and definition.type == "function_definition" and _is_route(call, file):
                yield definition, _path(call, file)


def _is_route(call: Node, file: PythonFile) -> bool:
    function = call.child_by_field_name("function")
    if function is None or function.type != "attribute":
        return False
    receiver, method = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    return (
        receiver is not None and method is not None and file.text(method) in _DECORATORS and is_router(receiver, file)
    )


def is_router(node: Node, file: PythonFile) -> bool:
    """Whether an expression is an application, a router or a blueprint: by its class, or else by its name."""
    known = type_of(node, file) or ""
    if _ROUTER_TYPE.search(known):
        return True
    origin = qualified_name(node, file) or ""
    if any(name.startswith(_NO_ROUTER) for name in (known, origin)):
        return False
    return _ROUTER_NAME.search(file.text(node).rpartition(".")[2]) is not None


def _makes_router(file: PythonFile) -> bool:
    calls = (
        call for _, captures in PYTHON.matches(file, ("(assignment right: (call) @call)",)) for call in captures["call"]
    )
    return any(_ROUTER_TYPE.search(type_of(call, file) or "") is not None for call in calls)


def _registered(file: PythonFile) -> Iterator[tuple[Node, str]]:
    """Functions handed to `add_api_route(path, endpoint)`, `Route(path, endpoint)` and their kin."""
    query = "(call function: [(identifier) (attribute)] @callee) @call"
    for _, captures in PYTHON.matches(file, (query,)):
        callee, call = captures["callee"][0], captures["call"][0]
        last = file.text(callee).rpartition(".")[2]
        if last not in _REGISTRARS and not (last in _ROUTE_CLASSES and _is_starlette(callee, file)):
            continue
        given = arguments(call, file)
        keywords = (given.keywords[word] for word in _ENDPOINT_KEYWORDS if word in given.keywords)
        for endpoint in (*keywords, *given.positional[1:]):
            if (
                endpoint.type in ("identifier", "attribute")
                and (function := local_function(endpoint, file)) is not None
            ):
                yield function, _path(call, file)


def _is_starlette(callee: Node, file: PythonFile) -> bool:
    return (qualified_name(callee, file) or "").startswith(("starlette.", "fastapi."))


def _views(file: PythonFile) -> Iterator[tuple[Node, str]]:
    """The methods `get`, `post` ... of classes that a framework calls: Flask's MethodView, Resource, HTTPEndpoint."""
    for _, captures in PYTHON.matches(file, ("(class_definition superclasses: (argument_list) @bases) @class",)):
        owner, bases = captures["class"][0], captures["bases"][0]
        if not any(_VIEW_BASE.search(file.text(base)) for base in bases.named_children):
            continue
        body = owner.child_by_field_name("body")
        for function in descendants(body, "function_definition", stop=FUNCTIONS) if body is not None else ():
            if _name(function, file) in _VERBS:
                yield function, ""


def _sockets(file: PythonFile) -> Iterator[Node]:
    """Websocket endpoints without a decorator in a module of routes: another module mounts them."""
    for function in file.root.named_children:
        if function.type != "function_definition" or _name(function, file).startswith("_"):
            continue
        first = next(iter(parameters_of(function, file)), None)
        if first is None or first.annotation is None or not _is_websocket(first.annotation, file):
            continue
        # What gives something back is a dependency, and what this module calls is a helper.
        returned = function.child_by_field_name("return_type")
        if (returned is None or file.text(returned) == "None") and not calls_of(function, file):
            yield function


def _is_websocket(annotation: Node, file: PythonFile) -> bool:
    return (annotated_type(annotation, file) or "") in ("fastapi.WebSocket", "starlette.websockets.WebSocket")


def _takes_websocket(function: Node, file: PythonFile) -> bool:
    parameters = parameters_of(function, file)
    return any(one.annotation is not None and _is_websocket(one.annotation, file) for one in parameters)


def _path(call: Node, file: PythonFile) -> str:
    given = arguments(call, file)
    path = given.get("path", 0) or given.get("rule", 0)
    return file.text(path).strip("rbf\"'") if path is not None and path.type == "string" else ""


def _name(function: Node, file: PythonFile) -> str:
    name = function.child_by_field_name("name")
    return file.text(name) if name is not None else ""


def is_dependency(function: Node, file: PythonFile) -> bool:
    """Whether FastAPI calls a function for the sake of others: it has injected parameters, or `Depends` names it."""
    if any(injects(one.value, file) or injects(one.annotation, file) for one in parameters_of(function, file)):
        return True
    if any(around.type == "class_definition" for around in ancestors(function)):
        return _name(function, file) in ("__call__", "dispatch")
    return _name(function, file) in _depended(file)


_INJECTORS = re.compile(r"\b(?:Depends|Security|Header|Cookie|Query|Path|Body|Form|File)\(")


def injects(node: Node | None, file: PythonFile) -> bool:
    """Whether a parameter's default or annotation asks the framework for the value: `Depends(...)`, `Header()`."""
    return node is not None and _INJECTORS.search(file.text(node)) is not None


def _depended(file: PythonFile) -> frozenset[str]:
    def collect() -> frozenset[str]:
        found = re.findall(r"\b(?:Depends|Security)\(\s*([A-Za-z_]\w*)", file.content)
        return frozenset(found)

    return file.remember("names in Depends", collect)
