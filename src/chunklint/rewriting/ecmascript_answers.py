"""Answers that come too late: a flag that the cleanup sets, and that is asked for after each wait."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants, is_within
from chunklint.model import Fix, Refusal
from chunklint.rewriting.ecmascript_blocks import block_of, close, end_of_line, first_in, with_comments
from chunklint.rewriting.ecmascript_busy import left_raised
from chunklint.rewriting.ecmascript_text import Edits, free_name, indent_of, moved, style_of
from chunklint.semantics.ecmascript.cleanup_scope import Chain
from chunklint.semantics.ecmascript.functions import (
    CONTINUES,
    callee_of,
    enclosing_function,
    is_async,
    is_function,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, unwrap
from chunklint.semantics.ecmascript.react import Effect, cleanups, state_of_setter
from chunklint.semantics.ecmascript.resources import reached

# What the flag is called in files that have one already, and otherwise in React's documentation.
_FLAGS = re.compile(r"\blet (ignore|cancell?ed|stale|aborted|disposed) = false\b")
_LEAVES = frozenset({"return_statement", "throw_statement"})
_STATEMENTS = frozenset({"statement_block", "switch_case", "switch_default"})


def asked_first(
    file: SourceFile,
    effect: Effect,
    edits: Edits | None = None,
    also: Iterable[Node] = (),
    only: Iterable[Node] = (),
    releases: Iterable[str] = (),
) -> Fix | Refusal:
    """Let everything that sets state after a wait ask first whether the effect still stands.

    `also` are further calls that have to ask, `only` those that do where setting state is not the matter, `releases`
    further statements of the cleanup, behind the flag.
    """
    setters = list(only) or [*_late_setters(file, effect), *also]
    edits = edits or Edits(file)
    raised = left_raised(file, effect, setters)
    if raised and _has_flag(file, effect):
        return Refusal(f"a run that asks nothing would come without `{raised[0]}`")
    flag = flagged(file, effect, edits, setters, (*releases, *raised))
    if isinstance(flag, Refusal):
        return flag
    for function in dict.fromkeys(around for node in setters if (around := enclosing_function(file, node)) is not None):
        refusal = _guard(file, edits, function, flag, setters)
        if refusal is not None:
            return refusal
    return edits.fix(f"Ask after the wait for a flag, `{flag}`, that the cleanup sets", safe=False)


def flagged(
    file: SourceFile, effect: Effect, edits: Edits, nodes: list[Node], releases: Iterable[str] = ()
) -> str | Refusal:
    """The flag that the nodes of an effect can ask for: the effect's own, or one that it and its cleanup get."""
    body = effect.callback.child_by_field_name("body")
    unfit = _unfit(file, effect, nodes, body)
    if unfit is not None or body is None:
        return unfit or Refusal("the effect has no body")
    own = _own_flag(file, effect, body) or _own_signal(file, effect, body)
    if own and not releases:
        return own
    known = _FLAGS.search(file.content)
    flag = free_name(file, effect.callback, *([known.group(1)] if known else []), "ignore", "cancelled")
    first = with_comments(_declared_before(file, body, nodes))
    end = style_of(file).end
    edits.insert(first.start_byte, f"let {flag} = false{end}\n{indent_of(file, first.start_byte)}")
    statements = [f"{flag} = true{end}", *(f"{release}{end}" for release in releases)]
    return _set_on_cleanup(file, edits, body, statements, first) or flag


def _has_flag(file: SourceFile, effect: Effect) -> bool:
    """Whether an effect has a flag that its cleanup sets."""
    body = effect.callback.child_by_field_name("body")
    return body is not None and bool(_own_flag(file, effect, body) or _own_signal(file, effect, body))


def _own_signal(file: SourceFile, effect: Effect, body: Node) -> str:
    """What tells that the controller which the effect has is aborted by its cleanup already; "" when there is none."""
    for declarator in (one for node in body.named_children for one in node.named_children):
        name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        if name is None or value is None or not file.text(value).startswith("new AbortController("):
            continue
        given = (one for cleanup in cleanups(file, effect) for one in descendants(cleanup, "identifier"))
        if any(file.text(one) == file.text(name) for one in given):
            return f"{file.text(name)}.signal.aborted"
    return ""


