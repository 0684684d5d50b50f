"""Business logic in a route handler: what counts against its budget, and what is too much on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.names import arguments, enclosing_function
from chunklint.semantics.python.parameters import parameters_of
from chunklint.semantics.python.scopes import FUNCTIONS, Kind, reaching
from chunklint.semantics.web.collaborators import is_effect, is_write_of_repository, unused_collaborators
from chunklint.semantics.web.models import builds_row

_BACKGROUND = frozenset({"add_task", "create_task", "ensure_future", "delay", "apply_async", "send_task", "wait_for"})
# A refusal for one of these reasons, or for the form in which the request came, is a guard, not a rule of the business.
_GUARD = re.compile(
    r"\b4(?:0[1346]|1[135])\b|HTTP_4(?:0[1346]|1[135])_|not_?found|forbidden|unauth|permission|access|credential|allowed|privileges|"
    r"\b(?:is|has|can|verify|check|require)_\w*(?:admin|owner|user|edit|view|role|superuser)",
    re.IGNORECASE,
)
_LOGGING = re.compile(r"^(?:self\.)?_?(?:log|logger|logging|LOG|LOGGER)\.")
_FEEDS = re.compile(r"\.(?:receive|send|read|readline|write)(?:_(?:json|text|bytes|chunk))?$")
_SETTLING = frozenset({"pass_statement", "continue_statement", "break_statement"})

_ADMITS = re.compile(
    r"\bwould (?:typically |normally |actually |really )?"
    r"(?:be (?:\w+ed|read|sent|done|built|made|taken|got|found|from|here|in)\b|query|fetch|get|save|perform|"
    r"aggregate|compute|calculate|call|store|load|come)|"
    r"\bfor now\b[^\n]*\b(?:return|mock|dummy|fake|placeholder)|"
    r"\bmock(?:ed)? (?:data|response|structure|value)|\bplaceholder|\bdummy\b|\bfake\b|\bstub(?:bed)?\b|\bsimulated?\b",
    re.IGNORECASE,
)
_NO_ANSWER = frozenset({"status_code", "timeout", "limit", "default", "page", "page_size", "code", "max_age", "indent"})
# Nobody gives one list more names than these.
_ALIASES = 3
_PAGING = frozenset({"limit", "offset", "page", "page_size", "per_page", "skip", "size", "cursor"})


class Load(StrEnum):
    """What counts against a handler's budget; the values are nouns in the singular."""

    EFFECT = "change"
    ROW = "database row"
    TASK = "background task"
    LOOP = "computing loop"
    RESCUE = "item-by-item rescue"
    BRANCH = "deciding branch"
    RULE = "own rule"


@record
class Item:
    """One thing that counts, at the node that does it; `name` is the callee where there is one."""

    load: Load
    node: Node
    name: str
    weight: int = 1


def items(function: Node, file: PythonFile, *, websocket: bool = False) -> tuple[Item, ...]:
    """What counts against the budget of a handler, in order; calls of the same function count once.

    A websocket endpoint talks a protocol: its branches, refusals and tasks are what it is there for.
    """
    found = file.remember(("budget", function.id), lambda: tuple(_weighed(list(_items(function, file)), file)))
    return tuple(one for one in found if one.load in (Load.EFFECT, Load.LOOP)) if websocket else found


def _weighed(found: Sequence[Item], file: PythonFile) -> Iterator[Item]:
    """The items, with twice the weight of a write of a repository where another one belongs to it.

    Two tables that change together are a unit of work, which is for a service to keep together.
    """
    writes = [one for one in found if one.load is Load.EFFECT and is_write_of_repository(one.node, file)]
    for one in found:
        joined = one in writes and any(other != one and _may_follow(one.node, other.node) for other in writes)
        yield replace(one, weight=2) if joined else one


def _may_follow(one: Node, other: Node) -> bool:
    """Whether one request may come to both nodes."""
    first, second = sorted((one, other), key=lambda node: node.start_byte)
    inner = first
    for around in ancestors(first):
        if around.start_byte <= second.start_byte < around.end_byte:
            return around.type != "if_statement" or inner == around.child_by_field_name("condition")
        if around.type == "block" and _ends(around):
            return False
        inner = around
    return True


def _items(function: Node, file: PythonFile) -> Iterator[Item]:
    body = function.child_by_field_name("body")
    named: set[str] = set()
    for node in descendants(body) if body is not None else ():
        item = _item(node, function, file)
        if item is not None and not (item.name and item.name in named):
            named.add(item.name)
            yield item


def _item(node: Node, function: Node, file: PythonFile) -> Item | None:
    match node.type:
        case "call":
            return _called(node, file)
        case "for_statement" | "while_statement" if _computes(node, file):
            return Item(Load.LOOP, node, "", 1 if _picks(node) else 2)
        case "try_statement" if _in_loop(node, function):
            return Item(Load.RESCUE, node, "")
        case "if_statement" if _checks_rule(node, file):
            return Item(Load.RULE, node, "")
        case "if_statement" if _decides(node, file):
            return Item(Load.BRANCH, node, "")
    return None


