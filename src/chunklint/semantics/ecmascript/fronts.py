"""Reads what a file contributes to the rendered tree: its components, the elements they render, its exports, routes.

One combined query and one sweep over its matches in source order: walking every node of a front end in Python would
cost more than all its other checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.model import Location, Span
from chunklint.semantics.ecmascript.builds import development_arms
from chunklint.semantics.ecmascript.definitions import Definition, definitions
from chunklint.semantics.ecmascript.entries import (
    comes_and_goes,
    is_called_at_once,
    is_in_effect,
    renders_into_page,
    runs_with_module,
)
from chunklint.semantics.ecmascript.functions import is_function
from chunklint.semantics.ecmascript.given_away import NESTED, in_braces, is_given, lists_boundary, taker_of
from chunklint.semantics.ecmascript.list_entries import (
    is_entry_of_loop,
    list_of,
    table_components,
    table_of,
    unshown_lists,
)
from chunklint.semantics.ecmascript.loading import lazy_module, loaded, maker_of, wrapped_in
from chunklint.semantics.ecmascript.made_boundaries import keeps_boundary
from chunklint.semantics.ecmascript.mounts import (
    ENTRY,
    LAZY,
    MADE,
    ROUTE,
    ROUTES,
    SLOT,
    SPREAD,
    UNKNOWN,
    Front,
    Mount,
    offered_by,
)
from chunklint.semantics.ecmascript.names import bindings
from chunklint.semantics.ecmascript.remotes import exposed_by
from chunklint.semantics.ecmascript.route_keys import keys_given

_ELEMENT, _PROP, _CONDITION, _CHILDREN, _CALL, _PAIR, _OBJECT, _BRANCH, _SPREAD, _KEPT, _SHOWN, _ENTRY = range(12)
# One shape a pattern: an alternation within another one loses matches.
_NAMES = (
    "(identifier) @name",
    "(call_expression function: (identifier) @name)",
    "(call_expression function: (member_expression object: (this) property: (property_identifier) @name))",
)
_SHAPES = (
    "@",
    "(binary_expression right: @)",
    "(ternary_expression consequence: @)",
    "(ternary_expression alternative: @)",
)
_QUERIES = (
    "[(jsx_element) (jsx_self_closing_element)] @node",
    "(jsx_attribute . (property_identifier) @name) @node",
    '[(ternary_expression) (binary_expression operator: "&&")] @node',
    '(jsx_expression [(identifier) @name (member_expression property: (_) @name)] (#eq? @name "children")) @node',
    "(call_expression function: [(identifier) @name (member_expression property: (property_identifier) @name)] "
    '(#any-of? @name "render" "hydrate" "hydrateRoot" "createElement" "useRoutes")) @node',
    '(pair key: (property_identifier) @name (#any-of? @name "element" "Component" "component" "children" "lazy" '
    '"errorElement" "ErrorBoundary" "errorComponent")) @node',
    '(object (pair key: (property_identifier) @name (#any-of? @name "element" "Component" "component" "lazy" '
    '"errorElement" "ErrorBoundary" "errorComponent"))) @node',
    "[(if_statement) (switch_statement)] @node",
    "[(array (spread_element (identifier) @name) @node) (array (identifier) @name @node) "
    '(arguments (object (pair key: (property_identifier) @_key (#any-of? @_key "path" "index"))) '
    "(identifier) @name @node)]",
    "[(variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (jsx_element) "
    "(jsx_self_closing_element) (parenthesized_expression) (ternary_expression) (binary_expression) "
    "(call_expression)]) "
    "(function_declaration name: (identifier) @name) (assignment_expression left: (identifier) @name) "
    "(method_definition name: (property_identifier) @name)] @node",
    "[" + " ".join(f"(jsx_expression {shape.replace('@', name)})" for shape in _SHAPES for name in _NAMES) + "] @node",
    '(jsx_expression [(member_expression property: (_) @name) (identifier) @name] (#eq? @name "element")) @node',
)
_HANDLER = re.compile(r"on[A-Z]")
_ROUTERS = re.compile(r"""react-router|@tanstack/\S*router|\bRouteObject\b|\bpath: ?["'`]|\.\.\.\w*[rR]outes\b""")
_COMPONENT_KEYS = dict.fromkeys(("Component", "component", "comp", "element", "lazy"), "element")
_GIVEN = frozenset({"component", "Component", "comp", "FallbackComponent"})
# What only the routes of a data router have, of `createBrowserRouter` and its like.
_DATA_KEYS = frozenset({"errorElement", "ErrorBoundary", "hasErrorBoundary"})
_CHAINS = ("identifier", "member_expression")
_ROUTE_KEYS = frozenset({"path", "index", "errorElement", "ErrorBoundary", "errorComponent", "children", "loader"})
_COMPONENT = re.compile(r"[A-Z]|use[A-Z]")

