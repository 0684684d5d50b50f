"""Names for what stood inline: handlers, receivers and handles, so that a cleanup can say them again."""

from __future__ import annotations

import re
from types import MappingProxyType

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Refusal
from chunklint.rewriting.ecmascript_blocks import Release, Site, indent_in
from chunklint.rewriting.ecmascript_names import function_around, introduce, is_call, is_in, is_seen_from, own_statement
from chunklint.rewriting.ecmascript_text import call, indent_of, moved, style_of
from chunklint.semantics.ecmascript.functions import arguments_of, is_function
from chunklint.semantics.ecmascript.lifetimes import Reach, reach
from chunklint.semantics.ecmascript.names import FUNCTIONS, string_value, unwrap
from chunklint.semantics.ecmascript.origins import origin_of
from chunklint.semantics.ecmascript.releases import Kind
from chunklint.semantics.ecmascript.resources import Acquisition

_BROKEN_ARROW = re.compile(r"=>[ \t]*\r?\n\s*")

# How the names of events begin that are made of two words.
_BEGINNINGS = re.compile(
    "^(?:key|mouse|pointer|touch|drag|dbl|hash|pop|page|visibility|before|fullscreen|selection|context|orientation|"
    "transition|animation|device|language|focus)(?=.)|^app(?=installed)"
)

# The types of the events that browsers send, with the names of the events.
_EVENTS = {
    "KeyboardEvent": "keydown keyup keypress",
    "MouseEvent": "click dblclick mousedown mouseup mousemove mouseenter mouseleave mouseover mouseout contextmenu "
    "auxclick",
    "PointerEvent": "pointerdown pointerup pointermove pointercancel pointerleave pointerenter pointerover pointerout "
    "gotpointercapture lostpointercapture",
    "InputEvent": "beforeinput",
    "CompositionEvent": "compositionstart compositionupdate compositionend",
    "SubmitEvent": "submit",
    "AnimationEvent": "animationstart animationend animationiteration animationcancel",
    "TransitionEvent": "transitionstart transitionrun transitionend transitioncancel",
    "ProgressEvent": "loadstart progress loadend",
    "DeviceMotionEvent": "devicemotion",
    "DeviceOrientationEvent": "deviceorientation",
    "GamepadEvent": "gamepadconnected gamepaddisconnected",
    "SecurityPolicyViolationEvent": "securitypolicyviolation",
    "TouchEvent": "touchstart touchend touchmove touchcancel",
    "DragEvent": "drag dragend dragenter dragleave dragover dragstart drop",
    "FocusEvent": "focus blur focusin focusout",
    "ClipboardEvent": "copy cut paste",
    "WheelEvent": "wheel",
    "MessageEvent": "message messageerror",
    "StorageEvent": "storage",
    "PopStateEvent": "popstate",
    "HashChangeEvent": "hashchange",
    "BeforeUnloadEvent": "beforeunload",
    "PageTransitionEvent": "pagehide pageshow",
    "PromiseRejectionEvent": "unhandledrejection rejectionhandled",
    "ErrorEvent": "error",
    "Event": "resize scroll online offline visibilitychange fullscreenchange selectionchange",
}
_EVENT_TYPES = MappingProxyType({event: sort for sort, events in _EVENTS.items() for event in events.split()})


def pair(site: Site, acquired: Acquisition, removal: str, position: int) -> Release | Refusal:
    """A removal that takes what the addition took: the same receiver, event and handler."""
    given = arguments_of(acquired.node)
    callee = acquired.node.child_by_field_name("function")
    if callee is None or len(given) <= position or any(one.type == "spread_element" for one in given):
        return Refusal("its arguments are not written out")
    events = [site.file.text(one) for one in given[:position]]
    if any(is_call(one) or not is_seen_from(site.file, one, site.block.node) for one in given[:position]):
        return Refusal("the event's name is not known where the cleanup would be")
    receiver = _receiver(site, acquired)
    if isinstance(receiver, Refusal):
        return receiver
    handler = handler_of(site, acquired, given[position])
    if isinstance(handler, Refusal):
        return handler
    return Release(f"{receiver}{removal}", (*events, handler), returns=removal == "off")


