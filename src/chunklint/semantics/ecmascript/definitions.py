"""The definitions at the top of a module as the rendered tree needs them: components, their aliases, boundaries."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.classes import CATCHES, CLASSES, heritage_of, makes_catching_class, members
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, is_function
from chunklint.semantics.ecmascript.loading import loader_of
from chunklint.semantics.ecmascript.made_boundaries import is_made_boundary
from chunklint.semantics.ecmascript.names import bindings, unwrap


@record
class Definition:
    """A function, class or value at the top of a module.

    Attributes:
        kind: "function", "class", "boundary" for a class that catches the errors of its subtree, "object" for a
            literal, or "value".
        exported: "default" for a default export without a name of its own, otherwise "".
        stateful: Whether it has state, effects, data or a store of its own, and renders elements.
        module: With `imported` what it only stands for: `lazy(() => import("./x"))`, `memo(X)`; "" when that is in
            this file. `imported` is "" for a definition that stands for itself.
        covered: Whether a higher-order component of that name puts an error boundary around it.
        wrappers: Module and name of the functions that it is given to, "" for this file.
        routed: Whether it calls hooks of React Router, itself and always: they throw outside of a router.
        fed: Whether it asks for data, or shows a list of them or markup: what comes in another shape than it should
            fails while rendering.
        reads: Whether rendering reads what it is fed with: what only a handler or an effect asks for, and only words or
            a frame show, fails there.
        catches: Whether it makes a class of the component that it is given, and that class catches what this shows.
        inherits: For a class, module and name of the one that it extends, where a name says which.
    """

    name: str
    kind: str
    place: Location
    exported: str = ""
    stateful: bool = False
    module: str = ""
    imported: str = ""
    covered: bool = False
    wrappers: tuple[tuple[str, str], ...] = ()
    routed: bool = False
    fed: bool = False
    reads: bool = False
    catches: bool = False
    inherits: tuple[str, str] = ("", "")


class Defined(NamedTuple):
    """A definition with its node, as long as the file is at hand."""

    fact: Definition
    node: Node


_HOOKS = (
    "(call_expression function: [(identifier) @hook (member_expression property: (property_identifier) @hook)] "
    '(#match? @hook "^use[A-Z]"))'
)
# Hooks that neither hold data nor fetch any.
_QUIET = frozenset(
    [
        "useCallback",
        "useContext",
        "useDeferredValue",
        "useDispatch",
        "useId",
        "useInsertionEffect",
        "useIntl",
        "useIsMobile",
        "useLayoutEffect",
        "useLocale",
        "useLocation",
        "useMatch",
        "useMatches",
        "useMediaQuery",
        "useMemo",
        "useNavigate",
        "useNavigation",
        "useParams",
        "usePathname",
        "useRef",
        "useRouter",
        "useRouteError",
        "useSearchParams",
        "useSelectedLayoutSegment",
        "useSelectedLayoutSegments",
        "useStyles",
        "useTheme",
        "useTranslation",
        "useTranslations",
        "useT",
        "useTransition",
        "useHistory",
        "useSegments",
        "useColorMode",
        "useClasses",
        "useErrorBoundary",
        "useQueryErrorResetBoundary",
        "useImperativeHandle",
        "useBreakpoint",
        "useStyletron",
    ]
)
ROUTER_PACKAGE = re.compile(r"react-router(?:-dom)?(?:/dom)?$")
_ROUTER_HOOKS = frozenset({"useNavigate", "useLocation", "useParams", "useSearchParams", "useHistory", "useHref"})
_BOUNDARY_NAME = re.compile(r"rror\w*Boundary$")
_MEMBER_OF_IMPORT = re.compile(r"=>[\s({]*(?:default:\s*)?\w+\.(\w+)")
_TAKEN_FROM_IMPORT = re.compile(r"\{\s*(\w+)(?:\s*:\s*\w+)?\s*\}\s*=\s*await\s*$")
_ELEMENTS = re.compile(r"</|/>|reateElement\(|cloneElement\(|createPortal\(")
_NOTHING = re.compile(r"<>\s*</>")
_ASKS = re.compile(
    r"\b(?:fetch|axios|JSON\.parse)\b|dangerouslySetInnerHTML|"
    r"\buse\w*(?:Query|Queries|SWR|Fetch|Subscription|LoaderData|Infinite\w*|SuspenseQuer\w+)\b"
)
_ASKS_BESIDE = re.compile(r"\b(?:fetch|axios)\b")
_READS_DEEP = re.compile(r"\{[^{}=>\n]*\b\w+\??\.\w+\.\w+")
_WRITTEN = re.compile(r"\b(?:const|let)\s+(\w+)\b[^=\n]*=\s*(?:[\w.]+\(\s*\(\)\s*=>\s*)?\[(?!\s*(?:\]|\.\.\.))")
_LISTS = re.compile(r"(?:\b(?P<name>[\w$]+)|(?<![\s\]]))\s*\??\.(?:map|flatMap)\(")
_COMPOSE = frozenset({"compose", "flow", "flowRight", "pipe"})
_HOPS = 6


def definitions(file: SourceFile) -> tuple[Defined, ...]:
    """The definitions at the top of the module, in source order."""
    return file.remember("definitions", lambda: tuple(_with_state(file, list(_definitions(file)))))


def _statements(file: SourceFile) -> Iterator[Node]:
    """The statements at the top of the module, and those that only a condition there keeps: `if (root) { ... }`."""
    for statement in file.root.named_children:
        yield statement
        block = statement.child_by_field_name("consequence") if statement.type == "if_statement" else None
        yield from block.named_children if block is not None else ()


def _definitions(file: SourceFile) -> Iterator[Defined]:
    for statement in _statements(file):
        declaration, default = statement, False
        if statement.type == "export_statement":
            default = any(child.type == "default" for child in statement.children)
            inner = statement.child_by_field_name("declaration") or statement.child_by_field_name("value")
            if inner is None:
                continue
            declaration = inner
        match declaration.type:
            case "lexical_declaration" | "variable_declaration":
                for declarator in declaration.named_children:
                    name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
                    if name is not None and value is not None and name.type == "identifier":
                        yield _definition(file, file.text(name), name, value)
            case (
                "function_declaration"
                | "generator_function_declaration"
                | "class_declaration"
                | ("abstract_class_declaration")
            ):
                name = declaration.child_by_field_name("name")
                if name is not None:
                    yield _definition(file, file.text(name), name, declaration)
            case _ if default:
                found = _definition(file, "default", declaration, declaration)
                yield Defined(replace(found.fact, exported="default"), found.node)


def _definition(file: SourceFile, name: str, head: Node, value: Node) -> Defined:
    node = unwrap(value)
    place = file.location(file.span(head.children[0] if head.child_count and head is value else head))
    if node.type in CLASSES:
        return Defined(_of_class(file, node, Definition(name, "class", place)), value)
    kind = "boundary" if is_made_boundary(file, node) else "function"
    if kind == "boundary" or is_function(node):
        return Defined(Definition(name, kind, place, catches=makes_catching_class(file, node)), value)
    fact = Definition(name, "object" if node.type == "object" else "value", place)
    for _ in range(_HOPS):
        if node.type == "identifier":
            found = bindings(file, file.root).get(file.text(node))
            origin = (found.module, found.imported) if found is not None and found.kind == "import" else ("", "")
            local = file.text(node)
            fact = replace(fact, module=origin[0], imported=origin[1] or (local if local != name else ""))
            break
        if is_function(node) or node.type in CLASSES:
            fact = replace(fact, kind="function")
            break
        callee = node.child_by_field_name("function") if node.type == "call_expression" else None
        if callee is None:
            break
        styled = _styled(file, callee)
        if styled is not None:
            node = unwrap(styled)
            continue
        callees = _composed(file, callee)
        covered = fact.covered or any("rrorBoundary" in file.text(one)[-60:] for one in callees)
        wrappers = tuple(filter(None, (_wrapper(file, one) for one in callees)))
        fact = replace(fact, covered=covered, wrappers=(*fact.wrappers, *wrappers))
        lazy = _lazy(file, node)
        if lazy is not None:
            fact = replace(fact, module=lazy[0], imported=lazy[1])
            break
        given = arguments_of(node)
        if not given:
            break
        node = _resolved(file, given[0]) or unwrap(given[0])
    return Defined(fact, value)


def _of_class(file: SourceFile, node: Node, fact: Definition) -> Definition:
    """What a class is, and what its decorators and a call after `extends` make of it."""
    base = heritage_of(node)
    called = base.child_by_field_name("function") if base is not None and base.type == "call_expression" else None
    given = [called] if called is not None else []
    # `@caught export class Coop` has its decorator at the export.
    around = [node.parent] if node.parent is not None and node.parent.type == "export_statement" else []
    for holder in (node, *around):
        for decorator in holder.children_by_field_name("decorator"):
            given += [one.child_by_field_name("function") or one for one in decorator.named_children[:1]]
    wrappers = tuple(filter(None, (_wrapper(file, callee) for callee in given)))
    covered = any("rrorBoundary" in file.text(callee)[-60:] for callee in given)
    named = base if base is not None and base.type == "identifier" else None
    found = bindings(file, file.root).get(file.text(named)) if named is not None else None
    inherits = (found.module, found.imported) if found is not None and found.kind == "import" else ("", "")
    if named is not None and not inherits[1]:
        inherits = ("", file.text(named))
    kind = "boundary" if is_boundary(file, node) else "class"
    return replace(fact, kind=kind, wrappers=wrappers, covered=covered, inherits=inherits)


def _resolved(file: SourceFile, given: Node) -> Node | None:
    """What is at hand already, and only loaded as if it were not: `X` in `() => Promise.resolve(X)`."""
    call = unwrap(given.child_by_field_name("body") or given) if given.type == "arrow_function" else None
    callee = call.child_by_field_name("function") if call is not None and call.type == "call_expression" else None
    if call is None or callee is None or file.text(callee) != "Promise.resolve":
        return None
    shown = next(iter(arguments_of(call)), None)
    return shown if shown is not None and shown.type == "identifier" else None


def _styled(file: SourceFile, callee: Node) -> Node | None:
    """The component that gets a style, in what is called by the text of ``styled(Page).attrs({})`...` ``."""
    for _ in range(_HOPS):
        inner = callee.child_by_field_name("function") if callee.type == "call_expression" else callee
        if inner is None or inner.type == "identifier":
            named = inner is not None and inner is not callee and file.text(inner) == "styled"
            return next(iter(arguments_of(callee)), None) if named else None
        callee = inner.child_by_field_name("object") or inner
    return None


def _composed(file: SourceFile, callee: Node) -> list[Node]:
    """The wrappers that `compose(withRouter, withNet)` makes one of; any other is alone."""
    if callee.type != "call_expression" or called_name(file, callee) not in _COMPOSE:
        return [callee]
    return [one.child_by_field_name("function") or one for one in arguments_of(callee)]


def _wrapper(file: SourceFile, callee: Node) -> tuple[str, str] | None:
    """Module and name of what is called in `withFrame(Page)` or `withFrame(settings)(Page)`."""
    curried = callee.child_by_field_name("function") if callee.type == "call_expression" else None
    name = curried or callee
    found = bindings(file, file.root).get(file.text(name)) if name.type == "identifier" else None
    if found is None:
        return None
    return (found.module, found.imported) if found.kind == "import" else ("", file.text(name))


def _lazy(file: SourceFile, call: Node) -> tuple[str, str] | None:
    """Module and name of `lazy(() => import("./x").then((m) => ({ default: m.Chart })))`, also of a loader by name."""
    text = file.text(loader_of(file, call) or call)[:400]
    found = re.search(r"\bimport\(\s*(?:/\*.*?\*/\s*)?[\"'`]([^\"'`$]+)[\"'`]", text)
    if found is None:
        return None
    member = _MEMBER_OF_IMPORT.search(text, found.end()) or _TAKEN_FROM_IMPORT.search(text, 0, found.start())
    return found[1], member[1] if member is not None else "default"


def is_boundary(file: SourceFile, node: Node) -> bool:
    """Whether a class catches the errors of what it renders, by a method of its own or of the boundary it extends."""
    base = heritage_of(node)
    if base is not None and _BOUNDARY_NAME.search(file.text(base)):
        return True
    return any(name in CATCHES for name, _ in members(file, node))


def own_method(file: SourceFile, node: Node, name: str) -> Node | None:
    """The method of that name of the class around a node: what `this.name` is there."""
    body = next((around for around in ancestors(node) if around.type == "class_body"), None)
    found = members(file, body.parent) if body is not None and body.parent is not None else ()
    return next((member for own, member in found if own == name and member.type == "method_definition"), None)


def _origin(file: SourceFile, hook: Node) -> tuple[str, str]:
    """The module that a hook comes from, and what it is called there."""
    found = bindings(file, file.root).get(file.text(hook)) if hook.type == "identifier" else None
    return (found.module, found.imported) if found is not None and found.kind == "import" else ("", "")


def _with_state(file: SourceFile, found: list[Defined]) -> Iterator[Defined]:
    starts = [one.node.start_byte for one in found]
    stateful: set[int] = set()
    routed: set[int] = set()
    catching: set[int] = set()
    for _, captures in ECMASCRIPT.matches(file, (_HOOKS,)):
        hook = captures["hook"][0]
        at = bisect_right(starts, hook.start_byte) - 1
        if at < 0:
            continue
        module, name = _origin(file, hook)
        if name == "useErrorBoundary" and module.startswith("preact/"):
            catching.add(at)
        if not {file.text(hook), name} & _QUIET:
            stateful.add(at)
        if name in _ROUTER_HOOKS and ROUTER_PACKAGE.match(module) and _calls_itself(found[at].node, hook):
            routed.add(at)
    for at, one in enumerate(found):
        holds = at in stateful or (one.fact.kind == "class" and "setState" in file.text(one.node))
        # A component that renders nothing, but listens or leads elsewhere, has nothing to lose but itself.
        named = one.fact.name[:1].isupper() or one.fact.exported == "default"
        text = file.text(one.node) if holds or (named and one.fact.kind in ("function", "class")) else ""
        shows = _ELEMENTS.search(_NOTHING.sub("", text)) is not None
        fed = shows and _is_fed(file, text)
        reads = fed and _reads(file, text)
        kind = "boundary" if at in catching and one.fact.kind == "function" else one.fact.kind
        yield Defined(
            replace(one.fact, stateful=shows and holds, routed=at in routed, fed=fed, reads=reads, kind=kind), one.node
        )


def _calls_itself(node: Node, hook: Node) -> bool:
    """Whether the function that a definition is calls a hook, and not one within it."""
    return sum(is_function(one) and one.start_byte >= node.start_byte for one in ancestors(hook)) == 1


def _is_fed(file: SourceFile, text: str) -> bool:
    """Whether a component asks for data or shows a list, other than one that stands in its own file."""
    return _ASKS.search(text) is not None or _shows_list(file, text)


def _reads(file: SourceFile, text: str) -> bool:
    """Whether a component shows more of its data than words: a list, markup, a query, a field of a field."""
    asked = _ASKS.search(_ASKS_BESIDE.sub("", text)) is not None
    return asked or _READS_DEEP.search(text) is not None or _shows_list(file, text)


def _shows_list(file: SourceFile, text: str) -> bool:
    lists = {found["name"] or "" for found in _LISTS.finditer(text)}
    if not lists:
        return False
    written = file.remember("lists written out", lambda: frozenset(_WRITTEN.findall(file.content)))
    return any(not name.isupper() and name not in written for name in lists)
