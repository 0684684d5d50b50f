"""What an error boundary does with an error: whether it tells anyone, and whether there is a way back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.classes import members
from chunklint.semantics.ecmascript.definitions import definitions, is_boundary
from chunklint.semantics.ecmascript.functions import arguments_of, is_function, returned
from chunklint.semantics.ecmascript.modules import exports
from chunklint.semantics.ecmascript.names import bindings, unwrap
from chunklint.semantics.ecmascript.ways_on import Named, components_in, fallback_of, may_lead


class Catcher(Enum):
    """What kind of thing catches."""

    CLASS = "class"
    ERROR_FILE = "error file"
    LIBRARY = "library"


class WayOut(Enum):
    """How one gets from a fallback back to a working page."""

    NONE = "none"
    LINK = "a link of the router, with a state that nothing clears"
    NOTHING = "nothing is shown, and nothing clears the state"
    DOCUMENT = "a document is shown inside of another, or none where one is needed"
    SOME = "a reset, a reload, a new document, what the caller gives, or something that cannot be seen"


@record
class Boundary:
    """An error boundary as it stands in a file.

    Attributes:
        tells: Whether it passes the error on, to the console, a service or its caller.
        logs_only: Whether the console is all that it tells.
        hides: Whether it shows nothing instead, as of a part that nobody misses.
        claims: Whether what it shows says that someone was told.
        hook: Whether it has a `componentDidCatch` at all.
        shown: The components of its fallback, which may lead on where it does not by itself.
    """

    name: str
    kind: Catcher
    tells: bool
    hook: bool
    way_out: WayOut
    place: Location
    logs_only: bool = False
    claims: bool = False
    hides: bool = False
    shown: tuple[Named, ...] = ()


_TELLS = re.compile(
    r"console\.\w+\(|onError|\b(?:capture|report|log|track|notify|record|send|emit|handle)\w*\(|"
    r"\w(?:Capture|Report|Log|Track|Notify|Record)\w*\("
)
_LOGS = re.compile(r"\bconsole\.\w+")
_CLAIMS = re.compile(r"\b(?:been|were|was|is|are)\s+(?:\w+ly\s+)?(?:notified|informed)\b")
_DERIVES = "getDerivedStateFromError"
_NO_STATE = frozenset({"{}", "null"})
_TOLD_IN = ("componentDidCatch", "componentDidUpdate")
_RESETS = re.compile(
    r"setState\(|forceUpdate\(|\b(?:reset|retry|reload|tryAgain|unstable_retry)\w*|location\b|href=|<a\b|window\.open"
)
_LINKS = re.compile(r"<(?:Nav)?Link\b|\bto=|navigate\(|\.push\(|history\.")
_LEAVES = re.compile(r"\bsetTimeout\(|\blocation\b|\bnavigate\(|\breload\w*\(")
_CLICKS = re.compile(r"\bon(?:Click|Press|Submit)=")
_CALLERS = re.compile(
    r"props[\s\S]{0,80}?fallback|fallback[\s\S]{0,40}?props|(?<!<)render(?:Error|Fallback)|\bfallback\b", re.IGNORECASE
)
_LIFECYCLE = frozenset({"componentDidCatch", "constructor", "getDerivedStateFromError", "state"})
_ERROR_FILE = re.compile(r"^(?:global-)?error\.[jt]sx?$")
_NO_ELEMENT = re.compile(r"^(?:null|<>\s*</>|<\w+\s*/>)$")
_PACKAGES = frozenset({"react-error-boundary"})


def boundaries(file: SourceFile) -> Iterator[Boundary]:
    """The error boundaries of a file: its classes, and its default export when a framework shows it on errors."""
    for fact, node in definitions(file):
        inner = unwrap(node)
        if fact.kind == "boundary" and is_boundary(file, inner) and not extends_another(file, inner):
            yield _class(file, fact.name, inner)
    path = PurePosixPath(file.path)
    if _ERROR_FILE.match(path.name) and "app" in path.parts:
        yield from _error_file(file)
    if any(package in file.content for package in _PACKAGES):
        yield from _library(file)


def extends_another(file: SourceFile, node: Node) -> bool:
    """Whether a class extends something else than React's own `Component`."""
    heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
    base = file.text(heritage).split("<")[0] if heritage is not None else ""
    return re.search(r"\b(?:Pure)?Component\s*(?:\{|$)", base.strip()) is None