def _own_flag(file: SourceFile, effect: Effect, body: Node) -> str:
    """The flag that the effect has and its cleanup sets already; "" when there is none."""
    made = {
        file.text(name)
        for node in body.named_children
        for one in node.named_children
        if node.type == "lexical_declaration"
        and (name := one.child_by_field_name("name")) is not None
        and (value := one.child_by_field_name("value")) is not None
        and value.type == "false"
    }
    for cleanup in cleanups(file, effect):
        for node in descendants(cleanup, "assignment_expression"):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None and right.type == "true" and file.text(left) in made:
                return file.text(left)
    return ""


def _late_setters(file: SourceFile, effect: Effect) -> Iterator[Node]:
    """The calls that set state after a wait."""
    for run, _ in reached(file, effect.callback):
        callee = callee_of(run.node) if run.node.type == "call_expression" else None
        if callee is None or callee.type != "identifier" or state_of_setter(file, callee) is None:
            continue
        if run.waited or any(True for _ in descendants(run.node, "await_expression", stop=FUNCTIONS)):
            yield run.node


def _unfit(file: SourceFile, effect: Effect, setters: list[Node], body: Node | None) -> Refusal | None:
    if not effect.keeps_cleanup or is_async(effect.callback):
        return Refusal("the effect cannot hand React a cleanup")
    if body is None or body.type != "statement_block" or body.start_point[0] == body.end_point[0]:
        return Refusal("the effect's body is a single expression")
    if effect.callback.parent is None or effect.callback.parent.parent != effect.call:
        return Refusal("the effect's function stands elsewhere, where others may call it, too")
    for node in setters:
        around = enclosing_function(file, node)
        if around is None or not _contains(effect.callback, around):
            name = file.text(callee_of(node) or node.child_by_field_name("left") or node)
            return Refusal(f"`{name}` stands in a function outside of the effect, which others may call, too")
    remembered = remembers(file, effect)
    if remembered:
        return Refusal(f"`{remembered}` tells the effect what it has asked, and it would not ask again what it dropped")
    own = {file.text(dep) for dep in effect.deps}
    for call in descendants(body, "call_expression"):
        callee = callee_of(call)
        state = state_of_setter(file, callee) if callee is not None and callee.type == "identifier" else None
        if state and state in own and call not in setters:
            return Refusal(f"the effect sets `{state}`, which makes it run again and drop its own answer")
    return None


def remembers(file: SourceFile, effect: Effect) -> str:
    """The ref that an effect both reads and sets when it runs, to tell its next run what was done; "" for none."""
    body = effect.callback.child_by_field_name("body")
    if body is None:
        return ""
    put: set[Chain] = set()
    read: set[Chain] = set()
    for node in descendants(body, "member_expression", stop=FUNCTIONS):
        chain, around = dotted(file, node), node.parent
        if chain[1:] != ("current",) or around is None:
            continue
        if around.type == "assignment_expression" and around.child_by_field_name("left") == node:
            put.add(chain)
        elif around.type not in ("member_expression", "arguments"):
            read.add(chain)
    found = min(put & read, default=None)
    return ".".join(found) if found is not None else ""


def _contains(outer: Node, inner: Node) -> bool:
    return outer.start_byte < inner.start_byte and inner.end_byte <= outer.end_byte


def _guard(file: SourceFile, edits: Edits, function: Node, flag: str, setters: list[Node]) -> Refusal | None:
    """Ask for the flag in one function, wherever it sets state after a wait."""
    body = function.child_by_field_name("body")
    if body is None:
        return None
    own = [node for node in setters if enclosing_function(file, node) == function]
    if any(value.type != "undefined" for value in returned(function)) and body.type == "statement_block":
        return Refusal("the function that sets the state returns a value, too")
    if body.type != "statement_block":
        return _brace(file, edits, function, body, flag)
    if _goes_on(function):
        _ask(file, edits, body, body.named_children, flag, own)
        if not is_async(function):
            return None
    for block in _blocks(body):
        _guard_block(file, edits, block, flag, own)
    return None


def _goes_on(function: Node) -> bool:
    """Whether a function is what `then`, `catch` or `finally` go on with."""
    call = function.parent.parent if function.parent is not None else None
    callee = callee_of(call) if call is not None and call.type == "call_expression" else None
    name = callee.child_by_field_name("property") if callee is not None else None
    return name is not None and name.text is not None and name.text.decode() in CONTINUES


