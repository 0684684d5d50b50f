"""What looks as if it caught errors of rendering and catches none: functions and classes that pose as boundaries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.boundaries import extends_another
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.functions import is_function, returned
from chunklint.semantics.ecmascript.names import FUNCTIONS, resolve, unwrap


@record
class Poser:
    """A component that looks like an error boundary and catches nothing. `block` is the `try` that it trusts in."""

    name: str
    head: Node
    block: Node | None
    is_class: bool


_BOUNDARY_NAME = re.compile(r"(?:rror\w*Boundary|ErrorCatcher)$")
# What only joins the names of classes does not fail.
_JOINS = frozenset({"cn", "cx", "clsx", "classNames", "classnames", "twMerge"})


def posers(file: SourceFile) -> Iterator[Poser]:
    """The components of a file that pose as boundaries."""
    blocks = list(_trusting_blocks(file))
    for block in blocks:
        yield Poser(file.symbol(block) or "this function", block, block, is_class=False)
    for fact, node in definitions(file):
        inner = unwrap(node)
        if _BOUNDARY_NAME.search(fact.name) is None or _is_replaced(file, fact.name):
            continue
        if inner.type in ("class_declaration", "class") and fact.kind == "class":
            if not extends_another(file, inner):
                yield Poser(fact.name, inner.child_by_field_name("name") or inner, None, is_class=True)
        elif is_function(inner) and fact.name[:1].isupper():
            trusts = any(inner.start_byte <= block.start_byte < inner.end_byte for block in blocks)
            # What throws itself hands an error to the boundary above, and does not pose as one.
            throws = next(descendants(inner, "throw_statement"), None) is not None
            if not trusts and not throws and not _is_told(file, inner) and _shows_children_bare(file, inner):
                yield Poser(fact.name, inner.child_by_field_name("name") or inner, None, is_class=False)


def _is_replaced(file: SourceFile, name: str) -> bool:
    """Whether another component may take the place of one: `if (dsn) Boundary = monitor.Boundary`."""
    written = (one.child_by_field_name("left") for one in descendants(file.root, "assignment_expression"))
    return any(left is not None and file.text(left) == name for left in written)


def _is_told(file: SourceFile, function: Node) -> bool:
    """Whether a prop decides what is shown: whoever mounts it tells of the error, and nothing has to be caught."""
    deciding = descendants(function, "if_statement", "ternary_expression")
    tests = [test for one in deciding if (test := one.child_by_field_name("condition")) is not None]
    found = [resolve(file, name) for test in tests for name in descendants(test, "identifier")]
    props = [one for one in found if one is not None and one.kind == "parameter" and one.scope == function]
    return any(one.name != "children" for one in props)


def _trusting_blocks(file: SourceFile) -> Iterator[Node]:
    """The `try` blocks that only return an element: rendering it happens later, when the `try` is left."""
    for block in descendants(file.root, "try_statement"):
        inside, handler = block.child_by_field_name("body"), block.child_by_field_name("handler")
        statements = [one for one in inside.named_children if one.type != "comment"] if inside is not None else []
        if handler is None or len(statements) != 1 or statements[0].type != "return_statement":
            continue
        value = unwrap(statements[0].named_children[0]) if statements[0].named_children else None
        if value is None or not _is_element(file, value) or _may_fail_at_once(file, value):
            continue
        if any(True for _ in descendants(handler, "return_statement", stop=FUNCTIONS)):
            yield block


def _may_fail_at_once(file: SourceFile, value: Node) -> bool:
    """Whether making an element may throw: it calls something, or reaches into a field of a field."""
    if any(descendants(value, "await_expression", "new_expression", stop=FUNCTIONS)):
        return True
    callees = (one.child_by_field_name("function") for one in descendants(value, "call_expression", stop=FUNCTIONS))
    if any(callee is None or file.text(callee) not in _JOINS for callee in callees):
        return True
    for member in descendants(value, "member_expression", stop=FUNCTIONS):
        holder = member.child_by_field_name("object")
        if holder is not None and holder.type == "member_expression" and "?." not in file.text(member):
            return True
    return False


def _is_element(file: SourceFile, value: Node) -> bool:
    """Whether a value is an element that renders a component or the children it is given."""
    if value.type not in ("jsx_element", "jsx_self_closing_element"):
        return file.text(value) in ("children", "props.children")
    parts = [value, *descendants(value, "jsx_self_closing_element", "jsx_opening_element", "jsx_expression")]
    for part in parts:
        name = part.child_by_field_name("name")
        if name is not None and file.text(name)[:1].isupper():
            return True
        if part.type == "jsx_expression" and file.text(part).strip("{} ").endswith("children"):
            return True
    return False


def _shows_children_bare(file: SourceFile, function: Node) -> bool:
    """Whether a function returns the children it is given, with only elements of the page around them."""
    values = returned(function)
    shown = [value for value in values if "children" in file.text(value)]
    if not shown:
        return False
    for value in shown:
        tags = (part.child_by_field_name("name") for part in descendants(value, "jsx_opening_element"))
        own = value.child_by_field_name("name")
        names = [file.text(tag) for tag in (*tags, own) if tag is not None]
        if any(name[:1].isupper() and name not in ("Fragment", "React.Fragment", "Suspense") for name in names):
            return False
        if any(True for _ in descendants(value, "call_expression", stop=FUNCTIONS)):
            return False
    return True