def _class(file: SourceFile, name: str, node: Node) -> Boundary:
    parts = list(members(file, node))
    caught = next((member for part, member in parts if part == "componentDidCatch"), None)
    head = node.child_by_field_name("name") or node
    drops = caught is not None and not _takes_error(caught)
    own = _is_for_own_parts(file, name)
    told = (member for part, member in parts if part in _TOLD_IN)
    tells = not drops and (_TELLS.search(_code(file, node)) is not None or any(_calls(file, member) for member in told))
    logs_only = tells and not _hears_more(file, node, parts)
    tells = tells or _hands_on(file, parts) or (own and caught is not None and _only_explains(caught))
    rest = "\n".join(_code(file, member) for part, member in parts if part not in _LIFECYCLE)
    leaves = caught is not None and _LEAVES.search(_code(file, caught)) is not None
    out = WayOut.SOME if leaves else _way_out(rest)
    if out is WayOut.NONE and not _shows_anything(file, node):
        # What is hidden on purpose is the business of a caller who is told, or of the file that holds the part, too.
        told_caller = caught is not None and "props.on" in file.text(caught)
        out = WayOut.SOME if told_caller or own else WayOut.NOTHING
    hides, place = _way_out(rest) is WayOut.NONE and not _shows_anything(file, node), file.location(head)
    shown = _shown(file, parts)
    return Boundary(name, Catcher.CLASS, tells, caught is not None, out, place, logs_only, _claims(rest), hides, shown)


def _shown(file: SourceFile, parts: list[tuple[str, Node]]) -> tuple[Named, ...]:
    """The components of a class's fallback: those of its `render` alone, where no other method shows any."""
    inside = {part: found for part, member in parts if (found := components_in(file, member))}
    render = next((member for part, member in parts if part == "render"), None)
    if render is not None and set(inside) <= {"render"}:
        return components_in(file, fallback_of(file, render))
    return tuple(one for found in inside.values() for one in found)


def _claims(code: str) -> bool:
    return _CLAIMS.search(code) is not None


def _hears_more(file: SourceFile, node: Node, parts: list[tuple[str, Node]]) -> bool:
    """Whether anything but the console is told what a class has caught."""
    if _hands_on(file, parts) or _TELLS.search(_LOGS.sub("", _code(file, node))) is not None:
        return True
    calls = (call for part, member in parts if part in _TOLD_IN for call in descendants(member, "call_expression"))
    callees = (file.text(callee) for call in calls if (callee := call.child_by_field_name("function")) is not None)
    return any(not callee.startswith("console.") and not callee.endswith(("setState", "super")) for callee in callees)


def _shows_anything(file: SourceFile, node: Node) -> bool:
    """Whether a class has an element with anything in it, or a component's."""
    if next(descendants(node, "jsx_element"), None) is not None:
        return True
    names = (one.child_by_field_name("name") for one in descendants(node, "jsx_self_closing_element"))
    return any(name is not None and not file.text(name)[:1].islower() for name in names)


def _hands_on(file: SourceFile, parts: list[tuple[str, Node]]) -> bool:
    """Whether a boundary leaves what it does not know to the one above: it throws that, or keeps no state of it."""
    catching = [member for part, member in parts if part in (_DERIVES, "componentDidCatch")]
    if any(next(descendants(member, "throw_statement"), None) is not None for member in catching):
        return True
    kept = [[file.text(value) for value in returned(member)] for part, member in parts if part == _DERIVES]
    return any(len(values) > 1 and any(value in _NO_STATE for value in values) for values in kept)


