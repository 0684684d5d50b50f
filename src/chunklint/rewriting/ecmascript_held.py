"""Timers that handlers start: a ref holds the handle, the next start clears it, and an effect does on unmount."""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.model import Finding, Fix, Refusal
from chunklint.rewriting.ecmascript_blocks import with_comments
from chunklint.rewriting.ecmascript_handlers import is_typed
from chunklint.rewriting.ecmascript_imports import hooks_of_react
from chunklint.rewriting.ecmascript_names import LOOPS
from chunklint.rewriting.ecmascript_text import Edits, call, indent_of, style_of
from chunklint.semantics.ecmascript.effect_wording import head_of
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, is_function
from chunklint.semantics.ecmascript.handler_timers import resets
from chunklint.semantics.ecmascript.names import unwrap
from chunklint.semantics.ecmascript.outside_effects import started_by_handlers
from chunklint.semantics.ecmascript.react import component_of, is_hook

_FOR_EACH = frozenset({b"forEach", b"map", b"flatMap", b"reduce"})
_CLEARS = {"setTimeout": ("clearTimeout", "timeoutRef"), "setInterval": ("clearInterval", "intervalRef")}


def held_in_ref(file: SourceFile, finding: Finding) -> Fix | Refusal | None:
    """Keep the handle of a handler's timer in a ref of its component; None where the finding is about no such timer."""
    span, found = finding.location.span, tuple(resets(file))
    for reset in found:
        if file.span(head_of(reset.timer)) == span:
            owner = component_of(file, reset.timer)
            same = (one.timer for one in found if one.state == reset.state)
            return _held(file, [one for one in same if component_of(file, one) == owner], reset.state)
    for started in started_by_handlers(file):
        if file.span(head_of(started.acquired.node)) == span:
            return _held(file, [started.acquired.node], "")
    return None


def _held(file: SourceFile, timers: list[Node], state: str) -> Fix | Refusal:
    """`state` is the state variable that the timers take back; "" where they belong to none."""
    owner = component_of(file, timers[0])
    name = called_name(file, timers[0])
    body = owner.child_by_field_name("body") if owner is not None else None
    if owner is None or body is None or body.type != "statement_block" or name not in _CLEARS:
        return Refusal("it belongs to no component that could hold its handle in a ref")
    last = _place(file, body, state, min(timer.start_byte for timer in timers))
    if last is None:
        return Refusal("the component has no hooks in a row that a ref and an effect could stand behind")
    if any(_statement(timer) is None for timer in timers):
        return Refusal("what else becomes of its handle is for its author to say")
    if any(_is_repeated(timer, owner) for timer in timers):
        return Refusal("a loop starts it, and one ref holds one handle")
    edits = Edits(file)
    hooks = hooks_of_react(file, edits, ("useEffect", "useRef"))
    if hooks is None:
        return Refusal("`useEffect` and `useRef` cannot be imported from where React is imported")
    clear, wanted = _CLEARS[name]
    ref = edits.free_name(owner, wanted, f"{state or 'handler'}{wanted[:1].upper()}{wanted[1:]}")
    window = file.text(callee_of(timers[0]) or timers[0]).removesuffix(name)
    release = f"{window}{clear}({ref}.current)"
    for timer in timers:
        _assign(file, edits, timer, ref, release)
    edits.insert(last.end_byte, _hooks(file, last, hooks, (ref, f"{window}{name}"), release))
    return edits.fix(f"Hold the timer in a ref, `{ref}`, and clear it before the next one and on unmount", safe=False)


def _is_repeated(timer: Node, owner: Node) -> bool:
    """Whether a loop, or a method that calls back for each of several things, is what starts a timer."""
    for around in ancestors(timer):
        given = around.parent is not None and around.parent.type == "jsx_expression"
        if around == owner or (given and is_function(around)):
            return False
        callee = around.child_by_field_name("function") if around.type == "call_expression" else None
        name = callee.child_by_field_name("property") if callee is not None else None
        if around.type in LOOPS or (name is not None and name.text in _FOR_EACH):
            return True
    return False


