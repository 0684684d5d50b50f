"""Which routers and services the tests of a project reach: through imports, patches by name, and request paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.python.modules import Import, Modules, imports
from chunklint.semantics.python.names import arguments
from chunklint.semantics.python.roles import is_script, is_test
from chunklint.semantics.testing.evidence import called

_ROUTERS = ("Router", "Blueprint")
_OTHERWISE = frozenset({"sdk", "sdks", "clients", "client", "generated", "routes", "controllers", "migrations"})
# What declares a path; Cornice, for one, calls what answers it a `Service`.
_VERBS = frozenset(
    {"get", "post", "put", "patch", "delete", "route", "websocket", "api_route", "head", "options", "Service"}
)
_PREFIXES = ("prefix", "url_prefix", "path")
# What lies beside services in their folder, and is none.
_BESIDE = frozenset({"base", "constants", "exceptions", "factories", "helpers", "interfaces", "types", "utils"})
# Several of something's services (`win_services`) are what a module is about, not a layer.
_SERVICE = re.compile(r"(?:^|_)service$|^services$")
_HEALTH = re.compile(r"health|monitor|status|metrics|root|internal|debug|static|docs|version|ping")
_FEW = 5
# Names of modules that say nothing without their folder's.
_GENERIC = frozenset(
    {"service", "services", "views", "view", "router", "routers", "routes", "api", "endpoints", "urls", "rest"}
    | {"__init__", "plugin", "handlers", "core", "base", "main"}
)
_SEGMENT = re.compile(r"[A-Za-z][\w.-]+")
# A test that prepares a patch or names a module to load writes it dotted.
_DOTTED = re.compile(r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")
_VERSION = re.compile(r"^v\d+$|^api$")


@record
class Module:
    """What a module of the product offers to be tested, and what it imports.

    Attributes:
        place: Where the router or the first class or function of the service is; None for other modules.
        kind: "router", "service" or "".
        name: The user's name for it.
        segments: The words of the paths that it answers.
        blueprint: The name under which Flask knows its routes, "" for none.
        imported: What it imports at run time.
        mounts: Whether it puts routers into an application, so that importing it reaches all of them and says nothing.
    """

    place: Location | None
    kind: str
    name: str
    segments: tuple[str, ...]
    blueprint: str
    imported: tuple[Import, ...]
    mounts: bool


@record
class Probe:
    """What a test or its support reaches for: imports, dotted names in strings, and words of request paths."""

    imported: tuple[Import, ...]
    dotted: tuple[str, ...]
    segments: tuple[str, ...]
    tests: bool


def reach_of(file: PythonFile) -> Iterator[Module | Probe]:
    """What one file tells of what is tested, or of what tests it."""
    if is_test(file.path):
        yield _probe(file)
    else:
        yield _module(file)


def _probe(file: PythonFile) -> Probe:
    dotted: set[str] = set()
    segments: set[str] = set()
    for string in descendants(file.root, "string_content"):
        text = file.text(string)
        if "/" in text and len(text) < 300:
            segments.update(_SEGMENT.findall(text.partition("?")[0]))
        elif "." in text and _DOTTED.match(text):
            dotted.add(text)
    tests = any(file.text(one).startswith("test") for one in _function_names(file.root))
    return Probe(imports(file), tuple(sorted(dotted)), tuple(sorted(segments)), tests)


def _function_names(root: Node) -> Iterator[Node]:
    for node in descendants(root, "function_definition"):
        name = node.child_by_field_name("name")
        if name is not None:
            yield name


def _module(file: PythonFile) -> Module:
    place, kind, name = None, "", ""
    segments: tuple[str, ...] = ()
    mounts = "include_router" in file.content or "register_blueprint" in file.content or "FastAPI(" in file.content
    router = _router(file)
    if router is not None:
        kind, name, segments = "router", _title(file.path), _route_words(file)
        place = None if mounts else file.location(router)
    elif mounts or not _OTHERWISE.isdisjoint(PurePosixPath(file.path).parts[:-1]) or is_script(file):
        # Applications, generated clients and programs started by hand are no services.
        pass
    elif (service := _service(file)) is not None:
        kind, name, place, segments = "service", _title(file.path), file.location(service), _route_words(file)
    runs = tuple(one for one in imports(file) if not one.typing_only)
    return Module(place, kind, name, segments, _blueprint(file) if kind == "router" else "", runs, mounts)


def _title(path: str) -> str:
    """How people call a module: by its own name, or by its folder's too when many have that name."""
    place = PurePosixPath(path)
    return f"{place.parent.name}.{place.stem}" if place.stem in _GENERIC and place.parent.name else place.stem


