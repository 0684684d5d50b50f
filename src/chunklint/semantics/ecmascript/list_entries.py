"""Lists at the top of a module whose entries hold elements, and the loops in which these are shown, or are not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, is_function, receiver_of
from chunklint.semantics.ecmascript.names import Binding, resolve, unwrap

_LOOPS = frozenset({"map", "flatMap", "forEach"})
_PASSES_ON = frozenset({"filter", "slice", "concat", "sort", "toSorted", "reverse"})
_ELEMENTS = frozenset({"element", "Component", "component", "lazy", "children", "render", "page"})
_HOPS = 6
_OF_TABLES = {"Object.entries": ("0", "1"), "Object.values": ("0",)}


def list_of(file: SourceFile, value: Node) -> str:
    """The name of the list whose entry holds a value: `pages` for `page.element` in `pages.map((page) => ...)`.

    So it is for `element` in `pages.filter(isOpen).map(({ element }) => ...)`. "" for anything else.
    """
    name = value.child_by_field_name("object") if value.type == "member_expression" else value
    found = resolve(file, name) if name is not None and name.type == "identifier" else None
    if found is None or found.kind != "parameter":
        return ""
    # `page => ...` has a parameter without parentheses, and so without a place among others.
    keys = found.keys or ("0",)
    source = _looped(file, found) if len(keys) == 1 + (name is value) else None
    return file.text(source) if source is not None and source.type == "identifier" else ""


def is_entry_of_loop(file: SourceFile, name: Node) -> bool:
    """Whether a name stands for a part of what a loop goes through: `Page` of `pages.map(({ Page }) => ...)`."""
    found = _in_loop(file, name)
    return found is not None and _looped(file, found) is not None


def table_components(file: SourceFile, name: Node) -> tuple[Node, ...]:
    """The components of the tables of this file that a loop goes through, where a name stands for each in turn.

    So `Page` does in `Object.entries(pages).map(([path, Page]) => <Page />)`, also by another name in the loop, and in
    `[...pages, ...others].map(({ path, Page }) => <Page />)`. `name` may be a chain as well: `page.view`.
    """
    root = name.child_by_field_name("object") if name.type == "member_expression" else name
    found = _in_loop(file, root) if root is not None and root.type == "identifier" else None
    source = _looped(file, found) if found is not None else None
    if found is None or source is None:
        return ()
    field = name.child_by_field_name("property") if name.type == "member_expression" else None
    keys = (*(found.keys or ("0",)), *([file.text(field)] if field is not None else []))
    if source.type == "call_expression":
        callee, given = source.child_by_field_name("function"), arguments_of(source)
        wanted = _OF_TABLES.get(file.text(callee)) if callee is not None else None
        held = _written(file, given[0]) if given and keys == wanted else None
        pairs = held.named_children if held is not None and held.type == "object" else []
        return tuple(_components(file, (pair.child_by_field_name("value") for pair in pairs)))
    entries = _entries(file, source) if len(keys) == 2 else ()
    return tuple(_components(file, (_field(file, entry, keys[1]) for entry in entries)))


def table_of(file: SourceFile, name: Node) -> str:
    """The name of the table that a loop goes through, see `table_components`; "" for one that has none."""
    root = name.child_by_field_name("object") if name.type == "member_expression" else name
    found = _in_loop(file, root) if root is not None and root.type == "identifier" else None
    source = _looped(file, found) if found is not None else None
    return file.text(source) if source is not None and source.type == "identifier" else ""


def _in_loop(file: SourceFile, name: Node) -> Binding | None:
    """The parameter that a name stands for, also by another name: `const Page = page`."""
    found = resolve(file, name)
    for _ in range(_HOPS):
        value = unwrap(found.value) if found is not None and found.kind == "variable" and found.value else None
        if found is None or value is None or value.type != "identifier" or found.keys:
            break
        found = resolve(file, value)
    return found if found is not None and found.kind == "parameter" else None


def _looped(file: SourceFile, found: Binding) -> Node | None:
    """What a loop goes through whose function has a parameter: `pages` of `pages.filter(isOpen).map((page) => ...)`."""
    call = _looping(found.scope) if (found.keys or ("0",))[0] == "0" else None
    source = receiver_of(call) if call is not None and called_name(file, call) in _LOOPS else None
    for _ in range(_HOPS):
        if source is None or source.type != "call_expression" or called_name(file, source) not in _PASSES_ON:
            break
        source = receiver_of(source)
    return unwrap(source) if source is not None else None


def _written(file: SourceFile, name: Node) -> Node | None:
    """The object or list that a name stands for."""
    node = unwrap(name)
    found = resolve(file, node) if node.type == "identifier" else None
    return unwrap(found.value) if found is not None and found.kind == "variable" and found.value is not None else None


def _entries(file: SourceFile, source: Node, hops: int = 2) -> Iterator[Node]:
    """The objects in a list, and in those that are spread in it."""
    held = source if source.type == "array" else _written(file, source)
    for part in held.named_children if held is not None and held.type == "array" else ():
        if part.type == "object":
            yield part
        elif part.type == "spread_element" and hops:
            yield from _entries(file, unwrap(part.named_children[0]), hops - 1)


def _field(file: SourceFile, entry: Node, key: str) -> Node | None:
    pairs = (pair for pair in entry.named_children if pair.type == "pair")
    named = (pair for pair in pairs if file.text(pair.child_by_field_name("key") or pair) == key)
    return next((pair.child_by_field_name("value") for pair in named), None)


def _components(file: SourceFile, values: Iterable[Node | None]) -> Iterator[Node]:
    named = {
        file.text(one): one for value in values if value is not None and (one := unwrap(value)).type == "identifier"
    }
    yield from (one for name, one in named.items() if name[:1].isupper())


def unshown_lists(file: SourceFile, names: Collection[str]) -> tuple[str, ...]:
    """Those of the named values of a module that are only looped over, with their elements left out."""
    named = ((one.fact.name, one.node.parent) for one in definitions(file) if one.fact.kind == "value")
    heads = ((name, head.child_by_field_name("name")) for name, head in named if name in names and head is not None)
    return tuple(name for name, head in heads if head is not None and _is_only_read(file, head))


def _is_only_read(file: SourceFile, name: Node) -> bool:
    """Whether a list is looped over and no loop shows the elements in it: a menu of the titles of pages.

    `name` is where the list is declared. False where it is exported, handed on or looked through in any other way.
    """
    declaration = name.parent.parent if name.parent is not None else None
    if declaration is None or declaration.parent is None or declaration.parent.type == "export_statement":
        return False
    wanted = file.text(name)
    named = descendants(file.root, "identifier", "shorthand_property_identifier")
    uses = [one for one in named if file.text(one) == wanted and one != name]
    return bool(uses) and all(_is_loop_without_elements(file, use) for use in uses)


def _is_loop_without_elements(file: SourceFile, use: Node) -> bool:
    call = _call_on(use)
    for _ in range(_HOPS):
        if call is None or called_name(file, call) not in _PASSES_ON:
            break
        call = _call_on(call)
    if call is None or called_name(file, call) not in _LOOPS:
        return False
    function = next((unwrap(one) for one in arguments_of(call)[:1]), None)
    if function is None or not is_function(function):
        return False
    return _takes_no_element(file, function)


def _takes_no_element(file: SourceFile, function: Node) -> bool:
    """Whether all that a function takes of its first parameter are fields without an element."""
    first = next(_parameters(function), None)
    if first is None:
        return True
    if first.type == "object_pattern":
        keys = {file.text(one).partition(":")[0].partition("=")[0].strip() for one in first.named_children}
        return keys.isdisjoint(_ELEMENTS) and not any(key.startswith("...") for key in keys)
    if first.type != "identifier":
        return False
    name = file.text(first)
    for use in descendants(function, "identifier", "shorthand_property_identifier"):
        if use == first or file.text(use) != name:
            continue
        field = use.parent.child_by_field_name("property") if use.parent is not None else None
        if field is None or use.parent is None or use.parent.type != "member_expression":
            return False
        if file.text(field) in _ELEMENTS:
            return False
    return True


def _call_on(receiver: Node) -> Node | None:
    """The call of a method of this: `pages.map(...)` for `pages`."""
    member = receiver.parent
    if member is None or member.type != "member_expression" or member.child_by_field_name("object") != receiver:
        return None
    call = member.parent
    return call if call is not None and call.type == "call_expression" else None


def _looping(function: Node) -> Node | None:
    """The call that a function is given to as the first argument."""
    call = function.parent.parent if function.parent is not None and function.parent.type == "arguments" else None
    if call is None or call.type != "call_expression":
        return None
    given = arguments_of(call)
    return call if given and given[0] == function else None


def _parameters(function: Node) -> Iterator[Node]:
    """The parameters of a function, without the types that they are given."""
    single = function.child_by_field_name("parameter")
    if single is not None:
        yield single
    found = function.child_by_field_name("parameters")
    for one in found.named_children if found is not None else ():
        yield one.child_by_field_name("pattern") or one