def phase(site: Site, options: list[Node]) -> str | None:
    """What the removal has to say of the options: only `capture` counts; None when that cannot be read."""
    if not options:
        return ""
    node = unwrap(options[0])
    match node.type:
        case "true" | "false":
            return node.type
        case "undefined":
            return ""
        case "identifier" | "member_expression":
            return site.file.text(node) if is_seen_from(site.file, node, site.block.node) else None
        case "object":
            keys = {
                site.file.text(key): part for part in node.named_children if (key := part.child_by_field_name("key"))
            }
            if len(keys) < len([part for part in node.named_children if part.type != "comment"]):
                return None
            capture = keys.get("capture")
            return "" if capture is None else f"{{ {site.file.text(capture)} }}"
    return None


def _receiver(site: Site, acquired: Acquisition) -> str | Refusal:
    """The receiver and the dot behind it, as the cleanup says them."""
    callee = acquired.node.child_by_field_name("function")
    receiver = callee.child_by_field_name("object") if callee is not None else None
    if callee is None or receiver is None:
        return ""
    name = callee.child_by_field_name("property") or receiver
    between = site.file.source[receiver.end_byte : name.start_byte].decode("utf-8", "replace")
    dot = "?." if "?" in between else "."
    if not is_call(receiver) and "current" not in site.file.text(receiver).split("."):
        if not is_seen_from(site.file, receiver, site.block.node):
            return Refusal(f"`{site.file.text(receiver)}` is not known, or another one, where the cleanup would be")
        return f"{site.file.text(receiver)}{dot}"
    statement = own_statement(acquired.node, site.block)
    if statement is None:
        return Refusal("what it listens to has no name, and there is no place to give it one")
    wanted = "mediaQuery" if "matchMedia" in site.file.text(receiver) else "element"
    own = site.edits.free_name(function_around(acquired.node), wanted)
    introduce(site, statement, own, _chained(site, receiver, indent_in(site.file, statement, site.block)))
    site.edits.replace(receiver.start_byte, name.start_byte, f"{own}{dot}")
    return f"{own}{dot}"


def _chained(site: Site, receiver: Node, indent: str) -> str:
    """A receiver on one line, if only the dots of its chain had lines of their own."""
    text = re.sub(r"\s*\n\s*(\??\.)", r"\1", site.file.text(receiver))
    return text if "\n" not in text else moved(site.file, receiver, indent)


def handler_of(site: Site, acquired: Acquisition, handler: Node) -> str | Refusal:
    """The handler's name, which an inline one is given first."""
    if not is_call(handler):
        if not is_seen_from(site.file, handler, site.block.node):
            return Refusal(f"`{site.file.text(handler)}` is not known, or another one, where the cleanup would be")
        return site.file.text(handler)
    statement = own_statement(acquired.node, site.block)
    if statement is None:
        return Refusal("there is no place to give the handler a name")
    if not is_in(statement, site.block):
        return Refusal("the handler would get its name in a branch, where the cleanup does not see it")
    given = arguments_of(acquired.node)
    event = string_value(site.file, given[0]) if len(given) > 1 else "change"
    if event is None:
        event = site.file.text(given[0]).rpartition(".")[2].lower()
    around = function_around(acquired.node)
    name = site.edits.free_name(around, handler_name(event), f"{handler_name(event)}Event")
    indent = indent_in(site.file, statement, site.block)
    value = moved(site.file, handler, indent)
    inner = unwrap(handler)
    if is_function(inner):
        typed = _typed(site, acquired, inner, event, indent)
        if isinstance(typed, Refusal):
            return typed
        value = _on_one_line(site, typed, len(f"{indent}const {name} = "))
    introduce(site, statement, name, value)
    _pass_name(site, acquired.node, handler, name)
    return name


def _on_one_line(site: Site, arrow: str, before: int) -> str:
    """The function without the break behind its arrow, where there is room that it did not have as an argument."""
    style, joined = style_of(site.file), _BROKEN_ARROW.sub("=> ", arrow, count=1)
    return joined if "\n" not in joined and before + len(joined) + len(style.end) <= style.width else arrow