def _called(call: Node, file: PythonFile) -> Item | None:
    callee = call.child_by_field_name("function")
    name = file.text(callee) if callee is not None else ""
    if name.rpartition(".")[2] in _BACKGROUND and "." in name and name.isprintable() and not _streams(call):
        return Item(Load.TASK, call, name)
    if name.isprintable() and is_effect(call, file):
        return Item(Load.EFFECT, call, name)
    if name.isprintable() and builds_row(call, file):
        return Item(Load.ROW, call, name, 2)
    return None


def _streams(call: Node) -> bool:
    """Whether a call stands in a generator, which feeds the response and manages what it needs for it."""
    function = enclosing_function(call)
    return function is not None and any(True for _ in descendants(function, "yield", stop=FUNCTIONS))


def _computes(loop: Node, file: PythonFile) -> bool:
    """Whether a loop does more than map rows to answers, read an upload, feed a stream or serve a socket."""
    body = loop.child_by_field_name("body")
    if body is None or any(True for _ in descendants(body, "yield")) or _feeds(loop, file) or _copies(body, file):
        return False
    telling = descendants(body, "await", "augmented_assignment", "break_statement", "try_statement", "for_statement")
    if any(True for _ in telling):
        return True
    return any(_assigns(branch) for branch in descendants(body, "if_statement"))


def _copies(body: Node, file: PythonFile) -> bool:
    """Whether a loop copies the fields of a request to a row, name by name: `setattr(row, name, value)`."""
    last = body.named_children[-1] if body.named_children else None
    call = last.named_children[0] if last is not None and last.type == "expression_statement" else None
    function = call.child_by_field_name("function") if call is not None and call.type == "call" else None
    more = any(True for _ in descendants(body, "await", "try_statement", "for_statement"))
    return function is not None and file.text(function) == "setattr" and not more


def _picks(loop: Node) -> bool:
    """Whether a loop only looks for one item: `if` with a name that gets it, and perhaps a way out."""
    body = loop.child_by_field_name("body")
    inside = [one for one in body.named_children if one.type != "comment"] if body is not None else []
    if len(inside) != 1 or inside[0].type != "if_statement" or inside[0].child_by_field_name("alternative") is not None:
        return False
    chosen = inside[0].child_by_field_name("consequence")
    kept = [one for one in chosen.named_children if one.type != "comment"] if chosen is not None else []
    found = kept[0].named_children[0] if kept and kept[0].type == "expression_statement" else None
    right = found.child_by_field_name("right") if found is not None and found.type == "assignment" else None
    is_item = right is not None and right.type in ("identifier", "attribute", "subscript")
    return is_item and all(one.type == "break_statement" for one in kept[1:])


def _feeds(loop: Node, file: PythonFile) -> bool:
    """Whether a loop moves data: it reads an upload or serves a socket."""
    calls = (call.child_by_field_name("function") for call in descendants(loop, "call"))
    return any(one is not None and _FEEDS.search(file.text(one)) for one in calls)


def _in_loop(node: Node, function: Node) -> bool:
    for around in ancestors(node):
        if around.id == function.id:
            return False
        if around.type == "for_statement":
            return True
    return False


def _blocks(statement: Node) -> list[Node]:
    """The blocks of an `if` with its `elif`s and `else`."""
    clauses = (statement, *statement.children_by_field_name("alternative"))
    fields = (clause.child_by_field_name(name) for clause in clauses for name in ("consequence", "body"))
    return [block for block in fields if block is not None]


def _refuses(block: Node, file: PythonFile) -> bool:
    """Whether a block ends the request, goes on or logs, and has nothing changed before."""
    if _ends(block):
        return not any(is_effect(call, file) for call in descendants(block, "call"))
    return all(
        one.type in _SETTLING or one.type == "comment" or _LOGGING.match(file.text(one)) for one in block.named_children
    )


def _checks_rule(statement: Node, file: PythonFile) -> bool:
    """Whether an `if` refuses the request for a reason other than that something is missing or forbidden."""
    blocks, condition = _blocks(statement), statement.child_by_field_name("condition")
    if condition is None or not all(_refuses(block, file) for block in blocks):
        return False
    raised = [one for block in blocks for one in descendants(block, "raise_statement")]
    if not raised or any(_GUARD.search(file.text(one)) for one in (condition, *raised)):
        return False
    return not _is_absence(condition, file)


def _is_absence(condition: Node, file: PythonFile) -> bool:
    """`not x`, `x is None`: the guard after a lookup."""
    text = file.text(condition)
    return re.fullmatch(r"(?:not\s+)?[\w.]+|[\w.]+\s+is\s+(?:not\s+)?None", text) is not None


def _decides(statement: Node, file: PythonFile) -> bool:
    """Whether a branch gives a name another value or has something changed, filling in what is missing left out."""
    condition, blocks = statement.child_by_field_name("condition"), _blocks(statement)
    if condition is None or _GUARD.search(file.text(condition)) or _fills_in(statement, file):
        return False
    if any(is_effect(call, file) for block in blocks for call in descendants(block, "call")):
        return True
    refuses = len(blocks) == 1 and _ends(blocks[0])
    return not refuses and any(_assigns(block) for block in blocks)


