"""Elements that come anew: an effect that runs again when a condition changes, or that makes one, meets another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants, is_within
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    function_name,
    function_of,
    is_function,
)
from chunklint.semantics.ecmascript.names import bindings, dotted, resolve, root_of, unwrap, uses_of, written_out
from chunklint.semantics.ecmascript.react import Effect, hook_of, is_hook, jsx_elements, state_of_setter

_CALLBACK = re.compile(r"^on[A-Z]")
_OF_A_FRAME = frozenset({"contentDocument", "contentWindow"})
_SHOWS = ("ternary_expression", "binary_expression")


def comes_anew(file: SourceFile, effect: Effect, receiver: Node) -> bool:
    """Whether each dependency of an effect decides alone whether the element stands that a ref of the effect holds.

    When such a switch changes, the element has gone or comes anew, and what listens to the old one went with it.
    """
    name, owner = file.text(root_of(receiver)), effect.owner
    if owner is None or not effect.deps:
        return False
    shown = [element for element in jsx_elements(file) if is_within(element, owner) and _has_ref(file, element, name)]
    if len(shown) != 1:
        return False
    switches = {file.text(one) for one in _switches(shown[0], owner) if _is_switch(file, one)}
    return all(file.text(dep) in switches or file.text(root_of(dep)) == name for dep in effect.deps)


def is_made_beside(file: SourceFile, effect: Effect, receiver: Node) -> bool:
    """Whether the block in which something is done with what a ref holds has itself filled the ref just before.

    `ref.current = new Audio(url); ref.current.addEventListener(...)`: each run that comes there has another one.
    """
    chain = written_out(file, receiver)
    for node in descendants(effect.callback, "assignment_expression") if chain[-1:] == ("current",) else ():
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None or node.end_byte > receiver.start_byte or dotted(file, left) != chain:
            continue
        made = unwrap(right).type == "new_expression" or called_name(file, unwrap(right)) == "createElement"
        block = node.parent.parent if node.parent is not None else None
        if made and block is not None and is_within(receiver, block):
            return True
    return False


def is_element_ref(file: SourceFile, name: str, owner: Node | None) -> bool:
    """Whether an element of a component is held by a ref of that name, and so gone from it after unmount."""
    own = (element for element in jsx_elements(file) if owner is None or is_within(element, owner))
    return any(_has_ref(file, element, name) for element in own) or (
        owner is not None and _is_lent_to_element(file, name, owner)
    )


def _is_lent_to_element(file: SourceFile, name: str, owner: Node) -> bool:
    """Whether a hook hands out an empty ref that it never fills itself, for an element of its caller: `{ ref }`."""
    body = owner.child_by_field_name("body") if is_hook(function_name(file, owner)) else None
    found = bindings(file, body).get(name) if body is not None else None
    hook = hook_of(file, found) if found is not None else None
    if found is None or hook is None or hook[0] != "useRef" or file.text(hook[1])[-6:] != "(null)":
        return False
    around = [use.parent for use in uses_of(file, found.node)]
    read = [one for one in around if one is not None and one.type == "member_expression"]
    filled = any(one.parent is not None and one.parent.child_by_field_name("left") == one for one in read)
    return not filled and len(read) < len(around)


def matters(file: SourceFile, effect: Effect, dependency: Node, receiver: Node, handler: Node) -> bool:
    """Whether a change of a dependency tells much of a receiver that an element of the component hands over.

    `onLoad={setEditor}`: another listener for the editor is seldom seen where the effect runs again for a callback, a
    context or a store that its handler does not use. For a document inside the page such a change tells that another
    one is there.
    """
    name, root = root_of(receiver), root_of(dependency)
    framed = bool(_OF_A_FRAME & set(written_out(file, receiver)[1:]))
    if effect.owner is None or not (framed or _is_handed_over(file, effect.owner, name)):
        return True
    function, found = function_of(file, handler), resolve(file, root)
    if function is None or found is None:
        return True
    if any(file.text(use) == found.name for use in descendants(function, "identifier")):
        return True
    if framed:
        return False
    hook = hook_of(file, found)
    if hook is not None:
        return hook[0] in ("useState", "useReducer")
    return found.kind != "parameter" or _CALLBACK.match(found.name) is None


def _is_handed_over(file: SourceFile, owner: Node, state: Node) -> bool:
    """Whether an element of a component is given what sets a state, as it is or in a callback that hands it on."""
    if state.type != "identifier":
        return False
    name = file.text(state)
    for element in jsx_elements(file):
        if not is_within(element, owner):
            continue
        for value in (part.named_children[-1] for part in element.named_children if part.type == "jsx_attribute"):
            given = value.named_children[0] if value.type == "jsx_expression" and value.named_children else value
            if given.type == "identifier" and state_of_setter(file, given) == name:
                return True
            if is_function(given) and _sets_its_argument(file, given, name):
                return True
    return False


def _sets_its_argument(file: SourceFile, function: Node, state: str) -> bool:
    for call in descendants(function, "call_expression"):
        callee, given = callee_of(call), arguments_of(call)
        if callee is None or callee.type != "identifier" or not given or given[0].type != "identifier":
            continue
        found = resolve(file, given[0])
        own = found is not None and found.kind == "parameter" and found.scope == function
        if own and state_of_setter(file, callee) == state:
            return True
    return False


def _has_ref(file: SourceFile, element: Node, name: str) -> bool:
    given = [part.named_children for part in element.named_children if part.type == "jsx_attribute"]
    refs = [file.text(pair[1]).strip("{ }") for pair in given if len(pair) == 2 and file.text(pair[0]) == "ref"]
    return refs == [name]


def _switches(element: Node, owner: Node) -> Iterator[Node]:
    """The names that must each be true, or false, for an element to stand: `open`, and `x` of `!x && !y`."""
    for around in ancestors(element):
        if around == owner:
            return
        if around.type not in _SHOWS:
            continue
        condition = around.child_by_field_name("condition") or around.child_by_field_name("left")
        shows = around.child_by_field_name("consequence") or around.child_by_field_name("right")
        if condition is not None and shows is not None and is_within(element, shows):
            yield from _operands(condition) if _joins(around) else ()


def _operands(condition: Node) -> Iterator[Node]:
    pending = [condition]
    while pending:
        node = unwrap(pending.pop())
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if node.type == "binary_expression" and _joins(node) and left is not None and right is not None:
            pending += [left, right]
        elif node.type == "unary_expression" and node.children[0].type == "!":
            pending += node.named_children[:1]
        elif node.type == "identifier":
            yield node


def _joins(node: Node) -> bool:
    return node.type == "ternary_expression" or node.children[1].type == "&&"


def _is_switch(file: SourceFile, name: Node) -> bool:
    """Whether a name is state that begins as true or false, so that it changes from one to the other only."""
    found = resolve(file, name)
    hook = hook_of(file, found) if found is not None else None
    if hook is None or hook[0] != "useState":
        return False
    begins = arguments_of(hook[1])[:1]
    return bool(begins) and begins[0].type in ("true", "false")
