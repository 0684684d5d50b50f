"""Lists that are joined into an `IN (...)`: the values that they are made of, which one parameter can stand for."""

from __future__ import annotations

import re
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Edit, Refusal
from chunklint.records import record
from chunklint.rewriting.python_sql_texts import HOLE, Slot, Written, written
from chunklint.semantics.python.names import arguments, enclosing_function
from chunklint.semantics.python.scopes import Kind, reaching

# Brackets that hold nothing but the list, and what it is compared with.
_OPENS = re.compile(r"(?:(?P<column>\w+)\"?\s+)?(?:\bNOT\s+)?\bIN\s*(?P<bracket>\()\s*$", re.IGNORECASE)
_CLOSES = re.compile(r"\s*\)")
_COMMA = re.compile(r"\s*,\s*")
# What has a length and an order; a set and a generator have none.
_SEQUENCE = re.compile(r"\W*(?:typing\.)?(?:list|List|tuple|Tuple|Sequence)\b")
_SEQUENCES = frozenset({"list", "tuple", "list_comprehension"})
# What makes a text of a value, and the quotes that it puts around one.
_QUOTES = {"str": "", "repr": "'"}
_ELSEWHERE = Refusal("the list in it is made elsewhere")
_UNSEEN = Refusal("how the elements of the list in it are made is not seen")


@record
class _Elements:
    """The values of a list as an expression, what they are taken from, and the quotes around each in the text."""

    expression: str
    values: Node
    quotes: str


def as_list(slot: Slot, text: Written, file: PythonFile) -> Slot:
    """The slot of a joined list: its brackets, the values as one expression, or why no parameter can stand there.

    Any other slot stays as it is.
    """
    marks, known = text.marks, text.text
    first = next(at for at, mark in enumerate(marks) if mark.start == slot.start)
    last = next(at for at, mark in enumerate(marks) if mark.end == slot.end) + 1
    opens, closes = _OPENS.search(known[:first]), _CLOSES.match(known, last)
    call = _join_at(slot.holes[0], file)
    if opens is None or closes is None or call is None or known[first:last].strip("'") != HOLE:
        return slot
    named = _named(slot.holes[0], call, file)
    found = _elements_of(call, "'" if slot.quoted else "", file)
    obstacle = next((one.reason for one in (named, found) if isinstance(one, Refusal)), "")
    slot = replace(slot, parts=(call, *descendants(call)), many=True, whole=False, obstacle=obstacle)
    if isinstance(named, Refusal) or isinstance(found, Refusal):
        return slot
    return replace(
        slot,
        start=marks[opens.start("bracket")].start,
        end=marks[closes.end() - 1].end,
        expression=found.expression,
        column=(opens["column"] or "").lower(),
        quoted=bool(found.quotes),
        value=found.values,
        named=named,
    )


def without_name(slot: Slot, file: PythonFile) -> tuple[Edit, ...]:
    """The edit that takes out the statement which gave the joined text a name."""
    if slot.named is None:
        return ()
    lines = file.content.splitlines(keepends=True)
    first, last = slot.named.start_point[0], slot.named.end_point[0]
    start = len("".join(lines[:first]).encode())
    return (Edit(file.span_of_bytes(start, start + len("".join(lines[first : last + 1]).encode())), ""),)


def _join_at(hole: Node, file: PythonFile) -> Node | None:
    """The `.join()` that a hole is, or that its name was set to."""
    if hole.type == "call":
        return hole if _separator(hole, file) is not None else None
    found = reaching(hole, file) if hole.type == "identifier" else ()
    value = found[0].value if len(found) == 1 and found[0].kind is Kind.ASSIGNMENT and not found[0].path else None
    return value if value is not None and value.type == "call" and _separator(value, file) is not None else None


def _separator(call: Node, file: PythonFile) -> str | None:
    """What a `.join()` puts between elements; None where the call is none, or that is no literal."""
    function = call.child_by_field_name("function")
    owner = function.child_by_field_name("object") if function is not None else None
    if function is None or owner is None or not file.text(function).endswith(".join"):
        return None
    text = written(owner, file) if owner.type == "string" else _UNSEEN
    return None if isinstance(text, Refusal) else text.text


