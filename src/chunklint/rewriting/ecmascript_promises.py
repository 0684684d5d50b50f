"""Effects that give React a promise: the call in braces, or the work in an async function of its own."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Fix, Refusal
from chunklint.rewriting.ecmascript_blocks import deepen, end_of_line, is_last
from chunklint.rewriting.ecmascript_handlers import is_typed
from chunklint.rewriting.ecmascript_text import Edits, free_name, indent_of, style_of
from chunklint.semantics.ecmascript.async_effects import Promise, Promised
from chunklint.semantics.ecmascript.functions import arguments_of
from chunklint.semantics.ecmascript.names import FUNCTIONS
from chunklint.semantics.ecmascript.react import Effect

_VOIDS = re.compile(r"^\s*void \w", re.MULTILINE)


def kept_from_react(file: SourceFile, effect: Effect, promise: Promise) -> Fix | Refusal:
    """Let the effect return nothing, or say why that would lose something."""
    given = arguments_of(effect.call)
    match promise.sort:
        case Promised.RETURNED:
            return _in_braces(file, effect, promise.node)
        case Promised.EFFECT if given and given[0] == effect.callback:
            return _called_inside(file, effect)
        case Promised.EFFECT if given and given[0].type == "identifier" and not _parameters(effect.callback):
            return _wrapped(file, given[0])
        case Promised.LOST_CLEANUP if given and given[0] == effect.callback:
            return _found_again(file, effect)
        case Promised.CLEANUP:
            return Refusal("what must be done before the next run of the effect is for the author to say")
    return Refusal("the effect's function stands elsewhere, where others may call it, too")


def _parameters(function: Node) -> list[Node]:
    listed = function.child_by_field_name("parameters")
    return listed.named_children if listed is not None else []


def _void(file: SourceFile) -> str:
    """`void ` where the file marks promises that nobody waits for."""
    return "void " if _VOIDS.search(file.content) else ""


def _in_braces(file: SourceFile, effect: Effect, call: Node) -> Fix | Refusal:
    body = effect.callback.child_by_field_name("body")
    edits, style = Edits(file), style_of(file)
    if body is None:
        return Refusal("the effect has no body")
    if body.type != "statement_block":
        if body != call:
            return Refusal("the call is part of a longer expression")
        arrow = body.prev_sibling
        base = indent_of(file, effect.callback.start_byte)
        inner = base + style.indent
        start = arrow.end_byte if arrow is not None else body.start_byte
        edits.replace(start, body.start_byte, f" {{\n{inner}{_void(file)}")
        if body.start_point[0] == effect.callback.start_point[0]:
            deepen(file, edits, body, style.indent)
        edits.insert(body.end_byte, f"{style.end}\n{base}}}")
        return edits.fix("Put the call into braces", safe=True)
    statement = call.parent
    if statement is None or statement.type != "return_statement" or not is_last(statement, body):
        return Refusal("the effect goes on after other branches than the one that returns the promise")
    edits.replace(statement.start_byte, call.start_byte, _void(file))
    return edits.fix("Call it without returning its promise", safe=True)


def _called_inside(file: SourceFile, effect: Effect) -> Fix | Refusal:
    """`useEffect(async () => {...})` becomes an ordinary function that defines an async one and calls it."""
    callback = effect.callback
    body = callback.child_by_field_name("body")
    mark = next((child for child in callback.children if child.type == "async"), None)
    if body is None or mark is None or mark.next_sibling is None or callback.type != "arrow_function":
        return Refusal("the effect's function is not written as an arrow function")
    if _parameters(callback):
        return Refusal("the effect's function has parameters")
    edits = Edits(file)
    _nest(file, edits, callback, body, mark, ("", ""))
    return edits.fix("Define the async function inside the effect, and call it", safe=True)


def _nest(file: SourceFile, edits: Edits, callback: Node, body: Node, mark: Node, around: tuple[str, str]) -> None:
    """Make the body that of an async function inside of the effect, with statements before and after its call."""
    style, base = style_of(file), indent_of(file, callback.start_byte)
    inner = base + style.indent
    name = free_name(file, callback, "run", "load")
    edits.replace(mark.start_byte, mark.next_sibling.start_byte if mark.next_sibling else mark.end_byte, "")
    edits.insert(body.start_byte, f"{{\n{inner}{around[0]}const {name} = async () => ")
    deepen(file, edits, body, style.indent)
    edits.insert(body.end_byte, f"{style.end}\n{inner}{_void(file)}{name}(){style.end}{around[1]}\n{base}}}")


def _found_again(file: SourceFile, effect: Effect) -> Fix | Refusal:
    """Keep the cleanup in a variable as soon as it is known, and call it at once when the effect has ended by then."""
    callback = effect.callback
    body = callback.child_by_field_name("body")
    mark = next((child for child in callback.children if child.type == "async"), None)
    if body is None or body.type != "statement_block" or mark is None or _parameters(callback):
        return Refusal("the effect's function is not written as an arrow function with a block")
    leaves = list(descendants(body, "return_statement", stop=FUNCTIONS))
    valued = [one for one in leaves if one.named_children]
    if len(valued) != 1 or valued[0].parent != body or callback.type != "arrow_function":
        return Refusal("it returns several cleanups, or one on some branches only")
    edits, style = Edits(file), style_of(file)
    value, base = valued[0].named_children[0], indent_of(file, callback.start_byte)
    inner, indent = base + style.indent, indent_of(file, valued[0].start_byte) + style.indent
    flag, name = free_name(file, callback, "ignore", "ended"), free_name(file, callback, "cleanup", "release")
    sort = ": (() => void) | undefined" if is_typed(file) else ""
    edits.replace(valued[0].start_byte, value.start_byte, f"{name} = ")
    edits.insert(end_of_line(valued[0]), f"\n{indent}if ({flag}) {name}(){style.end}")
    before = f"let {flag} = false{style.end}\n{inner}let {name}{sort}{style.end}\n{inner}"
    deeper = f"\n{inner}{style.indent}"
    after = f"\n\n{inner}return () => {{{deeper}{flag} = true{style.end}{deeper}{name}?.(){style.end}\n{inner}}}"
    _nest(file, edits, callback, body, mark, (before, f"{after}{style.end}"))
    return edits.fix("Return a cleanup at once, which calls the one that the wait brings", safe=False)


def _wrapped(file: SourceFile, name: Node) -> Fix | Refusal:
    """`useEffect(load, [load])` calls it in a function of its own."""
    edits, style = Edits(file), style_of(file)
    base = indent_of(file, name.start_byte)
    call = f"{_void(file)}{file.text(name)}(){style.end}"
    edits.replace(name.start_byte, name.end_byte, f"() => {{\n{base}{style.indent}{call}\n{base}}}")
    return edits.fix(f"Call `{file.text(name)}` in a function that returns nothing", safe=True)