def _brace(file: SourceFile, edits: Edits, function: Node, body: Node, flag: str) -> Refusal | None:
    """`(rows) => setRows(rows)` gets a block, with the question in front."""
    waits = [one for one in descendants(body, "await_expression", stop=FUNCTIONS) if one != body]
    arrow, sets = body.prev_sibling, unwrap(body).type == "call_expression"
    if arrow is None or not sets or len(waits) > 1 or body.start_point[0] != body.end_point[0]:
        return Refusal("what sets the state is part of a longer expression")
    base, style = indent_of(file, function.start_byte), style_of(file)
    inner, text = f"\n{base}{style.indent}", file.text(body)
    lines = []
    if waits:
        name = free_name(file, function, "answer", "result")
        lines.append(f"const {name} = {file.text(waits[0])}{style.end}")
        text = text.replace(file.text(waits[0]), name, 1)
    asked = f"if (!{flag}) {text}{style.end}"
    if len(inner) - 1 + len(asked) <= style.width:
        lines.append(asked)
    else:
        lines += [f"if ({flag}) return{style.end}", f"{text}{style.end}"]
    block = "".join(f"{inner}{line}" for line in lines)
    edits.replace(arrow.end_byte, _end_of_argument(file, function, body), f" {{{block}\n{base}}}")
    return None


def _end_of_argument(file: SourceFile, function: Node, body: Node) -> int:
    """The end of a body; where that had a line of its own, the parenthesis behind the function, for it had one, too."""
    arrow, after = body.prev_sibling, function.next_sibling
    if after is not None and after.type == ",":
        after = after.next_sibling
    if arrow is None or after is None or after.type != ")" or arrow.start_point[0] == body.start_point[0]:
        return body.end_byte
    return after.start_byte


def _blocks(body: Node) -> Iterator[Node]:
    yield body
    yield from descendants(body, *_STATEMENTS, stop=FUNCTIONS)


def _guard_block(file: SourceFile, edits: Edits, block: Node, flag: str, setters: list[Node]) -> None:
    statements = [child for child in block.named_children if child.type != "comment"]
    if block.parent is not None and block.parent.type == "catch_clause" and _waits_in_try(block):
        _ask(file, edits, block, statements, flag, setters)
    elif block.parent is not None and block.parent.type == "finally_clause" and _waits_in_try(block):
        _ask_each(file, edits, statements, flag, setters)
    for at, statement in enumerate(statements):
        if _splits(file, edits, statement, flag, setters):
            continue
        rest = _until_next_wait(statements[at + 1 :])
        asks = _waits_here(statement) or (_waits_inside(statement) and not _is_asked_inside(statement, setters))
        if asks and any(_holds(one, setters) for one in rest):
            indent = indent_of(file, statement.start_byte)
            edits.insert(end_of_line(statement), f"\n{indent}if ({flag}) return{style_of(file).end}")


def _splits(file: SourceFile, edits: Edits, statement: Node, flag: str, setters: list[Node]) -> bool:
    """`setRows(await load())` waits and sets in one statement: the answer gets a name, and the question its place."""
    inner = statement.named_children[0] if statement.type == "expression_statement" else None
    if inner is None or inner not in setters:
        return False
    waits = list(descendants(inner, "await_expression", stop=FUNCTIONS))
    if len(waits) != 1:
        return False
    indent, end = indent_of(file, statement.start_byte), style_of(file).end
    around = enclosing_function(file, statement)
    name = free_name(file, around or statement, "answer", "result")
    asked = f"const {name} = {file.text(waits[0])}{end}\n{indent}if ({flag}) return{end}\n{indent}"
    edits.insert(statement.start_byte, asked)
    wait = waits[0]
    wrapped = wait.parent is not None and wait.parent.type == "parenthesized_expression"
    taken = wait.parent if wrapped and wait.parent is not None else wait
    edits.replace(taken.start_byte, taken.end_byte, name)
    return True


def _until_next_wait(statements: list[Node]) -> list[Node]:
    """The statements up to the next one that waits, with it."""
    taken: list[Node] = []
    for statement in statements:
        taken.append(statement)
        if _waits_here(statement):
            break
    return taken


def _waits_here(statement: Node) -> bool:
    """Whether a statement itself waits, not a block inside of it that asks by itself."""
    if statement.type == "await_expression":
        return True
    inner = descendants(statement, "await_expression", "for_in_statement", stop=FUNCTIONS | _STATEMENTS)
    return any(node.type == "await_expression" for node in inner) or (
        statement.type == "for_in_statement" and any(child.type == "await" for child in statement.children)
    )


def _waits_inside(node: Node) -> bool:
    return any(True for _ in descendants(node, "await_expression", stop=FUNCTIONS))