def _only_explains(hook: Node) -> bool:
    """Whether a method does nothing, and a comment in it says why."""
    body = hook.child_by_field_name("body")
    return body is not None and bool(body.named_children) and all(one.type == "comment" for one in body.named_children)


def _is_for_own_parts(file: SourceFile, name: str) -> bool:
    """Whether a class is used where it is defined and nowhere else, other than around a whole app."""
    if any(one.node is not None and _named(file, one.node) == name for one in exports(file).values()):
        return False
    return f"<{name}" in file.content and "reateRoot(" not in file.content


def _named(file: SourceFile, node: Node) -> str:
    head = node.child_by_field_name("name")
    return file.text(head) if head is not None else ""


def _takes_error(method: Node) -> bool:
    """Whether a method, or a function in a field, has a parameter for the error."""
    function = method.child_by_field_name("value") or method
    if not is_function(function):
        return True
    parameters = function.child_by_field_name("parameters")
    return parameters is None or bool(parameters.named_children)


def _calls(file: SourceFile, method: Node) -> bool:
    """Whether a method calls anything but `setState`."""
    callees = (call.child_by_field_name("function") for call in descendants(method, "call_expression"))
    return any(callee is not None and not file.text(callee).endswith(("setState", "super")) for callee in callees)


def _way_out(code: str) -> WayOut:
    if _RESETS.search(code):
        return WayOut.SOME
    if _LINKS.search(code):
        return WayOut.LINK
    if _CLICKS.search(code):
        return WayOut.SOME
    return WayOut.SOME if _CALLERS.search(code) else WayOut.NONE


def _shows_unknown(file: SourceFile, node: Node) -> bool:
    """Whether a component is shown that may hold a way out of which this file does not tell.

    It is one of the project, or one of a package that is made for errors.
    """
    return any(not module or may_lead(module, name) for module, name in components_in(file, node))


def _code(file: SourceFile, node: Node) -> str:
    """The text of a node without its comments."""
    text, start = file.source[node.start_byte : node.end_byte], node.start_byte
    for comment in reversed(list(descendants(node, "comment"))):
        text = text[: comment.start_byte - start] + text[comment.end_byte - start :]
    return text.decode("utf-8", "replace")


def _error_file(file: SourceFile) -> Iterator[Boundary]:
    shown = next((one for one in definitions(file) if _is_default(file, one.fact.name, one.fact.exported)), None)
    if shown is None or not is_function(unwrap(shown.node)):
        return
    code = _code(file, shown.node)
    body = unwrap(shown.node).child_by_field_name("body")
    inside = _code(file, body) if body is not None else code
    passes = re.search(r"\berror=\{|\{\.\.\.|\bthrow\b", inside) is not None or _tells_of_it(file, shown.node)
    out = _way_out(inside)
    if out is not WayOut.NONE:
        out = WayOut.SOME
    elif _is_blank(shown.node):
        out = WayOut.NOTHING
    is_whole = "<html" in inside
    if is_whole != PurePosixPath(file.path).name.startswith("global") and (is_whole or out is not WayOut.SOME):
        out = WayOut.DOCUMENT
    tells = passes or _TELLS.search(inside) is not None
    logs_only = tells and not passes and _TELLS.search(_LOGS.sub("", inside)) is None
    place = shown.fact.place
    inner = components_in(file, shown.node)
    name, claims = shown.fact.name, _claims(inside)
    yield Boundary(name, Catcher.ERROR_FILE, tells, True, out, place, logs_only, claims, shown=inner)


