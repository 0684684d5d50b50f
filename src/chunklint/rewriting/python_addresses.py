"""What the address of a request says, who has chosen it, and whether the request changes anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.bindings import Kind
from chunklint.semantics.python.names import arguments
from chunklint.semantics.python.scopes import reaching

# How far the names of an address are followed, and how much of it is read.
_DEPTH, _MOST = 3, 60
_CHANGES = re.compile(r"""\.(?:post|put|patch|delete)\(|["'](?:POST|PUT|PATCH|DELETE)["']|\bdata=""")
_GIVEN = frozenset({Kind.ASSIGNMENT, Kind.AUGMENTED})
_SAYS = re.compile(r"[A-Za-z]")


def changes(call: Node, file: PythonFile) -> bool:
    """Whether a request hands something over, by what it says itself."""
    return _CHANGES.search(file.text(call)) is not None


def address_texts(call: Node, file: PythonFile) -> Iterator[str]:
    """What the address of a request says, also through the names that it is made of."""
    address = _address(call, file)
    return (file.text(one) for one in _read(address, file)) if address is not None else iter(())


def is_callers_choice(call: Node, file: PythonFile) -> bool:
    """Whether callers choose what is done: the method, or the whole address of what is handed over."""
    method = _method(call, file)
    if method is not None and method.type != "string":
        return True
    address = _address(call, file)
    if address is None or not (changes(call, file) or method is not None):
        return False
    parts = _read(address, file)
    said = (text for one in parts for text in (one, *descendants(one, "string_content")))
    if any(one.type == "string_content" and _SAYS.search(file.text(one)) for one in said):
        return False
    names = (name for one in parts for name in _names(one))
    return any(
        found.kind is Kind.PARAMETER and found.name != "self" for name in names for found in reaching(name, file)
    )


def _method(call: Node, file: PythonFile) -> Node | None:
    """The method of `request(method, url)`; None where the function is named after its method."""
    function = call.child_by_field_name("function")
    if function is None or file.text(function).rpartition(".")[2] != "request":
        return None
    return arguments(call, file).get("method", 0)


def _address(call: Node, file: PythonFile) -> Node | None:
    return arguments(call, file).get("url", 0 if _method(call, file) is None else 1)


def _read(address: Node, file: PythonFile) -> list[Node]:
    return list(islice(_parts(address, file, _DEPTH), _MOST))


def _parts(node: Node, file: PythonFile, depth: int) -> Iterator[Node]:
    """An expression, and what the names in it stand for."""
    yield node
    if depth:
        values = (found.value for name in _names(node) for found in reaching(name, file) if found.kind in _GIVEN)
        for value in values:
            if value is not None:
                yield from _parts(value, file, depth - 1)


def _names(node: Node) -> Iterator[Node]:
    return iter([node]) if node.type == "identifier" else descendants(node, "identifier")
