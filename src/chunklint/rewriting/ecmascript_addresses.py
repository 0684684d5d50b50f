"""What the address of a request of axios says, who has chosen it, and whether the request changes anything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import arguments_of
from chunklint.semantics.ecmascript.names import resolve, unwrap

_READS = frozenset({"get", "head", "options"})
_NAMES = ("identifier", "shorthand_property_identifier")

# What the parameter of a wrapper is called that goes behind the constant part of an address.
_ANY_PLACE = re.compile(
    r"(?:^|_)(?:path(?:_?name)?|ur[il]|endpoint|route|resource|address|href|action|rest)$", re.IGNORECASE
)


def is_passed_on(file: SourceFile, call: Node) -> bool:
    """Whether callers decide what is asked: the address, the method, or the config that has them."""
    given = arguments_of(call)
    config = next((one for one in given if unwrap(one).type == "object"), None)
    entries = _entries(file, unwrap(config)) if config is not None else {}
    if "method" in entries and not _constant(file, entries["method"]):
        return True
    if config is not None and any(_is_callers(file, one) for one in _spread(unwrap(config))):
        return True
    address = _address(file, call)
    if address is None or any(_is_callers(file, one) for one in _holes_for_places(file, address)):
        return True
    return not _constant(file, address).strip("/") and _is_told(file, address)


def address_text(file: SourceFile, call: Node) -> str:
    """What an address says, also through the constant of a name; "" when it is not seen."""
    address = _address(file, call)
    return f"{file.text(address)} {file.text(_value(file, address))}" if address is not None else ""


def changes(file: SourceFile, call: Node) -> bool:
    """Whether a request is more than a question, as far as its method is seen."""
    function, entries = call.child_by_field_name("function"), dict[str, Node]()
    for one in arguments_of(call):
        entries |= _entries(file, unwrap(one)) if unwrap(one).type == "object" else {}
    name = file.text(function).rpartition(".")[2].lower() if function is not None else ""
    method = _constant(file, entries["method"]).lower() if "method" in entries else name
    return method not in _READS


def _address(file: SourceFile, call: Node) -> Node | None:
    given = arguments_of(call)
    if not given or unwrap(given[0]).type != "object":
        return given[0] if given else None
    return _entries(file, unwrap(given[0])).get("url")


def _entries(file: SourceFile, literal: Node) -> dict[str, Node]:
    """The values of an object literal by their keys."""
    keys = ((one.child_by_field_name("key") or one, one) for one in literal.named_children)
    return {file.text(key).strip("'\""): one.child_by_field_name("value") or one for key, one in keys}


def _spread(config: Node) -> Iterator[Node]:
    return (one.named_children[0] for one in config.named_children if one.type == "spread_element")


def _is_callers(file: SourceFile, node: Node) -> bool:
    found = resolve(file, node) if node.type in _NAMES else None
    return found is not None and found.kind == "parameter"


def _is_told(file: SourceFile, address: Node) -> bool:
    """Whether a parameter, or an answer, is all that an address is made of."""
    whole = _value(file, address)
    names = [whole] if whole.type in _NAMES else list(descendants(whole, "identifier"))
    found = [one for name in names if (one := resolve(file, name)) is not None]
    if address.type == "member_expression" and any(one.kind in ("variable", "loop") for one in found):
        # An answer told the address: it may be that of a file.
        return not any(one.value is not None and unwrap(one.value).type == "object" for one in found)
    return any(one.kind == "parameter" for one in found)


def _holes_for_places(file: SourceFile, address: Node) -> Iterator[Node]:
    """The names behind the beginning of an address that are called as a whole address is, or a part of any length."""
    whole = _value(file, address)
    for name in descendants(whole, "identifier"):
        if name.start_byte > whole.start_byte + len("`${") and _ANY_PLACE.search(file.text(name)):
            yield name


def _value(file: SourceFile, node: Node) -> Node:
    """An expression, or that which a constant of this file stands for."""
    found = resolve(file, node) if node.type in _NAMES else None
    constant = found is not None and found.value is not None and found.kind == "variable" and not found.keys
    return found.value if constant and found is not None and found.value is not None else node


def _constant(file: SourceFile, node: Node) -> str:
    """The text that an address says by itself, also through the constant of a name; "" for none."""
    return "".join(file.text(one) for one in descendants(_value(file, node), "string_fragment"))