def _tells_of_it(file: SourceFile, node: Node) -> bool:
    """Whether an error file calls something with the error for no value, and not the console: `logger.panic(error)`."""
    for call in descendants(node, "call_expression"):
        callee, around = call.child_by_field_name("function"), call.parent
        if callee is None or around is None or around.type != "expression_statement":
            continue
        if not file.text(callee).startswith("console.") and "error" in map(file.text, arguments_of(call)):
            return True
    return False


def _is_blank(node: Node) -> bool:
    """Whether all that a function shows is elements with nothing in them."""
    inside = descendants(node, "jsx_self_closing_element", "jsx_expression", "jsx_text")
    filled = (one for one in inside if one.parent is not None and one.parent.type != "jsx_attribute")
    return (
        not any((one.text or b"").strip() for one in filled)
        and next(descendants(node, "jsx_element"), None) is not None
    )


def _is_default(file: SourceFile, name: str, exported: str) -> bool:
    default = rf"export default (?:async )?(?:function )?{re.escape(name)}\b"
    return exported == "default" or re.search(default, file.content) is not None


def _library(file: SourceFile) -> Iterator[Boundary]:
    known = bindings(file, file.root)
    for element in descendants(file.root, "jsx_opening_element"):
        tag = element.child_by_field_name("name")
        found = known.get(file.text(tag)) if tag is not None else None
        if tag is None or found is None or found.module not in _PACKAGES or found.imported != "ErrorBoundary":
            continue
        given = {file.text(part.named_children[0]): part for part in element.named_children if part.named_children}
        code = _code(file, element)
        spread = any(child.type == "jsx_expression" for child in element.named_children)
        fallback = _fallback(file, given)
        shown = _code_shown(file, fallback) if fallback is not None else None
        tells = spread or "onError" in given or shown is None or _TELLS.search(shown) is not None
        cleared = spread or shown is None or "resetKeys" in given or "key" in given or _CLICKS.search(code) is not None
        hides = fallback is not None and _shows_nothing(file, fallback)
        out = WayOut.SOME if cleared or hides or _LINKS.search(shown or "") else _way_out(shown or "")
        logs_only = _logs_only(file, given["onError"]) if "onError" in given and not spread else False
        place = file.location(tag)
        inner = components_in(file, fallback) if fallback is not None else ()
        yield Boundary(file.text(tag), Catcher.LIBRARY, tells, True, out, place, logs_only, hides=hides, shown=inner)


def _logs_only(file: SourceFile, handler: Node) -> bool:
    """Whether a handler is one of the console's methods, or a function that calls nothing else."""
    value = handler.named_children[-1]
    if _LOGS.fullmatch(file.text(value).strip("{} ")):
        return True
    calls = [call.child_by_field_name("function") for call in descendants(value, "call_expression")]
    return bool(calls) and all(callee is not None and _LOGS.fullmatch(file.text(callee)) for callee in calls)


def _fallback(file: SourceFile, given: dict[str, Node]) -> Node | None:
    """The fallback where this file has all of it: a function, or what stands for one."""
    for name in ("fallback", "fallbackRender", "FallbackComponent"):
        value = given[name].named_children[-1] if name in given else None
        inner = next(iter(value.named_children), None) if value is not None else None
        if inner is None:
            continue
        if inner.type == "identifier":
            found = bindings(file, file.root).get(file.text(inner))
            inner = found.value if found is not None and not found.keys else None
        elif inner.type == "member_expression":
            return None  # `Fallback.Small` and `this.fallback` stand for what is not read here
        return None if inner is None or _shows_unknown(file, inner) else inner
    return None


def _code_shown(file: SourceFile, fallback: Node) -> str:
    body = fallback.child_by_field_name("body") if is_function(fallback) else None
    return _code(file, body or fallback)


def _shows_nothing(file: SourceFile, fallback: Node) -> bool:
    """Whether a fallback is empty, as of a part that nobody misses."""
    values = returned(fallback) if is_function(fallback) else [fallback]
    return bool(values) and all(_NO_ELEMENT.match(file.text(value)) for value in values)