_PAGE = re.compile(r"\bdocument\.(?:getElementById|querySelector|body)\b")


def front(file: SourceFile) -> Front:
    """What the file contributes; empty parts for a file that renders nothing."""
    found = definitions(file)
    sweep = _Sweep(file, tuple(one.node for one in found), tuple(one.fact for one in found))
    mounts = tuple(sweep.mounts())
    unshown = unshown_lists(file, {one.owner for one in mounts if one.tag == ROUTE and one.parent < 0})
    unshown += tuple(sorted(sweep.looped - set(unshown)))
    return Front(tuple(one.fact for one in found), mounts, offered_by(file), sweep.starts, unshown, exposed_by(file))


@dataclass(slots=True)
class _Open:
    """A construct that the sweep is inside of.

    `mount` is the index of a component's mount, -1 for a host element; `other` is where a ternary's other side starts.
    """

    end: int
    kind: int
    start: int
    name: str = ""
    mount: int = -1
    other: int = 0


class _Sweep:
    """One pass over the constructs of a file in source order, with the ones that are still open on a stack."""

    def __init__(self, file: SourceFile, nodes: tuple[Node, ...], facts: tuple[Definition, ...]) -> None:
        self.file = file
        self.owners = [(node.start_byte, node.end_byte, fact.name) for node, fact in zip(nodes, facts, strict=True)]
        self.local = {fact.name for fact in facts}
        self.lazy = {fact.name for fact in facts if fact.module and fact.imported}
        self.open: list[_Open] = []
        self.found: list[Mount] = []
        self.kept: list[tuple[str, ...]] = []
        self.shown: dict[tuple[str, str], tuple[int, str]] = {}
        self.starts = False
        self.looped: set[str] = set()

    def mounts(self) -> Iterator[Mount]:
        routed = _ROUTERS.search(self.file.content) is not None
        renders = renders_into_page(self.file)
        events: dict[tuple[int, int, int, int], tuple[int, Node, Node | None]] = {}
        arms = development_arms(self.file)
        for kind, captures in ECMASCRIPT.matches(self.file, _QUERIES):
            node, name = captures["node"][0], captures.get("name", [None])[0]
            if any(start <= node.start_byte and node.end_byte <= end for start, end in arms):
                continue
            if kind in (_PAIR, _OBJECT, _SPREAD, _ENTRY) and not routed:
                continue
            # `{open ? bench : beds}` shows one or the other.
            at = name.start_byte if kind == _SHOWN and name is not None else 0
            events.setdefault((node.start_byte, -node.end_byte, -kind, at), (kind, node, name))
        for key in sorted(events):
            kind, node, name = events[key]
            while self.open and self.open[-1].end <= node.start_byte:
                self.open.pop()
            self._enter(kind, node, self.file.text(name) if name is not None else "", renders)
        for index in range(len(self.found)):  # one after the other, since each has to see where the former ones went
            self.found[index] = self._where_shown(index)
        return (self._of_entry(index) for index in range(len(self.found)))

    def _where_shown(self, index: int) -> Mount:
        """An element that a variable keeps, or a function of the component makes, is mounted where its name stands."""
        mount = self.found[index]
        if mount.parent >= 0:
            return mount
        places = (self.shown.get((mount.owner, name)) for name in self.kept[index])
        parent, prop = next((place for place in places if place is not None), (-1, mount.prop))
        above = parent
        while above >= 0 and above != index:
            above = self.found[above].parent
        return mount if above == index else replace(mount, parent=parent, prop=prop)

    def _of_entry(self, index: int) -> Mount:
        """What a function makes and then renders into the page, such as a router, is part of what an entry renders."""
        mount = top = self.found[index]
        while top.parent >= 0:
            top = self.found[top.parent]
        return replace(mount, owner=ENTRY) if top.owner == ENTRY else mount

    def _enter(self, kind: int, node: Node, name: str, renders: bool) -> None:
        entered = _Open(node.end_byte, kind, node.start_byte, name)
        match kind:
            case k if k == _ELEMENT:
                entered.mount = self._element(node)
            case k if k == _CONDITION:
                other = node.child_by_field_name("alternative")
                entered.other = other.start_byte if other is not None else 0
            case k if k == _CHILDREN:
                self._add(SLOT, UNKNOWN, SLOT, (), node, node)
                return
            case k if k == _OBJECT:
                entered.kind = _ELEMENT
                entered.mount = self._route(node)
            case k if k == _PAIR:
                entered.kind, entered.name = _PROP, _COMPONENT_KEYS.get(name, name)
                self.open.append(entered)
                self._named_component(node.child_by_field_name("value"), name)
                self._lazy_route(node.child_by_field_name("value"), name)
                return
            case k if k == _PROP and name in _GIVEN:
                entered.name = _COMPONENT_KEYS.get(name, name)
                self.open.append(entered)
                self._named_component(in_braces(node), name)
                return
            case k if k == _PROP and name == "router":
                self.open.append(entered)
                self._made_routes(in_braces(node))
                return
            case k if k == _SHOWN:
                self._shown(node, name)
                return
            case k if k in (_SPREAD, _ENTRY):
                self._routes(node, name if k == _SPREAD else list_of(self.file, node.named_children[0]))
                return
            case k if k == _CALL:
                self._call(node, name, renders)
                return
        self.open.append(entered)

    def _shown(self, braces: Node, name: str) -> None:
        """`{beds}`: an element that this component keeps in a variable, or one that another file exports."""
        at, prop = self._around()
        if at >= 0 and not _HANDLER.match(prop):
            self.shown.setdefault((self._owner(braces.start_byte), name), (at, prop))
        module, imported = self._origin(name)
        is_child = braces.parent is not None and braces.parent.type == "jsx_element"
        if is_child and self._owner(braces.start_byte)[:1].islower() and is_given(self.file, braces.named_children[0]):
            self._add(SLOT, UNKNOWN, SLOT, (), braces, braces)
            return
        if module not in ("", UNKNOWN) and is_child and braces.named_children[0].type == "identifier":
            self._add(f"{{{name}}}", module, imported, (), braces, braces)

    def _element(self, node: Node) -> int:
        opening = node if node.type == "jsx_self_closing_element" else node.named_children[0]
        name = opening.child_by_field_name("name")
        tag = self.file.text(name) if name is not None else ""
        if name is None or not _names_component(tag):
            return -1
        given = [(part.type, part.named_children[0]) for part in opening.named_children if part.named_children]
        props = tuple(
            SPREAD if inner.type == "spread_element" else self.file.text(inner)
            for kind, inner in given
            if kind == "jsx_attribute" or inner.type == "spread_element"
        )
        if any(part.type == "jsx_attribute" and lists_boundary(self.file, part) for part in opening.named_children):
            props = (*props, NESTED)
        if tag.endswith("Route") and self._is_in_routes():
            props = tuple(prop for prop in props if prop not in _DATA_KEYS)
        module, imported = self._origin(tag)
        if module == UNKNOWN and name.type == "identifier":
            inner = wrapped_in(self.file, name)
            module, imported = loaded(self.file, name) or (self._origin(inner) if inner else (module, imported))
            imported = "ErrorBoundary" if module == UNKNOWN and keeps_boundary(self.file, name) else imported
        if module == UNKNOWN and self._pages_of_table(node, name, props):
            return len(self.found) - 1
        return self._add(tag, module, imported, props, node, name)

    def _is_in_routes(self) -> bool:
        """Whether `<Routes>` stands around, which leaves an `errorElement` unused, as a router of data does not."""
        above = (self.found[one.mount].tag for one in self.open if one.kind == _ELEMENT and one.mount >= 0)
        return any(tag.endswith("Routes") for tag in above)

    def _pages_of_table(self, node: Node, name: Node, props: tuple[str, ...] = ()) -> bool:
        """The components of a table, at the one place where a loop shows each; whether there is such a loop."""
        pages = table_components(self.file, name)
        self.looped |= {table_of(self.file, name)} if pages else set()
        for page in pages:
            self._add(self.file.text(page), *self._origin(self.file.text(page)), props, node, name)
        root = name.child_by_field_name("object") if name.type == "member_expression" else name
        taken = not pages and root is not None and is_entry_of_loop(self.file, root)
        if taken:
            # What a table holds that stands in another file is not seen.
            self._add(f"each.{self.file.text(name)}", UNKNOWN, self.file.text(name), props, node, name)
        return bool(pages) or taken

    def _route(self, node: Node) -> int:
        keys = tuple(
            self.file.text(pair.child_by_field_name("key") or pair)
            for pair in node.named_children
            if pair.type in ("pair", "shorthand_property_identifier")
        )
        called = node.parent.parent if node.parent is not None and node.parent.type == "arguments" else None
        keys += tuple(key for part in node.named_children for key in keys_given(self.file, part))
        if _ROUTE_KEYS.isdisjoint(keys) and (called is None or "Route" not in self.file.text(called)[:80]):
            return -1
        first = node.named_children[0] if node.named_children else node
        return self._add(ROUTE, UNKNOWN, ROUTE, keys, node, first)

    def _named_component(self, value: Node | None, key: str) -> None:
        """`Component: Home` in a route object mounts it as `element: <Home />` does, and so does a prop."""
        if value is not None and value.type in _CHAINS and key in _GIVEN and self._pages_of_table(value, value):
            return
        if value is not None and value.type == "identifier" and key in _GIVEN:
            module, imported = self._origin(self.file.text(value))
            if module == UNKNOWN:
                module, imported = loaded(self.file, value) or (module, imported)
            self._add(self.file.text(value), module, imported, (), value, value)
        if value is not None and value.type == "member_expression" and key in ("component", "Component"):
            # `component={page.component}`: what a table of pages holds there is not seen.
            tag = self.file.text(value)
            if tag[:1].islower():
                self._add(tag, UNKNOWN, tag, (), value, value)
        if value is not None and value.type == "call_expression" and key == "element":
            self._add(MADE, UNKNOWN, MADE, (), value, value)
        if value is not None and value.type == "identifier" and key == "children":
            self._routes(value, self.file.text(value))

    def _lazy_route(self, value: Node | None, key: str) -> None:
        """`lazy: () => import("./home")` mounts what that module exports as `Component`."""
        found = lazy_module(self.file, value) if key == "lazy" and value is not None else None
        if found is not None and value is not None:
            self._add(LAZY, found[0], found[1], (), value, value)

    def _routes(self, node: Node, name: str) -> None:
        """Routes from a variable at the top of this file or another one: `...adminRoutes`, `children: shopRoutes`.

        Whether a name means routes at all is seen only when the files are joined.
        """
        module, imported = self._origin(name)
        if module != UNKNOWN and not is_in_effect(node):
            self._add(ROUTES, module, imported, (), node, node)

    def _made_routes(self, value: Node | None) -> None:
        """`router={makeRouter(base)}`: the routes are those that stand in that function."""
        maker = maker_of(self.file, value) if value is not None else None
        if maker is not None:
            self._routes(maker, self.file.text(maker))

    def _call(self, call: Node, name: str, renders: bool) -> None:
        arguments = call.child_by_field_name("arguments")
        given = arguments.named_children if arguments is not None else []
        if name == "createElement":
            if given and given[0].type in ("identifier", "member_expression"):
                tag = self.file.text(given[0])
                module, imported = self._origin(tag)
                mount = self._add(tag, module, imported, (), call, given[0]) if _names_component(tag) else -1
                self.open.append(_Open(call.end_byte, _ELEMENT, call.start_byte, "", mount))
            return
        if name == "useRoutes" and given and given[0].type == "identifier":
            self._routes(given[0], self.file.text(given[0]))
        # What a component renders into an element of its own, such as a drag's picture, is no app.
        if name == "useRoutes" or not renders or _COMPONENT.match(self._owner(call.start_byte)):
            return
        if comes_and_goes(self.file, call):
            return
        self.open.append(_Open(call.end_byte, _CALL, call.start_byte))
        if is_called_at_once(self.file, self._owner(call.start_byte)) and runs_with_module(call):
            self.starts |= _PAGE.search(self.file.content) is not None
        for value in given[:2]:
            if value.type == "identifier" and self.file.text(value) in self.local:
                self._add(self.file.text(value), "", self.file.text(value), (), value, value)

    def _add(self, tag: str, module: str, imported: str, props: tuple[str, ...], node: Node, name: Node) -> int:
        at, prop = self._around()
        around = [one for one in self.open if one.kind == _ELEMENT]
        group = around[-1].start if around else -1
        top = around[0].start if around else node.start_byte
        branches = tuple((one.start, int(node.start_byte >= one.other)) for one in self.open if one.other)
        choices = [one.start for one in self.open if one.kind in (_CONDITION, _BRANCH)]
        conditional = any(start > group for start in choices)
        owner = ENTRY if any(one.kind == _CALL for one in self.open) else self._owner(node.start_byte)
        start, end = self.file.span(node), self.file.span(name)
        span = Span(start.start_line, start.start_column, end.end_line, end.end_column)
        place = Location(self.file.path, span, "" if owner == ENTRY else owner)
        self.kept.append(tuple(one.name for one in reversed(self.open) if one.kind == _KEPT and one.name != owner))
        self.found.append(
            Mount(
                *(tag, module, imported, owner, at, prop, group, conditional, bool(choices), props, place, top),
                *(branches, self._callbacks(node), self._taker(node)),
            )
        )
        return len(self.found) - 1

    def _taker(self, node: Node) -> tuple[str, str]:
        name = taker_of(self.file, node)
        module, imported = self._origin(name) if name not in ("", NESTED) else ("", name)
        return (module, imported) if module != UNKNOWN else ("", "")

    def _callbacks(self, node: Node) -> int:
        """The functions around a node in its owner, without the one that the owner is."""
        start = next((start for start, end, _ in self.owners if start <= node.start_byte < end), -1)
        around = sum(is_function(one) and one.start_byte >= start for one in ancestors(node))
        return max(0, around - (start >= 0))

    def _around(self) -> tuple[int, str]:
        """The mount that is open, -1 for none, and the prop of it that leads here."""
        prop = "children"
        for one in reversed(self.open):
            if one.kind == _ELEMENT and one.mount >= 0:
                return one.mount, prop
            if one.kind == _PROP:
                prop = one.name
        return -1, prop

    def _owner(self, at: int) -> str:
        return next((name for start, end, name in self.owners if start <= at < end), "")

    def _origin(self, tag: str) -> tuple[str, str]:
        root, _, member = tag.partition(".")
        found = bindings(self.file, self.file.root).get(root)
        if found is not None and found.kind == "import":
            if not member:
                return found.module, found.imported
            return found.module, member if found.imported in ("*", "default") else f"{found.imported}.{member}"
        # Helpers that load a page ahead keep the lazy component in a field: `Page.Component`.
        known = (root in self.local and not member) or (root in self.lazy and member == "Component")
        return ("", root) if known else (UNKNOWN, tag)


def _names_component(tag: str) -> bool:
    """As JSX has it: all names but those that begin with a small letter, and all members."""
    return bool(tag) and (not tag[:1].islower() or "." in tag)
