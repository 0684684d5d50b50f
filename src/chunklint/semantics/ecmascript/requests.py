"""axios calls that may wait for ever: no timeout in their config, none at their instance, none for the process."""

from __future__ import annotations

import re
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.languages.ecmascript import EcmascriptFile
from chunklint.semantics.ecmascript.names import dotted, qualified, resolve, unwrap

# Where the config stands among the arguments of each function.
_CONFIG = {
    **dict.fromkeys(("create", "request"), 0),
    **dict.fromkeys(("get", "delete", "head", "options"), 1),
    **dict.fromkeys(("post", "put", "patch", "postForm", "putForm", "patchForm"), 2),
}
AXIOS_METHODS = tuple(_CONFIG)

# A signal or a token may carry a timer; whether it does is seldom seen where the call is.
_LIMITS = frozenset({"timeout", "signal", "cancelToken"})
_SETS_TIMEOUT = re.compile(r"\.timeout\s*(?:\?\?|\|\|)?=[^=]")


def axios_waits_for_ever(call: Node, file: EcmascriptFile) -> bool:
    """Whether a call of axios, or the instance that `axios.create` makes, has no limit that this module gives."""
    function = call.child_by_field_name("function")
    found = qualified(file, function) if function is not None else None
    if found is None or found[0] != "axios" or call.has_error:
        return False
    config = _config(call, found[1], file)
    if config is None or _may_limit(config, file) or file.remember("sets timeout", partial(_sets_timeout, file)):
        return False
    return not any(_is_race(around, file) for around in ancestors(call))


def sets_axios_default(target: Node, file: EcmascriptFile) -> bool:
    """Whether an assignment to a member sets `axios.defaults.timeout`, for all calls of the process."""
    names = dotted(file, target)
    if names[1:] != ("defaults", "timeout"):
        return False
    owner = target
    while owner.type == "member_expression" and (inner := owner.child_by_field_name("object")) is not None:
        owner = unwrap(inner)
    return (qualified(file, owner) or ("",))[0] == "axios"


def _sets_timeout(file: SourceFile) -> bool:
    """Whether the module sets a timeout after the fact: `client.defaults.timeout = 5`, an interceptor's config."""
    return _SETS_TIMEOUT.search(file.content) is not None


def _config(call: Node, method: str, file: SourceFile) -> tuple[Node, ...] | None:
    """The config of a call in a tuple, () when it has none; None when the call is none that waits."""
    listed = call.child_by_field_name("arguments")
    if listed is None or listed.type != "arguments":
        return None
    given = [child for child in listed.named_children if child.type != "comment"]
    if any(child.type == "spread_element" for child in given):
        return None
    if method in ("default", "*"):
        position = 0 if given and given[0].type == "object" else 1
    elif method in _CONFIG:
        position = _CONFIG[method]
    else:
        return None
    return tuple(given[position : position + 1]) if given or method == "create" else None


def _may_limit(config: tuple[Node, ...], file: SourceFile) -> bool:
    """Whether a config has a limit, or cannot be seen whole."""
    pending, seen = list(config), set[int]()
    while pending:
        literal = _literal(pending.pop(), file)
        if literal is None or _names_limit(literal, file):
            return True
        spread = (entry for entry in literal.named_children if entry.type == "spread_element")
        pending.extend(entry.named_children[0] for entry in spread if entry.id not in seen)
        seen.update(entry.id for entry in literal.named_children)
    return False


def _names_limit(literal: Node, file: SourceFile) -> bool:
    for entry in literal.named_children:
        key = entry.child_by_field_name("key") or entry
        if file.text(key).strip("'\"") in _LIMITS or key.type == "computed_property_name":
            return True
    return False


def _literal(node: Node, file: SourceFile) -> Node | None:
    """The object literal that an expression is, or that the constant of its name holds."""
    node = unwrap(node)
    if node.type == "identifier":
        found = resolve(file, node)
        constant = found is not None and found.kind == "variable" and not found.keys and found.value is not None
        node = unwrap(found.value) if constant and found is not None and found.value is not None else node
    return node if node.type == "object" else None


def _is_race(node: Node, file: SourceFile) -> bool:
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    return function is not None and dotted(file, function) == ("Promise", "race")