def _router(file: PythonFile) -> Node | None:
    """The variable that a module's router is bound to, if the module adds at least one route to it."""
    for node in file.root.named_children:
        assignment = node.named_children[0] if node.type == "expression_statement" and node.named_children else None
        if assignment is None or assignment.type != "assignment":
            continue
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is None or right is None or right.type != "call" or not called(right, file).endswith(_ROUTERS):
            continue
        routes = re.compile(rf"@{re.escape(file.text(left))}\.(?:{'|'.join(_VERBS)})\b")
        if any(routes.match(file.text(one)) for one in descendants(file.root, "decorator")):
            return left
    return None


def _route_words(file: PythonFile) -> tuple[str, ...]:
    """The fixed words of the paths that a module's routes and its router's prefix declare."""
    words: set[str] = set()
    for call in descendants(file.root, "call"):
        name = called(call, file)
        if name not in _VERBS and not name.endswith(_ROUTERS):
            continue
        given = arguments(call, file)
        for value in (*given.positional[:1], *(given.keywords.get(keyword) for keyword in _PREFIXES)):
            if value is not None:
                words.update(_words_of_path(value, file))
    return tuple(sorted(word for word in words if not _VERSION.match(word)))


def _words_of_path(value: Node, file: PythonFile) -> Iterator[str]:
    """The fixed words of a path, which may be handed through a call: `scoped("/orders/<id>")`."""
    strings = (value,) if value.type == "string" else tuple(descendants(value, "string"))
    for text in (file.text(string).strip("rfbRFB\"'") for string in strings):
        if text.startswith("/"):
            yield from _SEGMENT.findall(re.sub(r"[{<][^}>]*[}>]", "", text))


def _blueprint(file: PythonFile) -> str:
    """The name of a Flask blueprint, by which `url_for("orders.latest")` and test clients ask for its routes."""
    for call in descendants(file.root, "call"):
        first = arguments(call, file).get("name", 0) if called(call, file) == "Blueprint" else None
        if first is not None and first.type == "string":
            return file.text(first).strip("\"'")
    return ""


def _service(file: PythonFile) -> Node | None:
    """The first public class or function of a module that is a service by its name or its folder."""
    path = PurePosixPath(file.path)
    if (
        path.stem.startswith("_")
        or path.stem in _BESIDE
        or not (_SERVICE.search(path.stem) or "services" in path.parts[:-1])
    ):
        return None
    classes = [node for node in _public(file) if node.type == "class_definition"]
    best = next((node for node in classes if "Service" in _name(node, file)), None)
    found = best or next((node for node in _public(file) if _has_logic(node)), None)
    if found is not None and found.type == "class_definition" and _is_abstract(found, file):
        return None
    return found.child_by_field_name("name") if found is not None else None


def _is_abstract(owner: Node, file: PythonFile) -> bool:
    """Whether a class only says what others do: they are what a test reaches."""
    bases = owner.child_by_field_name("superclasses")
    return bases is not None and re.search(r"\b(?:ABC|ABCMeta|Protocol)\b", file.text(bases)) is not None


