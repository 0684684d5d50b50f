"""Root routes: what the one route at the top of a router shows stays as long as that, whatever lies below it.

`createBrowserRouter([{ path: "/", element: <App />, children }])`, and the same as elements. A route beside it that
only tells of what is found nowhere, or by which somebody signs in, does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants, is_within
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of
from chunklint.semantics.ecmascript.modules import exports
from chunklint.semantics.ecmascript.names import resolve, string_value, unwrap
from chunklint.semantics.ecmascript.react import jsx_elements

_MAKES = re.compile(r"\bcreate(?:Browser|Hash)Router\b")
_ROOT = re.compile(r"createRootRoute(?:WithContext)?\b")
_FROM_ELEMENTS = frozenset({"createRoutesFromElements", "createRoutesFromChildren"})
_SHOWS = ("element", "Component", "component", "lazy")
_NOWHERE = re.compile(r"NotFound|Not_Found|404|NoMatch|Error|Navigate|Redirect|Missing")
_LEADS_ON = re.compile(r"[{(\s]*<(?:Navigate|Redirect)\b")
_SIGNING_IN = re.compile(
    r"^/?(?:(?:user|users|account|auth|oauth2?)/)?(?:log-?(?:in|out)|sign-?(?:in|up|out)|register|auth|oauth2?|sso|callback|forgot\b.*"
    r"|(?:forgot|reset|recover|change)-?password|password-?reset|verify(?:-?email)?|activate|2fa|mfa|setup|install)(?:/.*)?$",
    re.IGNORECASE,
)
_ELEMENTS = ("jsx_element", "jsx_self_closing_element")
# The paths of a route that holds all others, and how many times more routes it must hold than there are beside it.
_TOP: tuple[list[str | None], ...] = ([], [""], ["/"])
_MOST = 2


class RootRoute(NamedTuple):
    """What a root route shows, as it is written there, and the tag or call that holds the routes."""

    shown: Node
    holder: Node


def root_routes(file: SourceFile) -> tuple[RootRoute, ...]:
    """The root routes of a file's routers, and the routes that stand alone below them, outermost first."""
    if "oute" not in file.content:
        return ()
    return file.remember("root routes", lambda: tuple(_root_routes(file)))


def root_route_of(file: SourceFile, element: Node) -> RootRoute | None:
    """The root route that shows an element; None for what stands anywhere else."""
    return next((one for one in root_routes(file) if is_within(element, one.shown)), None)


def _root_routes(file: SourceFile) -> Iterator[RootRoute]:
    for tag in jsx_elements(file):
        if _tag(file, tag) in ("Routes", "Switch") and tag.parent is not None and tag.type == "jsx_opening_element":
            yield from (RootRoute(shown, tag) for shown in _shown_by_elements(file, _elements_in(tag.parent)))
    yield from _of_lists(file)
    if _MAKES.search(file.content) is None and _ROOT.search(file.content) is None:
        return
    for call in descendants(file.root, "call_expression"):
        given = arguments_of(call)
        if not given:
            continue
        if _is_called(file, call, _MAKES):
            yield from (RootRoute(shown, call) for shown in _shown_by_list(file, given[0]))
        elif _is_called(file, call, _ROOT):
            yield from (RootRoute(shown, call) for shown in _values(file, given[0], ("component",)))


def _of_lists(file: SourceFile) -> Iterator[RootRoute]:
    """What the root in a list of routes shows that a module exports for another one's router."""
    for found in exports(file).values():
        made = unwrap(found.node) if found.node is not None else None
        if made is not None and made.type == "variable_declarator":
            value = made.child_by_field_name("value")
            made = unwrap(value) if value is not None else made
        kept = resolve(file, made) if made is not None and made.type == "identifier" else None
        made = unwrap(kept.value) if kept is not None and kept.value is not None and not kept.keys else made
        if made is not None and made.type == "array" and "path" in file.text(made):
            yield from (RootRoute(shown, made) for shown in _shown_by_list(file, made))


def given_lists(file: SourceFile) -> Iterator[tuple[Node, Node]]:
    """The calls that make a router of a list of routes by its name, each with that name."""
    makes = "Router" in file.content and _MAKES.search(file.content) is not None
    if not makes and "useRoutes" not in file.content:
        return
    for call in descendants(file.root, "call_expression"):
        given = arguments_of(call)
        name = unwrap(given[0]) if given else None
        if name is None or name.type != "identifier":
            continue
        if called_name(file, call) == "useRoutes" or _is_called(file, call, _MAKES):
            yield call, name


def _is_called(file: SourceFile, call: Node, named: re.Pattern[str]) -> bool:
    """Whether a call is one of the named functions, or of what a variable makes of them: `wrap(createHashRouter)`."""
    callee = callee_of(call)
    found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    made = found.value if found is not None and found.kind == "variable" and not found.keys else None
    return callee is not None and named.search(file.text(made or callee)) is not None