def _ends(block: Node) -> bool:
    """Whether a block ends the request: with an answer or an error."""
    last = block.named_children[-1] if block.named_children else None
    return last is not None and last.type in ("return_statement", "raise_statement")


def _assigns(block: Node) -> bool:
    found = descendants(block, "assignment", stop=FUNCTIONS)
    return any((left := one.child_by_field_name("left")) is not None and left.type == "identifier" for one in found)


def _fills_in(statement: Node, file: PythonFile) -> bool:
    """`if x is None: x = ...`, `if q: filters["q"] = q`: a default, or an option that is passed on."""
    condition, blocks = statement.child_by_field_name("condition"), _blocks(statement)
    if condition is None or len(blocks) != 1:
        return False
    inside = [one for one in blocks[0].named_children if one.type != "comment"]
    if len(inside) != 1 or inside[0].type != "expression_statement":
        return False
    return _is_absence(condition, file)


@record
class Fabrication:
    """A handler that answers with made-up values: the comment that admits it, and the services it never asks."""

    node: Node
    comment: str
    unused: tuple[str, ...]


def fabrication(function: Node, file: PythonFile) -> Fabrication | None:
    """Whether a handler makes its answer up: literals where its services should have been asked."""
    body = function.child_by_field_name("body")
    if body is None:
        return None
    unused = tuple(unused_collaborators(function, parameters_of(function, file), file))
    said = (one for one in descendants(body, "comment") if _ADMITS.search(file.text(one)))
    admission = next((one for one in said if not _is_of_one_field(one)), None)
    numbers = sum(1 for _ in _answered_numbers(body, file))
    if admission is not None and (unused or numbers >= 2):
        return Fabrication(admission, file.text(admission).lstrip("# ").strip(), unused)
    if admission is None and unused and numbers >= 3 and not _asks_anybody(body):
        return Fabrication(body, "", unused)
    return None


def _is_of_one_field(comment: Node) -> bool:
    """Whether a comment stands among the fields of an answer of which others are computed."""
    around = comment.parent
    if around is None or around.type not in ("dictionary", "argument_list"):
        return False
    fields = (one for one in around.named_children if one.type in ("pair", "keyword_argument"))
    return any(True for one in fields for _ in descendants(one, "call"))


def _asks_anybody(body: Node) -> bool:
    return any(True for _ in descendants(body, "await"))


def _answered_numbers(body: Node, file: PythonFile) -> Iterator[Node]:
    """Literal numbers that fill fields of an answer: keywords of a class, values of a dictionary."""
    for number in descendants(body, "integer", "float"):
        holder = number.parent
        if holder is None or holder.child_by_field_name("value") != number:
            continue
        if holder.type == "pair":
            yield number
        elif holder.type == "keyword_argument" and (name := holder.child_by_field_name("name")) is not None:
            listed = holder.parent
            called = listed.parent.child_by_field_name("function") if listed is not None and listed.parent else None
            if called is not None and file.text(called)[:1].isupper() and file.text(name) not in _NO_ANSWER:
                yield number


def filters_after_paging(function: Node, file: PythonFile) -> Node | None:
    """What filters a page that the database has cut already: a comprehension, or a call of `filter`."""
    for filtering, condition, source in _filters(function, file):
        if source.type == "identifier" and _is_page(source, file) and _selects(condition, file):
            return filtering
    return None


def _filters(function: Node, file: PythonFile) -> Iterator[tuple[Node, Node, Node]]:
    """What filters, its condition, and what it filters."""
    for clause in descendants(function, "if_clause"):
        loops = (one for one in clause.parent.named_children if one.type == "for_in_clause") if clause.parent else ()
        loop = next(iter(loops), None)
        source = loop.child_by_field_name("right") if loop is not None else None
        if clause.parent is not None and source is not None:
            yield clause.parent, clause, source
    for call in descendants(function, "call"):
        callee, given = call.child_by_field_name("function"), arguments(call, file).positional
        if callee is not None and file.text(callee) == "filter" and len(given) == 2 and given[0].type == "lambda":
            yield call, given[0], given[1]


def _selects(condition: Node, file: PythonFile) -> bool:
    """Whether a condition picks by what the caller asked for, not just what is there."""
    return any(True for _ in descendants(condition, "comparison_operator")) and " is not None" not in file.text(
        condition
    )


def _is_page(name: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether a name holds what a call with `limit=` and `offset=` gave, by itself or by another name."""
    values = [one.value for one in reaching(name, file) if one.kind is Kind.ASSIGNMENT and one.value is not None]
    calls = [call for value in values for call in (value, *descendants(value, "call")) if call.type == "call"]
    if any(len(_PAGING & set(arguments(call, file).keywords)) >= 2 for call in calls):
        return True
    others = (value for value in values if value.type == "identifier") if depth < _ALIASES else ()
    return any(_is_page(other, file, depth + 1) for other in others)
