"""Parameters: which argument of a call fills which, what is declared of them, and who calls their function."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.known_sources import Source
from chunklint.semantics.python.names import annotated_type, arguments, enclosing_function
from chunklint.semantics.python.scopes import Binding, Kind, bindings_in

_MAPPINGS = frozenset({"dict", "mapping", "mutablemapping", "defaultdict", "ordereddict"})
_COLLECTIONS = frozenset(
    {"list", "set", "tuple", "frozenset", "sequence", "iterable", "iterator", "collection", "optional", "annotated"}
)
_ROUTE_METHODS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "route", "websocket", "api_route"}
)
_BODIES = ("Request", "Payload", "Body", "Schema", "Create", "Update", "Form", "Params", "Query", "Filter", "Filters")
_COMMANDS = ("command", "option", "argument", "callback")


def parameters_of(function: Node, file: PythonFile) -> tuple[Binding, ...]:
    """The parameters of a function or lambda in order, `self` included, `*args` and `**kwargs` too."""
    found = [one for bound in bindings_in(function, file).values() for one in bound if one.kind is Kind.PARAMETER]
    return tuple(sorted(found, key=lambda one: one.node.start_byte))


def passed(call: Node, function: Node, file: PythonFile) -> Iterator[tuple[Node, Node]]:
    """Pairs of a parameter's identifier and the expression that the call gives it, its default where it gives none."""
    given = arguments(call, file)
    parameters = [one for one in parameters_of(function, file) if not _collects(one)]
    if parameters and _is_bound(call, function, file):
        parameters = parameters[1:]
    for position, parameter in enumerate(parameters):
        argument = given.get(parameter.name, None if _keyword_only(parameter) else position)
        if argument is None and not (given.splat or given.double_splat):
            argument = parameter.value
        if argument is not None:
            yield parameter.node, argument


def _collects(parameter: Binding) -> bool:
    around = parameter.node.parent
    return around is not None and around.type in ("list_splat_pattern", "dictionary_splat_pattern")


def _keyword_only(parameter: Binding) -> bool:
    """Whether a bare `*` or `*args` stands before the parameter."""
    around = (parameter.node, *ancestors(parameter.node))
    lists = ("parameters", "lambda_parameters")
    entry = next((node for node in around if node.parent is not None and node.parent.type in lists), None)
    before = entry.prev_sibling if entry is not None else None
    while before is not None:
        if before.type in ("keyword_separator", "list_splat_pattern"):
            return True
        before = before.prev_sibling
    return False


def _is_bound(call: Node, function: Node, file: PythonFile) -> bool:
    """Whether the call is `self.method(...)` of a method that takes the instance first."""
    callee = call.child_by_field_name("function")
    if callee is None or callee.type != "attribute":
        return False
    around = function.parent
    decorated = around is not None and around.type == "decorated_definition"
    decorators = [child for child in around.children if child.type == "decorator"] if around and decorated else []
    return not any(file.text(one).endswith("staticmethod") for one in decorators)


def declared_type(annotation: Node, file: PythonFile) -> str | None:
    """The declared type; for a collection that of its elements, text for a mapping."""
    inner = annotation
    while inner.type in ("type", "generic_type", "subscript", "type_parameter") and inner.named_children:
        head, *rest = inner.named_children
        word = file.text(head).rsplit(".", 1)[-1].lower()
        if word in _MAPPINGS:
            return "builtins.str"
        if word == "literal":
            return "typing.Literal"
        if word in _COLLECTIONS and rest:
            inner = rest[0]
        elif inner.type in ("type", "type_parameter"):
            inner = head
        else:
            break
    return annotated_type(inner, file)


def entry_point(function: Node, file: PythonFile) -> Source | None:
    """What calls a function by its decorators: a request, the command line, or nobody known."""
    around = function.parent
    if around is None or around.type != "decorated_definition":
        return None
    for decorator in (child for child in around.children if child.type == "decorator"):
        called = decorator.named_children[0] if decorator.named_children else None
        callee = called.child_by_field_name("function") if called is not None and called.type == "call" else called
        if callee is None or callee.type != "attribute":
            continue
        word = file.text(callee).rsplit(".", 1)[-1]
        if word in _ROUTE_METHODS and called is not None and _is_route(called, file):
            return Source.REQUEST
        if word in _COMMANDS:
            return Source.ARGV
    return None


def _is_route(decorator: Node, file: PythonFile) -> bool:
    """Whether a decorator's call gives a path, which `@mock.patch("module.name")` does not."""
    given = arguments(decorator, file).positional if decorator.type == "call" else ()
    return bool(given) and (given[0].type != "string" or file.text(given[0]).strip("rf'\"")[:1] in ("/", ""))


def is_body(declared: str, file: PythonFile) -> bool:
    """Whether a class that a route handler declares is filled from the request, by its bases here or by its name."""
    name = declared.rpartition(".")[2]
    classes = [one.value for one in bindings_in(file.root, file).get(name, ()) if one.kind is Kind.CLASS]
    bases = [one.child_by_field_name("superclasses") for one in classes if one is not None]
    return name.endswith(_BODIES) or any(base is not None and "BaseModel" in file.text(base) for base in bases)


def is_private(function: Node, file: PythonFile) -> bool:
    """Whether only this module is meant to call a function: nested in another, or private by its name."""
    name = function.child_by_field_name("name")
    word = file.text(name) if name is not None else ""
    return enclosing_function(function) is not None or (word.startswith("_") and not word.endswith("__"))
