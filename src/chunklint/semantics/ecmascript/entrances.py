"""What an entry renders into the page: as the module is loaded, or by functions that it runs once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants, is_within
from chunklint.semantics.ecmascript.entries import renders_into_page
from chunklint.semantics.ecmascript.feeds import definition_around
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_name,
    is_function,
)
from chunklint.semantics.ecmascript.modules import exports
from chunklint.semantics.ecmascript.names import resolve, string_value, unwrap

_RENDERS = frozenset({"render", "hydrate", "hydrateRoot"})
# What looks for an element of the page, and what makes one of its own or takes away what it has rendered.
_FILLS = re.compile(r"\bdocument\.(?:getElementById|querySelector)\(")
_MAKES = re.compile(r"\bdocument\.createElement\(|\bunmount|\bappend(?:Child)?\(")
_TAGS = ("jsx_opening_element", "jsx_self_closing_element")
# What an entry hands its application to, by the names that such functions are given.
_MOUNTS = re.compile(r"^(?:mount|render|hydrate|bootstrap)", re.IGNORECASE)
_HANDS = re.compile(r"^(?:mount|render|hydrate|bootstrap)\w*\(", re.IGNORECASE | re.MULTILINE)
# What frameworks call once with what is to be wrapped, and with the element that is to be filled.
_WRAPS = frozenset({"wrapRootElement", "wrapPageElement", "rootContainer", "innerProvider", "outerProvider"})
_SETS_UP = frozenset({"setup", "onReady"})
_HOPS = 3


def entering(file: SourceFile, element: Node) -> Node | None:
    """The call that renders an element into the page once, also what variables keep of it; None for any other."""
    call = _rendering(file, element, _HOPS)
    if call is None or not all(_runs_once(file, function, _HOPS) for function in _functions_around(call)):
        return None
    return call


def _rendering(file: SourceFile, node: Node, hops: int) -> Node | None:
    """The call that is given a node, or a variable that keeps it, to render."""
    kept = ""
    for around in ancestors(node):
        if around.type == "call_expression" and called_name(file, around) in _RENDERS:
            return around
        name = around.child_by_field_name("left") or around.child_by_field_name("name")
        if around.type in ("assignment_expression", "variable_declarator") and name is not None:
            kept = file.text(name)
        if is_function(around):
            break
    uses = (one for one in descendants(file.root, "identifier") if file.text(one) == kept) if kept and hops else ()
    given = (_rendering(file, use, hops - 1) for use in uses if not _is_written(use))
    return next((call for call in given if call is not None), None)


def _is_written(name: Node) -> bool:
    around = name.parent
    return around is not None and name in (around.child_by_field_name("left"), around.child_by_field_name("name"))


def made_for_page(file: SourceFile) -> Iterator[Node]:
    """The names of components that are rendered without a tag: `render(createElement(App), page)`."""
    if "createElement(" not in file.content:
        return
    for call in descendants(file.root, "call_expression"):
        given = arguments_of(call) if called_name(file, call) == "createElement" else []
        if given and given[0].type == "identifier" and entering(file, call) is not None:
            yield given[0]


def handing_over(file: SourceFile, element: Node) -> Node | None:
    """The call by which an entry, a module that exports nothing, gives an element away as it loads: `mount(<App />)`.

    What comes after a name or a path, or in a list, is registered for later: `add("page", <Page />)`.
    """
    call = next((around for around in ancestors(element) if around.type == "call_expression"), None)
    if call is None or not _is_last_word(file, call):
        return None
    given = arguments_of(call)
    first = given if _MOUNTS.match(called_name(file, call)) else given[:1]
    shown = any(_is_jsx(one) and is_within(element, one) for one in first)
    return call if shown and enclosing_function(file, element) is None else None


def handed_over(file: SourceFile) -> Iterator[Node]:
    """The names of the components that an entry gives away to be mounted: `mountPage(Popup)`."""
    for statement in file.root.named_children if _HANDS.search(file.content) is not None else ():
        call = statement.named_children[0] if statement.type == "expression_statement" else None
        if call is not None and call.type == "call_expression" and _MOUNTS.match(called_name(file, call)):
            named = (one for one in arguments_of(call) if one.type == "identifier") if _is_last_word(file, call) else ()
            yield from (one for one in named if file.text(one)[:1].isupper())


def wrapping(file: SourceFile, element: Node) -> Node | None:
    """The function by which Gatsby or umi has the whole application wrapped once; None for any other place."""
    function = enclosing_function(file, element)
    return function if function is not None and function_name(file, function) in _WRAPS else None


def _is_last_word(file: SourceFile, call: Node) -> bool:
    """Whether a call is a statement of a module that exports nothing."""
    statement = call.parent
    alone = statement is not None and statement.type == "expression_statement" and statement.parent == file.root
    return alone and not exports(file)


def _is_jsx(node: Node) -> bool:
    return node.type in ("jsx_element", "jsx_self_closing_element")


def _functions_around(node: Node) -> list[Node]:
    return [one for one in ancestors(node) if is_function(one)]


def _runs_once(file: SourceFile, function: Node, hops: int) -> bool:
    """Whether the module itself calls a function, or gives it to what waits for the page, or for what comes first.

    What calls it may be a function of that kind. One that is exported fills an element that the page has.
    """
    name = function_name(file, function)
    if not name or hops == 0:
        return not name
    if function.type == "method_definition" and name in _SETS_UP:
        return function.parent is not None and function.parent.type == "object"
    if _is_called_where_it_stands(function):
        return True
    for use in (one for one in descendants(file.root, "identifier") if file.text(one) == name):
        place, around = use.parent, _functions_around(use)
        asked = place is not None and (place.type == "arguments" or place.child_by_field_name("function") == use)
        if asked and function not in around and all(_runs_once(file, one, hops - 1) for one in around):
            return True
    return _FILLS.search(file.content) is not None and _MAKES.search(file.content) is None and _is_exported(file, name)


def _is_called_where_it_stands(function: Node) -> bool:
    """`(function start() { ... })();`."""
    place = function
    while place.parent is not None and place.parent.type == "parenthesized_expression":
        place = place.parent
    return place.parent is not None and place.parent.child_by_field_name("function") == place


def _is_exported(file: SourceFile, name: str) -> bool:
    return any(one.node is not None and definition_around(file, one.node) == name for one in exports(file).values())


def awaited(file: SourceFile, name: Node) -> tuple[str, str] | None:
    """Module and name of what an entry loads as it starts: `const { App } = await import("./App")`."""
    found = resolve(file, name) if renders_into_page(file) else None
    value = unwrap(found.value) if found is not None and found.kind == "variable" and found.value is not None else None
    module = _loaded_by(file, value) if value is not None else ""
    if found is None or not module or len(found.keys) != 1 or entering(file, name) is None:
        return None
    return module, found.keys[0]


def taken_apart(file: SourceFile) -> frozenset[str]:
    """The modules of which an entry renders parts that it loads as it starts, see `awaited`."""
    if not renders_into_page(file) or "await import(" not in file.content:
        return frozenset()
    names = (one.child_by_field_name("name") for one in descendants(file.root, *_TAGS))
    found = (awaited(file, name) for name in names if name is not None and name.type == "identifier")
    return frozenset(one[0] for one in found if one is not None)


def _loaded_by(file: SourceFile, call: Node) -> str:
    """The module of `import("./App")`; "" for anything else."""
    callee = callee_of(call) if call.type == "call_expression" else None
    given = arguments_of(call) if callee is not None and callee.type == "import" else []
    return (string_value(file, given[0]) or "") if given else ""