def _typed(site: Site, acquired: Acquisition, function: Node, event: str, indent: str) -> str | Refusal:
    if not is_typed(site.file):
        return moved(site.file, function, indent)
    if uses_own_this(function):
        return Refusal("its handler says `this`, which has no type of its own once the handler has a name")
    edit = parameters_typed(site.file, function, _event_type(site, acquired, event))
    if edit is None:
        return Refusal("its handler gets the types of its parameters from the call, and would lose them with a name")
    return text_with(site.file, function, indent, edit)


def _event_type(site: Site, acquired: Acquisition, event: str) -> str:
    """The type of what a handler is given; "" when the receiver is none of the browser's own."""
    receiver = acquired.receiver
    if acquired.kind is not Kind.LISTENER:
        return ""
    origin = origin_of(site.file, receiver) if receiver is not None else None
    if "matchMedia" in site.file.text(origin or acquired.node):
        return "MediaQueryListEvent"
    held = reach(site.file, receiver, site.effect)
    if (
        receiver is None
        or held is Reach.GLOBAL
        or held is Reach.OWNED
        or "Element" in site.file.text(origin or receiver)
    ):
        return _EVENT_TYPES.get(event, "Event")
    return ""


def _pass_name(site: Site, node: Node, handler: Node, name: str) -> None:
    """Put a name where the handler stood; arguments that had lines of their own for its sake get one line again."""
    listed = node.child_by_field_name("arguments")
    callee = node.child_by_field_name("function")
    given = arguments_of(node)
    if listed is None or callee is None or len(given) != len(listed.named_children):
        site.edits.replace(handler.start_byte, handler.end_byte, name)
        return
    texts = [name if one == handler else site.file.text(one) for one in given]
    indent = indent_of(site.file, node.start_byte)
    name_of_callee = " ".join(site.file.text(callee).split())
    written = call(style_of(site.file), indent, name_of_callee, texts)
    site.edits.replace(listed.start_byte, listed.end_byte, written.removeprefix(name_of_callee))


def is_typed(file: SourceFile) -> bool:
    """Whether the file is TypeScript, where a parameter of a named function needs a type."""
    return file.path.endswith((".ts", ".tsx", ".mts", ".cts"))


def handler_name(event: str) -> str:
    """`handleKeyDown` for `keydown`, `handleUserJoined` for `user:joined`."""
    parts = "".join(part if part.isalnum() else " " for part in event).split()
    return "handle" + "".join(_camel(part) for part in parts) if parts else "handleEvent"


def _camel(word: str) -> str:
    begins = _BEGINNINGS.match(word) if word.islower() else None
    parts = (word,) if begins is None else (begins.group(), word[begins.end() :])
    return "".join(part[:1].upper() + part[1:] for part in parts)


def parameters_typed(file: SourceFile, function: Node, wanted: str) -> tuple[int, int, str] | None:
    """The edit, in bytes, that gives the only parameter of a function a type; None when none can be given.

    An empty edit stands for parameters that need no type.
    """
    at = function.start_byte
    single = function.child_by_field_name("parameter")
    if single is not None:
        return (single.start_byte, single.end_byte, f"({file.text(single)}: {wanted})") if wanted else None
    listed = function.child_by_field_name("parameters")
    given = [child for child in listed.named_children if child.type != "comment"] if listed is not None else []
    bare = [one for one in given if one.child_by_field_name("type") is None]
    if not bare:
        return at, at, ""
    if len(given) != 1 or not wanted or bare[0].child_by_field_name("value") is not None:
        return None
    end = (bare[0].child_by_field_name("pattern") or bare[0]).end_byte
    return end, end, f": {wanted}"


def text_with(file: SourceFile, node: Node, indent: str, edit: tuple[int, int, str]) -> str:
    """The text of a node with an edit inside of it, at another indentation."""
    start, end, text = edit
    before = file.source[node.start_byte : start].decode("utf-8", "replace")
    whole = moved(file, node, indent)
    if not text:
        return whole
    # What comes before the parameters' end is on the first lines, which `moved` may indent otherwise.
    head = file.source[node.start_byte : end].decode("utf-8", "replace")
    if "\n" in head:
        return file.text(node).replace(head, before + text, 1)
    return before + text + whole[len(head) :]


def uses_own_this(function: Node) -> bool:
    """Whether a function says `this` or `arguments`, which mean something else for every kind of call."""
    if function.type == "arrow_function":
        return False
    return any(True for _ in descendants(function, "this", stop=FUNCTIONS - {function.type}))