def _named(hole: Node, call: Node, file: PythonFile) -> Node | Refusal | None:
    """The statement that gave the joined text its name, which it must have for this text alone."""
    if hole == call:
        return None
    name, function = file.text(hole), enclosing_function(hole)
    statement = next((one for one in ancestors(call) if one.type == "expression_statement"), None)
    block = statement.parent if statement is not None else None
    if function is None or statement is None or block is None or block.type != "block":
        return _ELSEWHERE
    if sum(file.text(one) == name for one in descendants(function, "identifier")) != 2:
        return Refusal(f"`{name}` is used in more than one place")
    at = block.named_children.index(statement)
    rest = block.named_children[at + 1 :]
    user = next((number for number, one in enumerate(rest) if hole.start_byte < one.end_byte), None)
    if user is None or hole.start_byte < rest[user].start_byte:
        return _ELSEWHERE
    line = file.content.splitlines()[statement.start_point[0]]
    above = file.content.splitlines()[statement.start_point[0] - 1].strip()
    alone = line[: statement.start_point[1]].isspace() and rest[0].start_point[0] > statement.end_point[0]
    if not alone or above.startswith("#") or rest[0].type == "comment":
        return Refusal(f"a comment or another statement belongs to `{name}`")
    read = {file.text(one) for one in descendants(call, "identifier")}
    if any(file.text(one) in read for node in rest[:user] for one in descendants(node, "identifier")):
        return Refusal(f"what `{name}` is made of may change before it is executed")
    return statement


def _elements_of(call: Node, quote: str, file: PythonFile) -> _Elements | Refusal:
    """The values that a `.join()` makes a list of, with `quote` around the whole of it."""
    separator, given = _separator(call, file) or "", arguments(call, file)
    if len(given.positional) != 1 or separator.count("'") != 2 * len(quote):
        return _UNSEEN
    if not _COMMA.fullmatch(separator.removeprefix(quote).removesuffix(quote)):
        return Refusal("the elements of the list in it are not joined by commas alone")
    found = _elements(given.positional[0], file)
    if isinstance(found, Refusal):
        return found
    if found.quotes and quote:
        return _UNSEEN
    if not quote and found.quotes == "" and found.values == given.positional[0]:
        return Refusal(f"whether the elements of `{file.text(found.values)}` bring quotes along is not known")
    return replace(found, quotes=quote or found.quotes)


def _elements(given: Node, file: PythonFile) -> _Elements | Refusal:
    """What is handed to `.join()`: names, `map(str, ...)`, and loops that put quotes around each value or none."""
    if given.type in ("identifier", "attribute"):
        return _Elements(_sequence(given, file), given, "")
    if given.type == "call":
        mapped = arguments(given, file).positional
        maker = file.text(mapped[0]) if len(mapped) == 2 and file.text(given).startswith("map(") else ""
        if maker not in _QUOTES:
            return _UNSEEN
        return _Elements(_sequence(mapped[1], file), mapped[1], _QUOTES[maker])
    body = given.child_by_field_name("body")
    clauses = [one for one in given.named_children if one != body and one.type != "comment"]
    element = _element(body, file) if body is not None else None
    if element is None or given.type not in ("generator_expression", "list_comprehension"):
        return _UNSEEN
    value, quotes = element
    target, values = clauses[0].child_by_field_name("left"), clauses[0].child_by_field_name("right")
    if target is None or values is None:
        return _UNSEEN
    if len(clauses) == 1 and file.text(value) == file.text(target):
        return _Elements(_sequence(values, file), values, quotes)
    return _Elements(f"[{file.text(value)} {' '.join(file.text(one) for one in clauses)}]", values, quotes)


def _element(body: Node, file: PythonFile) -> tuple[Node, str] | None:
    """The value in `f"'{x}'"`, `"'" + x + "'"`, `"'%s'" % x`, `repr(x)` or `str(x)`, and the quotes around it."""
    called = file.text(body).partition("(")[0]
    if body.type == "call" and called in _QUOTES:
        given = arguments(body, file).positional
        return (given[0], _QUOTES[called]) if len(given) == 1 else None
    left = body.child_by_field_name("left")
    if body.type == "binary_operator" and left is not None and left.type == "binary_operator":
        ends = (left.child_by_field_name("left"), body.child_by_field_name("right"))
        value = left.child_by_field_name("right")
        bare = all(one is not None and file.text(one) in ('"\'"', "'\\''") for one in ends)
        return (value, "'") if value is not None and bare and file.text(body).count("+") == 2 else None
    text = written(body, file)
    holes = [one.hole for one in text.marks if one.hole is not None] if not isinstance(text, Refusal) else []
    if isinstance(text, Refusal) or len(holes) != 1 or text.text not in (HOLE, f"'{HOLE}'"):
        return None
    return holes[0], text.text.partition(HOLE)[0]


def _sequence(values: Node, file: PythonFile) -> str:
    """The values as a list or a tuple."""
    found = reaching(values, file) if values.type == "identifier" else ()
    made = found[0].value if len(found) == 1 and found[0].kind is Kind.ASSIGNMENT and not found[0].path else values
    owner = found[0].node.parent if len(found) == 1 and found[0].kind is Kind.PARAMETER else None
    declared = owner.child_by_field_name("type") if owner is not None else None
    if declared is not None and _SEQUENCE.match(file.text(declared)):
        return file.text(values)
    return file.text(values) if made is not None and made.type in _SEQUENCES else f"list({file.text(values)})"