def _shown_by_list(file: SourceFile, routes: Node) -> Iterator[Node]:
    """What the root of the routes of an array shows, and what stands alone below it."""
    made = unwrap(routes)
    found = resolve(file, made) if made.type == "identifier" else None
    made = unwrap(found.value) if found is not None and found.value is not None and not found.keys else made
    if made.type == "call_expression" and called_name(file, made) in _FROM_ELEMENTS:
        given = [unwrap(one) for one in arguments_of(made)]
        yield from _shown_by_elements(file, [inner for one in given for inner in _in_fragment(file, one)])
    if made.type != "array":
        return
    listed = [unwrap(one) for one in made.named_children if one.type != "comment"]
    root = _root_among(file, listed, [one for one in listed if any(_values(file, one, ("children",)))])
    if root is not None:
        yield from _values(file, root, _SHOWS)
        for children in _values(file, root, ("children",)):
            yield from _shown_by_list(file, children)


def _root_among(file: SourceFile, routes: list[Node], holding: list[Node]) -> Node | None:
    """The route that all others lie in, or nearly all: one that is left for a login page alone is hardly left."""
    left = [one for one in routes if not (_leads_nowhere(file, one) or _is_passed_once(file, one))]
    if len(left) == 1 and (left[0].type == "object" or left[0].type in _ELEMENTS):
        return left[0]
    tops = [one for one in holding if [string_value(file, path) for path in _values(file, one, ("path",))] in _TOP]
    if len(tops) != 1:
        return None
    others = sum(_count(file, one) for one in routes if one != tops[0])
    return tops[0] if _count(file, tops[0]) > _MOST * others else None


def _count(file: SourceFile, route: Node) -> int:
    """The routes in a route, as far as they are written there, and the route itself."""
    if route.type == "object":
        pairs = descendants(route, "pair")
        spread = sum(1 for _ in descendants(route, "spread_element"))  # Each stands for a list of routes.
        return spread + sum(file.text(pair.child_by_field_name("key") or pair) in ("path", "index") for pair in pairs)
    return sum(
        _tag(file, tag) == "Route" for tag in descendants(route, "jsx_opening_element", "jsx_self_closing_element")
    )


def _leads_nowhere(file: SourceFile, route: Node) -> bool:
    paths = [string_value(file, one) for one in _values(file, route, ("path",))]
    shown = [file.text(one) for one in _values(file, route, _SHOWS)]
    nowhere = paths in (["*"], ["/*"]) and any(_NOWHERE.search(one) for one in shown)
    return nowhere or any(_LEADS_ON.match(one) for one in shown)


def _is_passed_once(file: SourceFile, route: Node) -> bool:
    """Whether a route is one by which somebody signs in, or is asked to: who has done so hardly comes there again."""
    paths = [string_value(file, one) or "" for one in _values(file, route, ("path",))]
    return any(_SIGNING_IN.search(one) for one in paths)


def _values(file: SourceFile, made: Node, keys: tuple[str, ...]) -> Iterator[Node]:
    """The values of an object, or of the attributes of a route's tag, under some names."""
    parts = made.named_children if made.type == "object" else []
    if made.type in _ELEMENTS:
        parts = (made.named_children[0] if made.type == "jsx_element" else made).named_children
    for part in parts:
        if part.type == "pair":
            key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
        elif part.type == "jsx_attribute" and len(part.named_children) == 2:
            key, value = part.named_children
        else:
            continue
        if key is not None and value is not None and file.text(key).strip("'\"") in keys:
            yield value


def _shown_by_elements(file: SourceFile, routes: list[Node]) -> Iterator[Node]:
    """As `_shown_by_list`, of `<Route>` elements."""
    if not all(_tag(file, _opening(one)) == "Route" for one in routes):
        return
    root = _root_among(file, routes, [one for one in routes if _elements_in(one)])
    if root is not None:
        yield from _values(file, root, _SHOWS)
        yield from _shown_by_elements(file, _elements_in(root))


def _elements_in(element: Node) -> list[Node]:
    """What an element holds but text; what is made by an expression (`{pages}`) is in it, too."""
    if element.type != "jsx_element":
        return []
    inner = element.named_children[1:-1]
    return [one for one in inner if one.type in _ELEMENTS or (one.type == "jsx_expression" and not _is_comment(one))]


def _is_comment(braces: Node) -> bool:
    return all(part.type == "comment" for part in braces.named_children)


def _in_fragment(file: SourceFile, element: Node) -> list[Node]:
    return _elements_in(element) if element.type == "jsx_element" and not _tag(file, _opening(element)) else [element]


def _opening(element: Node) -> Node:
    return element.named_children[0] if element.type == "jsx_element" else element


def _tag(file: SourceFile, opening: Node) -> str:
    name = opening.child_by_field_name("name")
    return file.text(name) if name is not None else ""
