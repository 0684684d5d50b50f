"""Cleanups that miss: the removal is given what the addition was given, or the release that was left out."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.model import Fix, Refusal
from chunklint.rewriting.ecmascript_answers import asked_first, flagged
from chunklint.rewriting.ecmascript_blocks import Release, Site, block_of, close, end_of_line, first_in
from chunklint.rewriting.ecmascript_handlers import handler_of, phase
from chunklint.rewriting.ecmascript_names import is_seen_from
from chunklint.rewriting.ecmascript_releases import release_of
from chunklint.rewriting.ecmascript_text import Edits, indent_of, style_of
from chunklint.semantics.ecmascript.cleanup_scope import own_calls
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    is_called_on_new,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.late_work import Late
from chunklint.semantics.ecmascript.misfits import Misfit, Mismatch
from chunklint.semantics.ecmascript.names import unwrap
from chunklint.semantics.ecmascript.react import Effect, cleanups
from chunklint.semantics.ecmascript.reconnections import LateClose, Reconnect
from chunklint.semantics.ecmascript.releases import Kind


def fitted(file: SourceFile, effect: Effect, found: Mismatch) -> Fix | Refusal:
    """Let the cleanup release what the effect acquires, or say why that is not for a fix to do."""
    if is_called_on_new(found.acquired.node):
        return Refusal("the listener is on an object that the removal does not see: that needs a name first")
    if found.acquired.path:
        return Refusal(f"`{file.text(callee_of(found.acquired.path[0]) or effect.call)}` acquires it for the effect")
    match found.sort:
        case Misfit.HANDLER | Misfit.EVENT | Misfit.TARGET | Misfit.CAPTURE if found.other is not None:
            return _paired(file, effect, found, _own_removal(file, found, found.other))
        case Misfit.FORGOTTEN if found.name:
            return Refusal(
                "this cleanup comes before each re-run too, and it is made once: it needs an effect of its own"
            )
        case Misfit.FORGOTTEN:
            return _remembered(file, effect, found)
        case Misfit.BRANCH:
            return Refusal("which branches shall release it is for the author to say")
    return Refusal("the handles need a list, and the cleanup a loop over it")


def _own_removal(file: SourceFile, found: Mismatch, removal: Node) -> Node:
    """The removal from the same target where there is one: of several buttons each has its own handler."""
    around = enclosing_function(file, removal)
    if found.sort is not Misfit.HANDLER or around is None:
        return removal
    wanted, name = _listens_to(file, found.acquired.node), called_name(file, removal)
    calls = [one for one in descendants(around, "call_expression") if called_name(file, one) == name]
    return next((one for one in calls if _listens_to(file, one) == wanted), removal)


def _listens_to(file: SourceFile, call: Node) -> tuple[str, str]:
    """The target and the event of an addition or a removal, as they are written."""
    receiver, given = receiver_of(call), arguments_of(call)
    return file.text(receiver) if receiver is not None else "", file.text(given[0]) if given else ""


def _paired(file: SourceFile, effect: Effect, found: Mismatch, removal: Node) -> Fix | Refusal:
    """Give the removal what the addition is given."""
    added, removed = arguments_of(found.acquired.node), arguments_of(removal)
    around = next((one for one in ancestors(found.acquired.node) if one.type == "statement_block"), None)
    if around is None or not begins_within(removal, around):
        return Refusal("the removal stands where it does not see what was added")
    edits = Edits(file)
    site = Site(file, effect, block_of(file, around), edits)
    match found.sort:
        case Misfit.HANDLER:
            name = handler_of(site, found.acquired, added[1])
            if isinstance(name, Refusal):
                return name
            edits.replace(removed[1].start_byte, _end_of(file, removal, removed), name)
            title = f"Pass `{name}` to both calls"
        case Misfit.EVENT:
            edits.replace(removed[0].start_byte, removed[0].end_byte, file.text(added[0]))
            title = f"Remove the listener of `{file.text(added[0])}`"
        case Misfit.TARGET:
            mine, other = found.acquired.receiver, receiver_of(removal)
            if mine is None or other is None or not is_seen_from(file, mine, removal):
                return Refusal("the target is not known where the cleanup is")
            edits.replace(other.start_byte, other.end_byte, file.text(mine))
            title = f"Remove the listener from `{file.text(mine)}`"
        case _:
            said = phase(site, added[2:3])
            if said is None or len(removed) < 2:
                return Refusal("its options are made where it is added")
            if len(removed) > 2:
                start, end = removed[1].end_byte, removed[-1].end_byte
                edits.replace(start, end, f", {said}" if said else "")
            else:
                edits.insert(removed[1].end_byte, f", {said}")
            title = "Remove the listener of the same phase"
    return edits.fix(title, safe=True)


def _end_of(file: SourceFile, removal: Node, given: list[Node]) -> int:
    """Where the handler ends, with the comma and the line end behind it where it was what needed a line."""
    handler, listed = given[1], removal.child_by_field_name("arguments")
    if listed is None or handler != given[-1] or given[0].start_point[0] != handler.start_point[0]:
        return handler.end_byte
    behind = file.source[handler.end_byte : listed.end_byte - 1]
    return listed.end_byte - 1 if behind.strip() in (b"", b",") else handler.end_byte


def _remembered(file: SourceFile, effect: Effect, found: Mismatch) -> Fix | Refusal:
    """Release in the cleanup what it leaves out."""
    acquired = found.acquired
    if acquired.waited or acquired.kind is Kind.LOOP:
        return Refusal("it is acquired after a wait or again and again, when the cleanup may have run already")
    if enclosing_function(file, acquired.node) != effect.callback:
        return Refusal("it is acquired in a callback, which may run several times")
    known = [one for one in cleanups(file, effect) if is_function(one) and one.parent is not None]
    inline = [one for one in known if one.parent is not None and one.parent.type == "return_statement"]
    if len(inline) != 1 or len(known) != 1:
        return Refusal("its cleanup is not a single function that the effect returns")
    leaves = inline[0].parent
    if leaves is None or leaves.parent is None or leaves.start_byte < acquired.node.start_byte:
        return Refusal("its cleanup is made before it is acquired")
    if any(file.text(call) == file.text(acquired.node) for call in descendants(inline[0], "call_expression")):
        return Refusal("its cleanup adds it once more, where it most likely is to be removed")
    edits = Edits(file)
    site = Site(file, effect, block_of(file, leaves.parent), edits)
    release = release_of(site, acquired)
    if isinstance(release, Refusal):
        return release
    body = inline[0].child_by_field_name("body")
    if body is None:
        return Refusal("its cleanup has no body")
    _append(file, edits, body, leaves, release)
    return edits.fix(f"Call `{release.callee}` in the cleanup, too", safe=acquired.kind is not Kind.TIMEOUT)


def _append(file: SourceFile, edits: Edits, body: Node, leaves: Node, release: Release) -> None:
    """Add a statement to a cleanup, whose single expression gets a block for it."""
    style, base = style_of(file), indent_of(file, leaves.start_byte)
    inner = base + style.indent
    lines = release.lines(file, inner)
    if body.type == "identifier" and len(lines) == 1 and not release.guarded:
        edits.replace(body.start_byte, body.end_byte, lines[0].removesuffix(";"))
        return
    if body.type != "statement_block":
        edits.insert(body.start_byte, f"{{\n{inner}")
        edits.insert(body.end_byte, style.end + "".join(f"\n{inner}{line}" for line in lines) + f"\n{base}}}")
        return
    held = [one for one in body.named_children if one.type != "comment"]
    if not held or body.start_point[0] == body.end_point[0]:
        close(file, edits, block_of(file, body), f"\n{inner}".join(lines))
        return
    inner = indent_of(file, held[-1].start_byte)
    edits.insert(end_of_line(held[-1]), "".join(f"\n{inner}{line}" for line in release.lines(file, inner)))


def asked_after_wait(file: SourceFile, effect: Effect, late: Late) -> Fix | Refusal:
    """Ask, between the wait and what is acquired after it, for a flag that the cleanup sets."""
    right = late.node.child_by_field_name("right")
    if right is not None and (right.type == "identifier" or unwrap(right) != right):
        return _released_at_once(file, effect, late)
    return asked_first(file, effect, only=(late.node,))


def _released_at_once(file: SourceFile, effect: Effect, late: Late) -> Fix | Refusal:
    """What the wait brings is there already: when the cleanup has run, it is released as the cleanup would."""
    statement = late.node.parent
    called = (call for call in own_calls(file, effect) if late.name in _released_by(file, call))
    release = next(called, None)
    if release is None or statement is None or statement.type != "expression_statement":
        return Refusal("what comes of the wait has to be released at once, and how, this file does not tell")
    if called_name(file, release) == "removeEventListener":
        return Refusal("the listener is added later, and must not be added at all")
    edits = Edits(file)
    flag = flagged(file, effect, edits, [late.node])
    if isinstance(flag, Refusal):
        return flag
    text = file.text(release).replace("?.(", "(").replace("?.", ".")
    if called_name(file, release) == "getTracks":
        text += ".forEach((track) => track.stop())"  # The cleanup goes on with a function of several lines, as a rule.
    line = f"if ({flag}) {text}{style_of(file).end}"
    edits.insert(end_of_line(statement), f"\n{indent_of(file, statement.start_byte)}{line}")
    return edits.fix(f"Release `{late.name}` at once when the cleanup has run", safe=False)


def _released_by(file: SourceFile, call: Node) -> tuple[str, ...]:
    """What a call releases, as its text: what is called, what it is called on, or what it is given first."""
    callee, receiver, given = callee_of(call), receiver_of(call), arguments_of(call)
    parts = [receiver] if receiver is not None else [*given[:1], *([callee] if callee is not None else [])]
    return tuple(file.text(part) for part in parts)


def read_in_cleanup(file: SourceFile, effect: Effect, declarator: Node) -> Fix | Refusal:
    """Move the reading of a ref into the cleanup that uses it."""
    declaration = declarator.parent
    inline = [one for one in cleanups(file, effect) if is_function(one)]
    body = inline[0].child_by_field_name("body") if len(inline) == 1 else None
    name = declarator.child_by_field_name("name")
    if declaration is None or body is None or name is None or len(declaration.named_children) != 1:
        return Refusal("the reading is no statement of its own, or the cleanup no single function")
    uses = [one for one in descendants(effect.callback, "identifier") if file.text(one) == file.text(name)]
    if any(one != name and not begins_within(one, body) for one in uses):
        return Refusal(f"the effect itself uses `{file.text(name)}`, too")
    edits, style = Edits(file), style_of(file)
    text = file.text(declaration)
    first = first_in(body) if body.type == "statement_block" else None
    if first is not None and body.start_point[0] < body.end_point[0]:
        edits.insert(first.start_byte, f"{text}\n{indent_of(file, first.start_byte)}")
    elif body.type != "statement_block":
        base = indent_of(file, body.start_byte)
        inner = base + style.indent
        edits.insert(body.start_byte, f"{{\n{inner}{text}\n{inner}")
        edits.insert(body.end_byte, f"{style.end}\n{base}}}")
    else:
        return Refusal("its cleanup is written on one line")
    edits.remove_line(declaration)
    return edits.fix(f"Read the ref of `{file.text(name)}` in the cleanup", safe=False)


def closed_for_good(file: SourceFile, again: Reconnect) -> Fix | Refusal:
    """Take the close handler away before the cleanup closes the socket."""
    receiver, statement = receiver_of(again.close), again.close.parent
    if receiver is None or statement is None or called_name(file, again.close) != "close":
        return Refusal("the cleanup closes it through another function, which others may call, too")
    assigned = again.handler.parent
    left = assigned.child_by_field_name("left") if assigned is not None else None
    if left is None or not file.text(left).endswith(".onclose"):
        return Refusal("its close handler is added by a call, and would have to be removed by one")
    text = file.text(receiver)
    edits, style = Edits(file), style_of(file)
    asks = "?." in file.text(again.close)
    line = f"if ({text}) {text}.onclose = null{style.end}" if asks else f"{text}.onclose = null{style.end}"
    if statement.type == "expression_statement":
        edits.insert(statement.start_byte, f"{line}\n{indent_of(file, statement.start_byte)}")
    elif is_function(statement):
        base = indent_of(file, statement.start_byte)
        inner = base + style.indent
        edits.insert(again.close.start_byte, f"{{\n{inner}{line}\n{inner}")
        edits.insert(again.close.end_byte, f"{style.end}\n{base}}}")
    else:
        return Refusal("the call is part of a longer expression")
    return edits.fix("Take the close handler away before closing", safe=False)


def asked_whose(file: SourceFile, late: LateClose) -> Fix | Refusal:
    """Empty a ref only while it holds the socket that has closed."""
    handler = enclosing_function(file, late.assignment)
    statement = late.assignment.parent
    if handler is None or statement is None or statement.type != "expression_statement":
        return Refusal("the ref is emptied in the middle of an expression")
    own = _own_socket(file, handler)
    edits = Edits(file)
    if not own:
        return Refusal("the socket has no name of its own that the handler could compare")
    edits.insert(statement.start_byte, f"if ({late.name} === {own}) ")
    return edits.fix(f"Ask first whether `{late.name}` is still this socket", safe=True)


def _own_socket(file: SourceFile, handler: Node) -> str:
    """The local name of the socket whose handler this is, or what its event calls it; "" for neither."""
    around = handler.parent
    left = around.child_by_field_name("left") if around is not None else None
    target = left.child_by_field_name("object") if left is not None else None
    if around is not None and around.type == "arguments" and around.parent is not None:
        target = receiver_of(around.parent)
    if target is not None and target.type == "identifier":
        return file.text(target)
    given = handler.child_by_field_name("parameters")
    names = given.named_children if given is not None else []
    single = handler.child_by_field_name("parameter")
    event = single or (names[0].child_by_field_name("pattern") or names[0] if names else None)
    return f"{file.text(event)}.currentTarget" if event is not None and event.type == "identifier" else ""
