"""Cleanups for effects that have none: which block returns it, and whether that is the same effect otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Fix, Refusal
from chunklint.rewriting.ecmascript_answers import remembers
from chunklint.rewriting.ecmascript_blocks import (
    Block,
    Release,
    Site,
    block_of,
    close,
    is_concise,
    is_last,
    statement_of,
)
from chunklint.rewriting.ecmascript_loops import cleared
from chunklint.rewriting.ecmascript_releases import release_of
from chunklint.rewriting.ecmascript_text import Edits, style_of
from chunklint.semantics.ecmascript.cleanup_scope import chains_in, conditions
from chunklint.semantics.ecmascript.functions import (
    called_name,
    callee_of,
    enclosing_function,
    function_name,
    function_of,
    is_async,
    returned_function,
)
from chunklint.semantics.ecmascript.leaks import Leak
from chunklint.semantics.ecmascript.names import FUNCTIONS, resolve
from chunklint.semantics.ecmascript.react import Deps, Effect, hook_of
from chunklint.semantics.ecmascript.releases import Kind
from chunklint.semantics.wording import in_series

# Handlers that a release in a cleanup would call: for a socket that is closed on purpose they say too much.
_HEARS_OF_THE_END = re.compile(r"""onclose|onerror|["'](?:close|disconnect|error)["']""")

# Hooks that give what a value was at the rendering before.
_OF_BEFORE = re.compile(r"^use(?:Previous|Prev)(?![a-z])")

_SETS = re.compile(r"set(?![a-z])|dispatch")

# What goes to another address, and the names of what tells which one it is.
_MOVES = re.compile(r"^(?:navigate|(?:router|history|navigation)\.(?:push|replace|navigate))$")
_OF_PLACE = re.compile(r"searchparams|location|pathname|query|^params$", re.IGNORECASE)

# What is done for somebody else than the person who looks at the component.
_SENDS = re.compile(r"(?:submit|save|track|send|report|persist|flush|capture|record|upload)(?![a-z])")

_DEFINED_AND_CALLED = 2


def cleaned_up(file: SourceFile, effect: Effect, found: Iterable[Leak]) -> Fix | Refusal:
    """Give an effect a cleanup that releases all that it acquires, or say why that is not for a fix to do."""
    leaks = sorted(found, key=lambda leak: leak.acquired.node.start_byte)
    if len(leaks) == 1 and leaks[0].acquired.kind is Kind.LOOP:
        return _unfit(file, effect) or cleared(file, effect, leaks[0])
    handed = _handed_back(file, effect, leaks)
    if handed is not None:
        return _unfit(file, effect) or handed
    added = {called_name(file, leak.acquired.node) for leak in leaks if leak.acquired.kind is Kind.LISTENER}
    if {"addListener", "addEventListener"} <= added:
        return Refusal("which of the two ways to listen was taken, the cleanup would have to ask")
    unfit = _unfit(file, effect) or next(filter(None, (_unfit_leak(file, effect, leak) for leak in leaks)), None)
    if unfit is not None:
        return unfit
    homes = _homes(file, effect, [leak.acquired.node for leak in leaks])
    if isinstance(homes, Refusal):
        return homes
    answers = [_closed(file, effect, leaks, home, hoists=False) for home in homes]
    answers += [_closed(file, effect, leaks, home, hoists=True) for home in homes]
    return next((answer for answer in answers if isinstance(answer, Fix)), answers[0])


def _handed_back(file: SourceFile, effect: Effect, leaks: list[Leak]) -> Fix | Refusal | None:
    """Return what the called function returns to undo its work; None when it returns nothing of the kind."""
    calls = {leak.acquired.path[:1] for leak in leaks}
    call = next(iter(calls))[0] if len(calls) == 1 and next(iter(calls)) else None
    callee = callee_of(call) if call is not None else None
    called = function_of(file, callee) if callee is not None else None
    if call is None or called is None or is_async(called) or returned_function(file, called) is None:
        return None
    statement, body = call.parent, effect.callback.child_by_field_name("body")
    if statement is None or body is None or statement.type != "expression_statement" or not is_last(statement, body):
        return Refusal(f"what `{file.text(callee or call)}` returns to undo it is dropped before the effect's end")
    edits = Edits(file)
    edits.insert(statement.start_byte, "return ")
    return edits.fix(f"Return what `{file.text(callee or call)}` returns as the cleanup", safe=True)


def _closed(file: SourceFile, effect: Effect, leaks: list[Leak], block: Block, *, hoists: bool) -> Fix | Refusal:
    edits, releases = Edits(file), list[Release]()
    for leak in leaks:
        release = release_of(Site(file, effect, block, edits, hoists), leak.acquired)
        if isinstance(release, Refusal):
            return release
        if release not in releases:
            releases.append(release)
    close(file, edits, block, _cleanup(file, block.indent, releases))
    called = in_series(list(dict.fromkeys(f"`{release.callee}`" for release in releases)))
    safe = all(_is_safe(file, effect, leak) for leak in leaks) and not _moves_up(file, effect)
    return edits.fix(f"Return a cleanup with {called}", safe=safe)


def _moves_up(file: SourceFile, effect: Effect) -> bool:
    """Whether a formatter would move an effect's function to the line of its hook as soon as it has braces."""
    body, called = effect.callback.child_by_field_name("body"), effect.call.start_point[0]
    return body is not None and body.type != "statement_block" and effect.callback.start_point[0] > called


def _cleanup(file: SourceFile, indent: str, releases: list[Release]) -> str:
    """`return () => ...`, on one line where that is short and the release has no value."""
    style = style_of(file)
    first = releases[0].lines(file, indent)
    bare = len(releases) == len(first) == 1 and not releases[0].returns and not releases[0].guarded
    if bare and releases[0].given is not None and is_concise(file):
        line = f"return () => {first[0]}"
        if "\n" not in line and len(indent) + len(line) <= style.width:
            return line
    inner = indent + style.indent
    lines = "".join(f"{inner}{line}\n" for release in releases for line in release.lines(file, inner))
    return f"return () => {{\n{lines}{indent}}}{style.end}"


def _unfit(file: SourceFile, effect: Effect) -> Refusal | None:
    if not effect.keeps_cleanup:
        hook = file.text(effect.call.child_by_field_name("function") or effect.call)
        return Refusal(f"`{hook}` does not pass a cleanup on, so the effect would need another hook")
    if effect.callback.parent is None or effect.callback.parent.parent != effect.call:
        return Refusal("the effect's function stands elsewhere, where others may call it, too")
    if is_async(effect.callback):
        return Refusal("the effect is async, so React would never call its cleanup")
    return None


def _restarts(file: SourceFile, effect: Effect, kind: Kind) -> Refusal | None:
    """An effect that changes its own dependency ends at once what it began, and may not begin it again."""
    deps = {dep: resolve(file, dep) for dep in effect.deps if dep.type == "identifier"}
    hooks = {dep: hook_of(file, found) for dep, found in deps.items() if found is not None}
    for dep, hook in hooks.items():
        if kind is Kind.TIMEOUT and hook is not None and _OF_BEFORE.search(hook[0]):
            return Refusal(f"`{file.text(dep)}` changes with the next rendering, and that would end what it began")
    asked = {chain[0] for one in conditions(effect.callback) for chain in chains_in(file, one) if chain}
    for node in descendants(effect.callback, "call_expression", stop=FUNCTIONS):
        callee = callee_of(node)
        setter = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
        made = hook_of(file, setter) if setter is not None else None
        if callee is None:
            continue
        for dep, hook in hooks.items():
            # What a hook gives beside a function is what that function sets: `[params, setParams] = useParams()`.
            sets = made is not None and hook is not None and hook[1] == made[1] and _SETS.match(file.text(callee))
            moves = _MOVES.search(file.text(callee)) and _OF_PLACE.search(file.text(dep))
            if (sets or moves) and dep != callee and (kind is Kind.TIMEOUT or file.text(dep) in asked):
                name = file.text(dep)
                return Refusal(f"the effect sets `{name}`, which makes it run again, and that would end what it began")
    return None


def _unfit_leak(file: SourceFile, effect: Effect, leak: Leak) -> Refusal | None:
    acquired = leak.acquired
    for call in acquired.path:
        called = function_of(file, callee_of(call) or call)
        if called is None or not _is_own(file, effect, called):
            name = file.text(callee_of(call) or call)
            return Refusal(f"`{name}` acquires it, and others may call `{name}`, too")
    if acquired.waited:
        return Refusal("it is acquired after a wait, when the cleanup may have run already")
    if acquired.kind is Kind.LOOP:
        return Refusal("the timer sets itself again, and each round has another handle")
    if not acquired.path and enclosing_function(file, acquired.node) != effect.callback:
        return Refusal("it is acquired in a callback, which may run several times")
    if acquired.kind is Kind.TIMEOUT and (told := _sent_by(file, acquired.node)):
        return Refusal(f"the timer calls `{told}`, which may be wanted even if nobody sees the component any more")
    return _restarts(file, effect, acquired.kind) or _guards_itself(file, effect, leak)


def _sent_by(file: SourceFile, timer: Node) -> str:
    """The function that a timer calls to send, save or report something; "" for none."""
    names = (called_name(file, one) for one in descendants(timer, "call_expression"))
    return next((name for name in names if _SENDS.match(name)), "")


def _is_own(file: SourceFile, effect: Effect, function: Node) -> bool:
    """Whether the effect defines a function and names it once more, to call it."""
    name = function_name(file, function)
    inside = effect.callback.start_byte < function.start_byte < effect.callback.end_byte
    uses = sum(file.text(node) == name for node in descendants(effect.callback, "identifier"))
    return inside and bool(name) and uses == _DEFINED_AND_CALLED


def _guards_itself(file: SourceFile, effect: Effect, leak: Leak) -> Refusal | None:
    """An effect that notes that it has run does not begin again what a cleanup ended."""
    if leak.acquired.kind in (Kind.LISTENER, Kind.GLOBAL, Kind.SUBSCRIPTION):
        return None
    remembered = remembers(file, effect)
    if remembered and not any(remembered == text for text in _handles(file, leak)):
        return Refusal(f"`{remembered}` lets the effect begin once, and a cleanup would end that for good")
    if any(called_name(file, call) == "setItem" for call in descendants(effect.callback, "call_expression")):
        return Refusal("the effect notes in the storage that it has run, and would not begin again")
    return None


def _handles(file: SourceFile, leak: Leak) -> Iterator[str]:
    """Where what is acquired is put, which the effect may ask to release it by hand."""
    around = leak.acquired.node.parent
    left = around.child_by_field_name("left") if around is not None else None
    if left is not None:
        yield file.text(left)


def _is_safe(file: SourceFile, effect: Effect, leak: Leak) -> bool:
    """Whether nothing but the leak ends: a timer that a re-run cuts short, or a handler of the end, is more."""
    match leak.acquired.kind:
        case Kind.TIMEOUT:
            return effect.runs is Deps.EMPTY and not leak.outside
        case Kind.OBJECT_URL | Kind.GLOBAL:
            return effect.runs is Deps.EMPTY
        case Kind.CONNECTION | Kind.INSTANCE:
            return not _HEARS_OF_THE_END.search(file.text(effect.callback))
    return True


def _homes(file: SourceFile, effect: Effect, nodes: list[Node]) -> list[Block] | Refusal:
    """The blocks whose end can return the cleanup, the better first: the effect's body, a branch at its end."""
    body = effect.callback.child_by_field_name("body")
    if body is None:
        return Refusal("the effect has no body")
    if body.type != "statement_block":
        return [block_of(file, body)]
    first = min(node.start_byte for node in nodes)
    if any(left.start_byte > first for left in _leaves(body)):
        return Refusal("a `return` after it leaves the effect without a cleanup")
    inner = {_block_around(node, effect.callback) for node in nodes}
    common = next(iter(inner)) if len(inner) == 1 else None
    if common is None or common == body or not is_last(common, body):
        return [block_of(file, body)]
    homes = [block_of(file, common), block_of(file, body)]
    around = common.parent
    braced = common.type == "statement_block" and around is not None and around.type != "else_clause"
    return homes if braced and around and around.child_by_field_name("alternative") is None else homes[::-1]


def _leaves(body: Node) -> Iterator[Node]:
    return descendants(body, "return_statement", stop=FUNCTIONS)


def _block_around(node: Node, callback: Node) -> Node | None:
    """The block that a node's statement stands in; a lone statement of a branch is its own block."""
    statement = statement_of(node, callback)
    if statement is None or statement.parent is None:
        return None
    return statement.parent if statement.parent.type == "statement_block" else statement
