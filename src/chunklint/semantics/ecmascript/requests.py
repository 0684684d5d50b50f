"""Requests that may wait for ever: axios without a timeout anywhere, and downloads with `fetch` without a signal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.languages.ecmascript import EcmascriptFile
from chunklint.semantics.ecmascript.functions import arguments_of, enclosing_function, function_name
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

# What a transfer of unknown length is given; how long it may take is for the person who waits.
_TRANSFERS = frozenset({"onUploadProgress", "onDownloadProgress", "signal", "cancelToken"})
_SETS_TIMEOUT = re.compile(r"\.timeout\s*(?:\?\?|\|\|)?=[^=]")

_KEEPERS = frozenset({"variable_declarator", "assignment_expression", "member_expression", "statement_block"})
_RUNS_ON_NODE = re.compile(r"(^|/)(route\.[jt]sx?$|pages/api/|server/|.*\.server\.)")
_LOCAL = re.compile(r"blob|data:|data_?ur|object|asset", re.IGNORECASE)
_READS_FILE = re.compile(r"\.(?:blob|arrayBuffer)\(\)")


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


def switches_axios_off(call: Node, file: EcmascriptFile) -> Node | None:
    """The `timeout: 0` of an axios call or instance; None where a transfer has no foreseeable length."""
    function = call.child_by_field_name("function")
    found = qualified(file, function) if function is not None else None
    if found is None or found[0] != "axios" or call.has_error:
        return None
    config = _config(call, found[1], file)
    literal = _literal(config[0], file) if config else None
    entries = literal.named_children if literal is not None and literal.type == "object" else []
    keys = {file.text(key).strip("'\""): one for one in entries if (key := one.child_by_field_name("key")) is not None}
    limit = keys.get("timeout")
    value = limit.child_by_field_name("value") if limit is not None else None
    if limit is None or value is None or file.text(value) not in ("0", "Infinity"):
        return None
    return None if not _TRANSFERS.isdisjoint((*keys, *map(file.text, entries))) else limit


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
    given = arguments_of(call)
    position = config_position(method, given)
    if position is None or any(child.type == "spread_element" for child in given):
        return None
    return tuple(given[position : position + 1]) if given or method == "create" else None


def config_position(method: str, given: Sequence[Node]) -> int | None:
    """Where the config of an axios function stands among its arguments; None when it takes none."""
    if method in ("default", "*"):
        return 0 if given and given[0].type == "object" else 1
    return _CONFIG.get(method)


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


def download_waits_for_ever(call: Node, file: EcmascriptFile) -> bool:
    """Whether the browser's `fetch` takes a whole file from a server, and nothing can end it but the server.

    Other uses of `fetch` wait as long, but for answers of a few bytes; see docs/decisions/0017. Node, which limits the
    silence itself, runs the routes of Next.js.
    """
    function = call.child_by_field_name("function")
    given = arguments_of(call)
    if function is None or file.text(function) != "fetch" or resolve(file, function) is not None or call.has_error:
        return False
    if (
        _RUNS_ON_NODE.search(file.path)
        or not given
        or _is_local(given[0], file)
        or len(given) > 2
        or _may_limit(tuple(given[1:]), file)
    ):
        return False
    return _takes_file(call, file) and not any(_is_race(around, file) for around in ancestors(call))


def _is_local(address: Node, file: SourceFile) -> bool:
    """Whether an address is one of the browser's own memory or of a file of the bundle."""
    found = resolve(file, address) if address.type == "identifier" else None
    known = file.text(found.value) if found is not None and found.value is not None else ""
    return address.type == "new_expression" or _LOCAL.search(f"{file.text(address)} {known}") is not None


def _takes_file(call: Node, file: SourceFile) -> bool:
    """Whether the answer's body is read as a file: `(await fetch(url)).blob()`, by its name, or in a `then`."""
    kept = next((around for around in ancestors(call) if around.type in _KEEPERS), None)
    if kept is None:
        return False
    if kept.type == "member_expression":
        name = kept.child_by_field_name("property")
        chain = kept.parent
        if name is not None and file.text(name) == "then" and chain is not None:
            return _READS_FILE.search(file.text(chain)) is not None
        return name is not None and file.text(name) in ("blob", "arrayBuffer")
    target = kept.child_by_field_name("name") or kept.child_by_field_name("left")
    around = enclosing_function(file, call)
    if target is None or target.type != "identifier" or around is None or _LOCAL.search(function_name(file, around)):
        return False
    return re.search(rf"\b{re.escape(file.text(target))}\.(?:blob|arrayBuffer)\(\)", file.text(around)) is not None