def _is_asked_inside(statement: Node, setters: list[Node]) -> bool:
    """Whether each way through the blocks of a statement that waits asks by itself before it leaves them."""
    for block in descendants(statement, *_STATEMENTS, stop=FUNCTIONS):
        held = [one for one in block.named_children if one.type != "comment"]
        for at, one in enumerate(held):
            if _waits_here(one) and not any(_holds(later, setters) for later in _until_next_wait(held[at + 1 :])):
                return False
        caught = block.parent is not None and block.parent.type == "catch_clause" and _waits_in_try(block)
        if caught and not _holds(block, setters) and (not held or held[-1].type not in _LEAVES):
            return False
    return True


def _waits_in_try(block: Node) -> bool:
    """Whether the `try` that a handler belongs to waits for anything."""
    around = next((node for node in ancestors(block) if node.type == "try_statement"), None)
    tried = around.child_by_field_name("body") if around is not None else None
    return tried is not None and _waits_inside(tried)


def _holds(statement: Node, setters: list[Node]) -> bool:
    return any(is_within(node, statement) for node in setters)


def _ask(file: SourceFile, edits: Edits, block: Node, statements: list[Node], flag: str, setters: list[Node]) -> None:
    """Leave a block early, before the first of its statements that does more than log."""
    own = [one for one in statements if one.type != "comment"]
    if not any(_holds(one, setters) for one in own):
        return
    acting = [one for one in own if not _logs(file, one)]
    if len(own) == 1 and own[0].type == "expression_statement" and own[0].start_point[0] == own[0].end_point[0]:
        edits.insert(own[0].start_byte, f"if (!{flag}) ")
        return
    first = acting[0]
    gap = indent_of(file, first.start_byte)
    edits.insert(first.start_byte, f"if ({flag}) return{style_of(file).end}\n{gap}")


def _logs(file: SourceFile, statement: Node) -> bool:
    return file.text(statement).startswith("console.")


def _ask_each(file: SourceFile, edits: Edits, statements: list[Node], flag: str, setters: list[Node]) -> None:
    """In a `finally`, which must not leave early, ask before each statement that sets state."""
    for statement in statements:
        if statement.type == "expression_statement" and _holds(statement, setters):
            if statement.start_point[0] == statement.end_point[0]:
                edits.insert(statement.start_byte, f"if (!{flag}) ")
                continue
            base = indent_of(file, statement.start_byte)
            inner = base + style_of(file).indent
            held = f"if (!{flag}) {{\n{inner}{moved(file, statement, inner)}\n{base}}}"
            edits.replace(statement.start_byte, statement.end_byte, held)


def _declared_before(file: SourceFile, body: Node, setters: list[Node]) -> Node:
    """The first statement of the effect that can lead to what asks for the flag."""
    statements = [child for child in body.named_children if child.type != "comment"]
    holding = [one for one in statements if _holds(one, setters)]
    names = {file.text(name) for one in holding if (name := one.child_by_field_name("name")) is not None}
    for statement in statements:
        if statement in holding or any(file.text(name) in names for name in descendants(statement, "identifier")):
            return statement
    return statements[0]


def _set_on_cleanup(file: SourceFile, edits: Edits, body: Node, statements: list[str], first: Node) -> Refusal | None:
    style = style_of(file)
    leaves = descendants(body, "return_statement", stop=FUNCTIONS)
    after = [node for node in leaves if node.start_byte > first.start_byte]
    if not after:
        block = block_of(file, body)
        inner = f"\n{block.indent}{style.indent}"
        code = "".join(f"{inner}{statement}" for statement in statements)
        close(file, edits, block, f"return () => {{{code}\n{block.indent}}}{style.end}")
        return None
    value = after[0].named_children[0] if len(after) == 1 and after[0].named_children else None
    if value is None or after[0].parent != body or not is_function(value):
        return Refusal("a `return` on the way leaves the effect without the cleanup that would set a flag")
    inside = value.child_by_field_name("body")
    if inside is None:
        return Refusal("its cleanup has no body")
    if inside.type != "statement_block":
        base = indent_of(file, after[0].start_byte)
        deeper = f"\n{base}{style.indent}"
        edits.insert(inside.start_byte, "{" + "".join(f"{deeper}{one}" for one in statements) + deeper)
        edits.insert(inside.end_byte, f"{style.end}\n{base}}}")
        return None
    held = first_in(inside)
    if held is None or inside.start_point[0] == inside.end_point[0]:
        return Refusal("its cleanup is written on one line")
    gap = f"\n{indent_of(file, held.start_byte)}"
    edits.insert(held.start_byte, "".join(f"{one}{gap}" for one in statements))
    return None