def _place(file: SourceFile, body: Node, state: str, before: int) -> Node | None:
    """The last of the hooks in a row that begins with the state, or with the component's first, before it returns."""
    statements = [one for one in body.named_children if one.type != "comment" and one.end_byte <= before]
    rows = [at for at, one in enumerate(statements) if _is_hook(file, one)]
    if state:
        named = (at for at in rows if state in _declared(file, statements[at]))
        first = next(named, None)
    else:
        first = rows[0] if rows else None
    if first is None or any(_may_leave(one) for one in statements[: first + 1]):
        return None
    last = first
    while last + 1 in rows and statements[last + 1].start_point[0] == statements[last].end_point[0] + 1:
        last += 1
    return statements[last]


def _is_hook(file: SourceFile, statement: Node) -> bool:
    """Whether a statement declares what a hook gives: `const [open, setOpen] = useState(false)`."""
    if statement.type != "lexical_declaration":
        return False
    values = (one.child_by_field_name("value") for one in statement.named_children)
    inner = [unwrap(one) for one in values if one is not None]
    return bool(inner) and all(one.type == "call_expression" and is_hook(called_name(file, one)) for one in inner)


def _declared(file: SourceFile, statement: Node) -> list[str]:
    return [file.text(one) for one in descendants(statement, "identifier")]


def _may_leave(statement: Node) -> bool:
    return statement.type == "return_statement" or (
        statement.type == "if_statement" and any(True for _ in descendants(statement, "return_statement"))
    )


def _statement(timer: Node) -> Node | None:
    """The statement that a timer is, or that gives it a name, in a block where another one can stand before it."""
    around = timer.parent
    if around is not None and around.type == "variable_declarator":
        name, around = around.child_by_field_name("name"), around.parent
        if name is None or name.type != "identifier" or around is None or len(around.named_children) != 1:
            return None
        around = around if around.children[0].type == "const" else None
    elif around is None or around.type != "expression_statement":
        return None
    return around if around is not None and around.parent and around.parent.type == "statement_block" else None


def _assign(file: SourceFile, edits: Edits, timer: Node, ref: str, release: str) -> None:
    """Clear the timer of the call before, and keep the handle of this one."""
    style, statement = style_of(file), _statement(timer)
    if statement is None:
        return
    indent = indent_of(file, statement.start_byte)
    edits.insert(with_comments(statement).start_byte, f"{release}{style.end}\n{indent}")
    declarator = timer.parent
    name = declarator.child_by_field_name("name") if declarator is not None else None
    if name is not None:
        edits.insert(statement.end_byte, f"\n{indent}{ref}.current = {file.text(name)}{style.end}")
        return
    lead, line = f"{ref}.current = ", file.text(timer)
    if "\n" in line or len(indent) + len(lead) + len(line) + len(style.end) <= style.width:
        edits.insert(timer.start_byte, lead)
        return
    given = [file.text(one) for one in arguments_of(timer)]
    written = call(style, indent, file.text(callee_of(timer) or timer), given, lead)
    edits.replace(timer.start_byte, timer.end_byte, written)


def _hooks(file: SourceFile, last: Node, hooks: Mapping[str, str], named: tuple[str, str], release: str) -> str:
    """The ref, and the effect that clears what it holds on unmount."""
    style, indent = style_of(file), indent_of(file, last.start_byte)
    inner = indent + style.indent
    ref, timer = named
    sort = "number" if timer.startswith("window.") else f"ReturnType<typeof {timer}>"
    typed, empty = (f"<{sort} | undefined>", "undefined") if is_typed(file) else ("", "null")
    lines = (
        f"{indent}{call(style, indent, hooks['useRef'] + typed, [empty], f'const {ref} = ')}{style.end}",
        "",
        f"{indent}{hooks['useEffect']}(() => {{",
        f"{inner}return () => {release}{style.end}",
        f"{indent}}}, []){style.end}",
    )
    after = last.next_named_sibling
    apart = after is None or after.start_point[0] > last.end_point[0] + 1
    return "\n" + "\n".join(lines) + ("" if apart else "\n")