def _public(file: PythonFile) -> Iterator[Node]:
    for node in file.root.named_children:
        inner = node.child_by_field_name("definition") if node.type == "decorated_definition" else node
        if inner is None or inner.type not in ("class_definition", "function_definition"):
            continue
        if not _name(inner, file).startswith("_"):
            yield inner


def _name(definition: Node, file: PythonFile) -> str:
    name = definition.child_by_field_name("name")
    return file.text(name) if name is not None else ""


def _has_logic(definition: Node) -> bool:
    """Whether a definition decides anything, so that a test of it could tell something."""
    return next(descendants(definition, "if_statement", "for_statement", "try_statement"), None) is not None


def untested(facts: Mapping[str, Sequence[Module | Probe]]) -> Iterator[tuple[Location, Module]]:
    """The routers and services that no test reaches; none when the project has no tests."""
    modules = {path: one for path, found in facts.items() for one in found if isinstance(one, Module)}
    probes = {path: one for path, found in facts.items() for one in found if isinstance(one, Probe)}
    if not any(one.tests for one in probes.values()):
        return
    graph = Modules(facts)
    words = frozenset(word for one in probes.values() for word in one.segments)
    reached = set(_named(probes, graph, modules))
    tests = {PurePosixPath(path).stem for path in probes}
    reached |= {path for path, one in modules.items() if not tests.isdisjoint(_tests_of(one))}
    endpoints = frozenset(dotted.partition(".")[0] for one in probes.values() for dotted in one.dotted)
    reached |= {path for path, one in modules.items() if _is_requested(path, one, words) or one.blueprint in endpoints}
    pending = list(reached)
    while pending:
        path = pending.pop()
        one = modules[path]
        if one.mounts and one.kind != "router":
            continue
        for imported in one.imported:
            target = graph.resolve(path, imported)
            if target is None or target not in modules or target in reached:
                continue
            # What mounts a router reaches it without asking it anything.
            if not (one.mounts and modules[target].kind == "router"):
                reached.add(target)
                pending.append(target)
    for kind in ("router", "service"):
        every = [path for path, one in modules.items() if one.kind == kind and one.place is not None]
        missed = [path for path in every if path not in reached]
        # Where most are missed, the tests reach the product in a way that this does not see.
        if len(missed) > _FEW and 2 * len(missed) > len(every):
            continue
        for path in missed:
            place = modules[path].place
            if place is not None and not (kind == "router" and _HEALTH.search(modules[path].name)):
                yield place, modules[path]


def _tests_of(module: Module) -> tuple[str, ...]:
    """How the file with the tests of a module may be called; it may load what it tests by a computed name."""
    name = module.name.replace(".", "_").lower()
    return (f"test_{name}", f"{name}_test", f"test_{module.name.partition('.')[0]}")


def _is_requested(path: str, router: Module, words: frozenset[str]) -> bool:
    """Whether a test writes a word of the router's paths, or, since prefixes are given elsewhere, of its own name."""
    if router.kind != "router" and not router.segments:
        return False
    stems = {PurePosixPath(path).stem, PurePosixPath(path).parent.name}
    names = {stem.replace("_", mark) for stem in stems for mark in ("_", "-")}
    names |= {f"{name}s" for name in names} | {name.removesuffix("s") for name in names}
    return not words.isdisjoint((*router.segments, *names))


def _named(probes: Mapping[str, Probe], graph: Modules, modules: Mapping[str, Module]) -> Iterator[str]:
    for path, probe in probes.items():
        targets = {graph.resolve(path, imported) for imported in probe.imported}
        for dotted in probe.dotted:
            targets |= {found for prefix in _prefixes(dotted) if (found := graph.module(path, prefix)) is not None}
        yield from (target for target in targets if target is not None and target in modules)


def _prefixes(dotted: str) -> Iterator[str]:
    parts = dotted.split(".")
    return (".".join(parts[:count]) for count in range(2, len(parts) + 1))
