"""The timeout of an axios call or instance, where its config is or would be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages import language_of
from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.model import Finding, Fix, Refusal
from chunklint.rewriting.ecmascript_addresses import address_text, changes, is_passed_on
from chunklint.rewriting.ecmascript_imports import imported
from chunklint.rewriting.ecmascript_objects import braced, with_entry, with_last_argument
from chunklint.rewriting.ecmascript_text import Edits
from chunklint.rewriting.limits import Limit
from chunklint.rewriting.long_waits import (
    MAY_BE_LONG,
    MAY_WORK_LONG,
    NEAR_A_MODEL,
    OF_A_MODEL,
    STARTS_WORK,
    WORKS_LONG,
    spelled,
)
from chunklint.semantics.ecmascript.functions import arguments_of, function_name, is_function
from chunklint.semantics.ecmascript.names import qualified, resolve, unwrap, wrapped
from chunklint.semantics.ecmascript.requests import config_position

_ADDRESSES = frozenset({"string", "template_string", "binary_expression"})

# What a body seldom has: `axios.post(url, { headers })` sends its config.
_OF_CONFIG = frozenset({"timeout", "headers", "withCredentials", "signal", "responseType", "cancelToken"})

# In browsers axios limits the whole exchange, bodies and all, and files are as long as they are.
_TRANSFERS = re.compile(
    r"upload|download|FormData|multipart|arraybuffer|blob|octet-stream|binary|(?<![a-z])pdf", re.IGNORECASE
)
# Downloads whose size is known by what they are; and those that may be of any size for all their other names.
_SMALL = re.compile(
    r"\.(?:ttf|otf|woff2?|svg|ico)(?![a-z])|favicon|avatar|thumbnail|(?<![a-z])(?:pfp|logo|icon|font)s?(?![a-z])"
)
_LARGE = re.compile(r"download|export|attach|video|audio|upload|archive|\.zip|(?<![a-z])(?:pdf|tar)(?![a-z])")
_LONG_DOWNLOAD = Refusal("a limit would end a long download that is well, too; its author knows how long one may take")

# What a server may have to fetch or to start first.
_SETS_UP = re.compile(r"preload|(?<![a-z])(?:install|pull|start_container|provision|migrat)", re.IGNORECASE)
_OF_MODELS = (NEAR_A_MODEL, OF_A_MODEL)
_FILES = re.compile(r"export|(?<![a-z])(?:file|document|attachment|backup|artifact)s?(?![a-z])", re.IGNORECASE)


def limited_request(file: SourceFile, finding: Finding, limit: Limit) -> Fix | Refusal:
    """Give an axios call or instance that waits a `timeout`, merged into the config that it has."""
    calls = descendants(file.root, "call_expression")
    call = next((one for one in calls if file.span(one) == finding.location.span), None)
    function = call.child_by_field_name("function") if call is not None else None
    found = qualified(file, function) if function is not None else None
    if call is not None and function is not None and file.text(function) == "fetch":
        return _limited_fetch(file, call, limit)
    if call is None or found is None or found[0] != "axios":
        return _LONG_DOWNLOAD
    edits, (_, method) = Edits(file), found
    asked = [call]
    if method == "create":
        uses = _calls_of_instance(file, call)
        if uses is None or any(is_passed_on(file, one) for one in uses):
            return Refusal("what others ask of the instance is not seen here, and an upload may take long and be well")
        asked = uses
    if any(_TRANSFERS.search(text) for one in asked for text in (file.text(_function_around(one)), *_said(file, one))):
        return Refusal("a file may take long and be well; its author knows how long")
    if limit.timeout_ms == Limit().timeout_ms and any(_takes_long(file, one) for one in asked):
        # Who has said what fits here has not had this limit guessed.
        return Refusal(
            f"it may take longer than {limit.timeout_ms} ms and be well; say in the call what is too long for it"
        )
    why = _entered(file, call, method, f"timeout: {limit.timeout_ms}", edits) or _explained(file, limit, edits)
    if why is not None:
        return why
    safe = not any(_may_be_long(file, one) or is_passed_on(file, one) for one in asked)
    return edits.fix(f"Pass `timeout: {limit.timeout_ms}`", safe=safe)


def _limited_fetch(file: SourceFile, call: Node, limit: Limit) -> Fix | Refusal:
    """Give a `fetch` a signal that aborts it, where what it brings is small: a font, an icon, the picture of a user."""
    given = arguments_of(call)
    said = (*(spelled(file.text(one)) for one in given[:1]), *_said(file, call))
    if "FormData" in file.text(_function_around(call)):
        # What is sent on from here is mostly what somebody has just made here.
        return _LONG_DOWNLOAD
    small = any(_SMALL.search(one) for one in said)
    if not given or not small or any(_LARGE.search(one) for one in said):
        return _LONG_DOWNLOAD
    options = unwrap(given[1]) if len(given) > 1 else None
    if options is not None and options.type != "object":
        return Refusal("its options are not written out here")
    edits, entry = Edits(file), f"signal: AbortSignal.timeout({limit.timeout_ms})"
    if options is None:
        with_last_argument(file, call, [], entry, edits)
    else:
        with_entry(file, options, entry, edits)
    why = _explained(file, limit, edits)
    return why if why is not None else edits.fix(f"Pass `{entry}`", safe=False)


def _calls_of_instance(file: SourceFile, call: Node) -> list[Node] | None:
    """The calls of an instance of axios; None where others may make more of them."""
    place = wrapped(call).parent
    name = place.child_by_field_name("name") if place is not None and place.type == "variable_declarator" else None
    statement = place.parent if place is not None else None
    exported = statement is not None and statement.parent is not None and statement.parent.type == "export_statement"
    if name is None or name.type != "identifier" or exported:
        return None
    found = resolve(file, name)
    calls = list[Node]()
    for use in descendants(file.root, "identifier", "shorthand_property_identifier"):
        if use == name or file.text(use) != file.text(name) or resolve(file, use) != found:
            continue
        member = use.parent
        around = member.parent if member is not None and member.type == "member_expression" else member
        if around is None or around.type not in ("call_expression", "member_expression"):
            return None
        calls.append(next((one for one in ancestors(use) if one.type == "call_expression"), around))
    return calls


def _function_around(node: Node) -> Node:
    """The function that a call stands in, or its statement where it stands in none."""
    around = next((one for one in ancestors(node) if is_function(one)), None)
    return around or next((one for one in ancestors(node) if one.type.endswith(("_statement", "_declaration"))), node)


def limited_request_again(file: SourceFile, finding: Finding, limit: Limit) -> Fix | Refusal:
    """Put a limit in the place of the 0 that means none."""
    pairs = descendants(file.root, "pair")
    pair = next((one for one in pairs if file.span(one) == finding.location.span), None)
    value = pair.child_by_field_name("value") if pair is not None else None
    if pair is None or value is None:
        return Refusal("the value is not found again")
    call = next((one for one in ancestors(pair) if one.type == "call_expression"), None)
    asked = call is not None and limit.timeout_ms == Limit().timeout_ms and not _makes_client(file, call)
    if call is not None and asked and (changes(file, call) or _takes_long(file, call)):
        return Refusal("what it asks for may be done though nobody waits any more; who wrote 0 may have known why")
    edits = Edits(file)
    edits.replace(value.start_byte, value.end_byte, limit.timeout_ms)
    why = _explained(file, limit, edits)
    return why if why is not None else edits.fix(f"Set the limit to `{limit.timeout_ms}`", safe=False)


def _makes_client(file: SourceFile, call: Node) -> bool:
    function = call.child_by_field_name("function")
    found = qualified(file, function) if function is not None else None
    return found is not None and found[1] == "create"


def _entered(file: SourceFile, call: Node, method: str, entry: str, edits: Edits) -> Refusal | None:
    """Write the entry into the config of a call, which gets one if it has none; or say why not."""
    given = arguments_of(call)
    position = config_position(method, given)
    if position is None:
        return Refusal("the call takes no config")
    if method in ("default", "*") and position == 1 and not _is_address(file, given[0]):
        return Refusal("it is not seen whether the first argument is an address or a config")
    if position < len(given):
        return _merged(file, given[position], entry, edits)
    if any(_looks_like_config(file, one) for one in given):
        return Refusal("what it sends looks like a config that has lost its place")
    missing = ["undefined"] * (position - len(given))
    with_last_argument(file, call, missing, entry, edits)
    return None


def _merged(file: SourceFile, config: Node, entry: str, edits: Edits) -> Refusal | None:
    literal = unwrap(config)
    if literal.type == "object":
        with_entry(file, literal, entry, edits)
        return None
    if config.type != "identifier":
        return Refusal("its config is not written out here")
    # The constant may be shared with what is no request of axios.
    edits.replace(config.start_byte, config.end_byte, braced(file, f"...{file.text(config)}, {entry}"))
    return None


def _looks_like_config(file: SourceFile, node: Node) -> bool:
    entries = node.named_children if node.type == "object" else []
    keys = (one.child_by_field_name("key") or one for one in entries)
    return any(file.text(key).strip("'\"") in _OF_CONFIG for key in keys)


def _is_address(file: SourceFile, node: Node) -> bool:
    """Whether an argument is a text, by how it is written or by the type of the parameter that it is."""
    if node.type in _ADDRESSES:
        return True
    if node.type != "identifier":
        return False
    typed = re.compile(rf"\b{re.escape(file.text(node))}\??:\s*string\b")
    heads = (one.child_by_field_name("parameters") for one in ancestors(node) if is_function(one))
    return any(typed.search(file.text(head)) for head in heads if head is not None)


def _explained(file: SourceFile, limit: Limit, edits: Edits) -> Refusal | None:
    """Import what the value needs; or say why it cannot stand here."""
    language = language_of("value.ts")
    if language is None or language.parse("value.ts", f"({limit.timeout_ms});").root.has_error:
        return Refusal(f"the configured value `{limit.timeout_ms}` is no expression")
    return imported(file, limit.timeout_ms_import, edits) if limit.timeout_ms_import else None


def _takes_long(file: SourceFile, call: Node) -> bool:
    """Whether nobody would take our guess of a limit for the work that this call itself says it waits for."""
    function = next((one for one in ancestors(call) if is_function(one)), None)
    named = spelled(_name_of(file, function)) if function is not None else ""
    if any(WORKS_LONG.search(one) for one in (spelled(file.text(call)), named)):
        return True
    said = (spelled(address_text(file, call)), named, spelled(file.path.rpartition("/")[2]))
    return changes(file, call) and any(STARTS_WORK.search(one) for one in said)


def _name_of(file: SourceFile, function: Node) -> str:
    """The name of a function, or of the entry that it is the value of."""
    around = wrapped(function).parent
    key = around.child_by_field_name("key") if around is not None and around.type == "pair" else None
    return file.text(key) if key is not None else function_name(file, function)


def _said(file: SourceFile, call: Node) -> Iterator[str]:
    """The names around a call, in the spelling of snake_case: of its functions, and of the file."""
    yield from (spelled(_name_of(file, one)) for one in ancestors(call) if is_function(one))
    yield spelled(file.path.rpartition("/")[2])


def _may_be_long(file: SourceFile, call: Node) -> bool:
    """Whether a limit may end what is well: by the call, by what is around it, and by what the file is for."""
    text = file.text(call)
    if MAY_BE_LONG.search(text):
        return True
    names = tuple(_said(file, call))
    if any(pattern.search(one) for one in (spelled(text), *names) for pattern in (WORKS_LONG, _FILES, _SETS_UP)):
        return True
    address = spelled(address_text(file, call))
    if any(pattern.search(one) for one in (address, *names) for pattern in (STARTS_WORK, MAY_WORK_LONG)):
        return True
    return any(pattern.search(one) for one in (address, *names, spelled(file.path)) for pattern in _OF_MODELS)
