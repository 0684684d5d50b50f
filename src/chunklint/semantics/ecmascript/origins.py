"""Where the object of a call comes from: the export that it is, the exports that made it, the global it belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, receiver_of
from chunklint.semantics.ecmascript.names import dotted, qualified, resolve, root_of, unwrap

# How many calls, members and names lie at most between an object and what made it.
_LINKS = 12
_RENAMINGS = 3


def is_global(file: SourceFile, node: Node) -> bool:
    """Whether the root of a chain is a name that the file does not declare: `window.setTimeout`, `document`."""
    root = root_of(node)
    return root.type == "identifier" and resolve(file, root) is None


def origin_of(file: SourceFile, node: Node) -> Node | None:
    """The expression that a name was initialised with, through plain renamings; the node itself when it is no name."""
    for _ in range(_RENAMINGS):
        node = unwrap(node)
        if node.type != "identifier":
            return node
        found = resolve(file, node)
        if found is None or found.value is None or found.keys:
            return None
        node = found.value
    return node


def export_of(file: SourceFile, node: Node) -> tuple[str, str] | None:
    """The module and the export that a chain stands for, members included.

    `monaco.editor.create` is ("monaco-editor", "editor.create") for a namespace as for a default import.
    """
    chain, root = dotted(file, node), root_of(node)
    found = qualified(file, root) if chain and root.type == "identifier" else None
    if found is None:
        return None
    module, name = found
    return module, ".".join(chain[1:] if name in ("*", "default") and chain[1:] else (name, *chain[1:]))


def is_native(file: SourceFile, receiver: Node) -> bool:
    """Whether it is one of React Native's event sources, which return what removes the listener."""
    origin = qualified(file, root_of(receiver))
    return origin is not None and (origin[0] == "react-native" or origin[0].startswith("expo"))


def makers(file: SourceFile, node: Node) -> Iterator[tuple[str, str]]:
    """The exports whose calls made an object, the last one first, through methods, members and local names."""
    for _ in range(_LINKS):
        node = unwrap(node)
        inner: Node | None = None
        match node.type:
            case "call_expression" | "new_expression":
                callee = callee_of(node)
                made = export_of(file, callee) if callee is not None else None
                if made is not None:
                    yield made
                inner = receiver_of(node)
            case "member_expression":
                inner = node.child_by_field_name("object")
            case "identifier":
                found = resolve(file, node)
                inner = found.value if found is not None else None
        if inner is None:
            return
        node = inner


def completes(file: SourceFile, node: Node) -> bool:
    """Whether a stream ends by itself: a `take...` or `first` in one of its pipes."""
    for _ in range(_LINKS):
        node = unwrap(node)
        if node.type == "identifier":
            found = resolve(file, node)
            if found is None or found.value is None:
                return False
            node = found.value
            continue
        if node.type != "call_expression":
            return False
        names = [called_name(file, given) for given in arguments_of(node)]
        if any(name == "first" or name.startswith("take") for name in names):
            return True
        inner = receiver_of(node)
        if inner is None:
            return False
        node = inner
    return False


def belongs_to(file: SourceFile, node: Node, owner: str) -> bool:
    """Whether an object is part of a global (`navigator.geolocation`), or what a call of that name made."""
    while node.type == "call_expression":
        if called_name(file, node) == owner:
            return True
        inner = receiver_of(node)
        if inner is None:
            return False
        node = inner
    chain, root = dotted(file, node), root_of(node)
    if not chain or root.type != "identifier":
        return False
    if is_global(file, root):
        return owner in chain
    origin = origin_of(file, root)
    if origin is None:
        return False
    if origin.type == "call_expression":
        return len(chain) == 1 and called_name(file, origin) == owner
    return is_global(file, origin) and owner in (*dotted(file, origin), *chain[1:])
