"""Which layer a module is of, and what of the web layer a lower one reaches for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.python.modules import Import, Modules, imports
from chunklint.semantics.python.names import calls_of, enclosing_function, qualified_name
from chunklint.semantics.python.parameters import parameters_of
from chunklint.semantics.python.roles import is_script, is_test
from chunklint.semantics.web.routes import has_routes, injects, is_dependency
from chunklint.semantics.web.vocabulary import ROUTE_WORDS, Layers

_HTTP_ERRORS = re.compile(r"^(?:fastapi|starlette|werkzeug|flask|ninja|quart)\b.*\.(?:HTTPException|HttpError|abort)$")
# Modules whose business HTTP is, wherever they lie.
_WEB_MODULE = re.compile(
    r"(?:^|_)(?:routers?|routes?|endpoints?|views?|auth(?!\w*service)\w*|deps?|dependenc(?:y|ies)|middlewares?|"
    r"exceptions?|errors?|main|app|permissions?)(?:_|\.py$)"
)


@record
class Raise:
    """A function that raises an HTTP error, and the functions of its module by which others come to it."""

    function: str
    error: str
    place: Location
    entries: frozenset[str]


@record
class Trait:
    """What a file contributes to the join: that it defines routes, what it imports, and where it raises HTTP errors."""

    routes: bool
    imports: tuple[tuple[Import, Location], ...] = ()  # of modules that may be of routes
    raises: tuple[Raise, ...] = ()
    depended: tuple[str, ...] = ()


@record
class Breach:
    """One violation: `raised` and `function` for an HTTP error, else the `module` imported and its path."""

    place: Location
    raised: str = ""
    function: str = ""
    module: str = ""
    target: str = ""


def trait(file: PythonFile) -> Trait | None:
    """A file's part in the layers; None for tests and scripts."""
    if is_test(file.path) or is_script(file):
        return None
    routes = has_routes(file)
    depended = tuple(sorted(set(re.findall(r"\b(?:Depends|Security)\(\s*(?:\w+\.)*([A-Za-z_]\w*)", file.content))))
    if routes:
        return Trait(True, depended=depended)
    raises = tuple(_raises(file))
    return Trait(False, tuple(_placed_imports(file)), raises, depended)


def _placed_imports(file: PythonFile) -> Iterator[tuple[Import, Location]]:
    statements = {
        node.start_point[0] + 1: node for node in descendants(file.root, "import_statement", "import_from_statement")
    }
    # A package that shows what its modules define imports them as a matter of course.
    for one in imports(file) if not file.path.endswith("__init__.py") else ():
        dotted = f".{one.module}.{one.name}"
        if not one.typing_only and one.line in statements and any(word in dotted for word in ROUTE_WORDS):
            yield one, file.location(statements[one.line])


def _raises(file: PythonFile) -> Iterator[Raise]:
    """Each function that raises an HTTP error itself, at the first place, what only dependencies call left out."""
    told: set[int] = set()
    for raised in (*descendants(file.root, "raise_statement"), *_aborts(file)):
        error = _http_error(raised, file)
        function = enclosing_function(raised)
        if error is None or function is None or function.id in told or function.type == "lambda":
            continue
        told.add(function.id)
        name = function.child_by_field_name("name")
        entries = _entries(function, file)
        if name is not None and entries and not _is_for_the_web(function, file):
            yield Raise(file.text(name), error, file.location(raised), entries)


def _aborts(file: PythonFile) -> Iterator[Node]:
    return (one for one in descendants(file.root, "call") if file.text(one).startswith(("abort(", "flask.abort(")))


def _http_error(node: Node, file: PythonFile) -> str | None:
    """The HTTP error that a statement raises, as the code spells it."""
    value = node.named_children[0] if node.type == "raise_statement" and node.named_children else node
    callee = value.child_by_field_name("function") if value.type == "call" else value
    if callee is None or not _HTTP_ERRORS.match(qualified_name(callee, file) or ""):
        return None
    return file.text(callee)


def _is_for_the_web(function: Node, file: PythonFile) -> bool:
    """Whether a function is a dependency, a handler of errors, or is given the request itself."""
    if is_dependency(function, file):
        return True
    declared = [file.text(one.annotation) for one in parameters_of(function, file) if one.annotation is not None]
    if any(re.search(r"\b(?:Request|WebSocket|Response|HTTPConnection|UploadFile)\b", text) for text in declared):
        return True
    owner = next((one for one in ancestors(function) if one.type == "class_definition"), None)
    return owner is not None and _is_injected_class(owner, file)


def _entries(function: Node, file: PythonFile) -> frozenset[str]:
    """The names of the outermost functions of the module that lead to a function, itself if nothing here calls it.

    What this module shows to be a dependency is no entry: nothing else can be reached through it.
    """
    found: set[str] = set()
    pending, seen = [function], {function.id}
    while pending:
        current = pending.pop()
        callers = [enclosing_function(call) for call in calls_of(current, file)]
        name = current.child_by_field_name("name")
        if (not callers or None in callers) and name is not None:
            found.add(file.text(name))
        for caller in callers:
            if caller is not None and caller.id not in seen and not is_dependency(caller, file):
                seen.add(caller.id)
                pending.append(caller)
    return frozenset(found)


def _is_injected_class(owner: Node, file: PythonFile) -> bool:
    """Whether FastAPI builds the class: its `__init__` has injected parameters."""
    for method in descendants(owner, "function_definition"):
        name = method.child_by_field_name("name")
        if name is not None and file.text(name) == "__init__":
            return any(injects(one.value, file) or injects(one.annotation, file) for one in parameters_of(method, file))
    return False


def breaches(traits: Mapping[str, Sequence[Trait]], layers: Layers, *, whole: bool) -> Iterator[Breach]:
    """The violations of all lower modules, in the order of their paths.

    Whether a function is a dependency can stand in any file, so errors it raises count only when `whole` is given.
    """
    from pathspec import GitIgnoreSpec

    lower, web = GitIgnoreSpec.from_lines(layers.lower), GitIgnoreSpec.from_lines(layers.web)
    modules = Modules(traits)
    routed = frozenset(
        path for path, found in traits.items() if web.match_file(path) or any(one.routes for one in found)
    )
    depended = {name for found in traits.values() for one in found for name in one.depended}
    for path, found in traits.items():
        if path in routed or not lower.match_file(path):
            continue
        for one in found:
            for imported, place in one.imports:
                target = modules.resolve(path, imported)
                if target is not None and target != path and target in routed:
                    yield Breach(place, module=_spelled(imported), target=target)
            if whole and not _WEB_MODULE.search(path.rpartition("/")[2]):
                raises = (raised for raised in one.raises if not raised.entries <= depended)
                yield from (Breach(raised.place, raised=raised.error, function=raised.function) for raised in raises)


def _spelled(imported: Import) -> str:
    dots = "." * imported.level
    return f"{dots}{imported.module}" if imported.module else f"{dots}{imported.name}"
