"""An SQL text as Python code writes it: its characters, its holes, and the places that a parameter can take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Refusal
from chunklint.records import record
from chunklint.semantics.python.names import arguments

# One hole stands for one character that no source has.
HOLE = "\0"
# A value may stand behind these. Behind a type, a name or an operator of dates it would be read in another way.
_BEFORE = re.compile(r"(?:=|<|>|<>|!=|\|\||\b(?:LIKE|ILIKE|BETWEEN|AND|LIMIT|OFFSET))\s*$", re.IGNORECASE)
# Functions whose argument is read as it would be without them.
_PLAIN_FUNCTIONS = re.compile(r"\b(?:LOWER|UPPER|TRIM|DATE)\s*$", re.IGNORECASE)
_ROW_OF_VALUES = re.compile(r"(?:\bVALUES\s*|\)\s*,\s*)$", re.IGNORECASE)
_COLUMN = re.compile(
    r"(?P<column>\w+)\"?\s*\)?\s*(?:=|<|>|<=|>=|<>|!=|\bNOT\s+LIKE|\bI?LIKE|\bBETWEEN)\s*(?:\w+\(\s*)?$"
    r"|\b(?P<limit>LIMIT|OFFSET)\s*$",
    re.IGNORECASE,
)
_STRING = re.compile(r"'(?:[^']|'')*'")
_CAST = re.compile(r"::(\w+)(?![\w(\[. ]*[(\[])")
# `{}`, `{0}` and `{name}`, with doubled braces first.
_FIELD = re.compile(r"\{\{|\}\}|\{(\w*)\}|[{}]")
_PERCENT = re.compile(r"%%|%[sd]|%")
_ESCAPES = {"\\'": "'", '\\"': '"', "\\n": " ", "\\t": " ", "\\\n": " "}


@record
class Mark:
    """A character of the text, or a hole, and the region of the source in bytes that writes it."""

    character: str
    start: int
    end: int
    hole: Node | None = None


@record
class Written:
    """A text with holes as it is written.

    Attributes:
        node: The whole expression.
        literals: The literals in it.
        marks: Its characters and holes in order, as the database reads them.
        filled: The region, in bytes, of the `.format(...)` or `% ...` behind the literals; empty for an f-string.
    """

    node: Node
    literals: tuple[Node, ...]
    marks: tuple[Mark, ...]
    filled: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """The characters, with `HOLE` for holes."""
        return "".join(mark.character for mark in self.marks)


@record
class Slot:
    """What one parameter can take: a region in bytes, its holes, and the value's expression.

    Attributes:
        column: The column that the value is compared with, `limit`, or "".
        quoted: Whether the value stood between quotes.
        whole: Whether the value is the hole alone, not a text around it.
        cast: The type that `::` converts the value to, "" for none; the region holds it.
        obstacle: Why no parameter can stand there, "" when one can.
        many: Whether the value is a list, for which the parameter expands; the region holds its brackets.
        value: What a list is taken from.
        parts: The nodes that the text of a list may be followed to.
        named: The statement that gave the text of a list a name, None where it has none.
    """

    start: int
    end: int
    holes: tuple[Node, ...]
    expression: str
    column: str
    quoted: bool
    whole: bool
    cast: str
    obstacle: str
    many: bool = False
    value: Node | None = None
    parts: tuple[Node, ...] = ()
    named: Node | None = None

    @property
    def source(self) -> Node:
        """What the value is taken from."""
        return self.value or self.holes[0]


def written(node: Node, file: PythonFile) -> Written | Refusal:
    """The text that an f-string, `.format()` or `%` makes of literals."""
    template, values = node, None
    if node.type == "call":
        function = node.child_by_field_name("function")
        owner = function.child_by_field_name("object") if function is not None else None
        if function is None or owner is None or not file.text(function).endswith(".format"):
            return Refusal("the text is not put together in one place")
        template, values = owner, _format_values(node, file)
    elif node.type == "binary_operator":
        left, operator = node.child_by_field_name("left"), node.child_by_field_name("operator")
        if left is None or operator is None or file.text(operator) != "%":
            return Refusal("the text is not put together in one place")
        template, values = left, _percent_values(node, file)
    filled = (template.end_byte, node.end_byte) if template != node else None
    template = bare(template)
    literals = tuple(template.named_children) if template.type == "concatenated_string" else (template,)
    if any(one.type != "string" for one in literals):
        return Refusal("the text is not put together in one place")
    found = _marks(literals, values, file)
    if isinstance(found, Refusal):
        return found
    return Written(node, literals, tuple(found), filled)


def bare(node: Node) -> Node:
    """What stands in parentheses; the node itself where there are none, or comments in them."""
    while node.type == "parenthesized_expression" and len(node.named_children) == 1:
        node = node.named_children[0]
    return node


def _format_values(call: Node, file: PythonFile) -> dict[str, Node]:
    """What fields stand for; {} where not all arguments can be seen."""
    given = arguments(call, file)
    if given.splat or given.double_splat:
        return {}
    return {**{str(at): one for at, one in enumerate(given.positional)}, **given.keywords}


def _percent_values(node: Node, file: PythonFile) -> dict[str, Node]:
    right = node.child_by_field_name("right")
    if right is None or right.type == "dictionary":
        return {}
    if right.type == "parenthesized_expression":
        right = right.named_children[0]
    values = right.named_children if right.type == "tuple" else [right]
    return {str(at): one for at, one in enumerate(values) if one.type != "comment"}


def _marks(literals: Sequence[Node], values: dict[str, Node] | None, file: PythonFile) -> list[Mark] | Refusal:
    found: list[Mark] = []
    for literal in literals:
        prefix = file.text(literal.children[0]).rstrip("'\"").lower()
        if "b" in prefix or ("f" in prefix and values is not None):
            return Refusal("the text is not put together in one place")
        for child in literal.named_children:
            if child.type == "interpolation":
                inside = [one for one in child.named_children if one.type != "comment"]
                if len(inside) != 1 or file.text(child).rstrip("} ").endswith("="):
                    return Refusal(f"`{file.text(child)}` formats its value")
                found.append(Mark(HOLE, child.start_byte, child.end_byte, inside[0]))
            elif child.type == "string_content":
                plain = _characters(child, "f" in prefix, "r" in prefix, file)
                if isinstance(plain, Refusal):
                    return plain
                found.extend(plain)
    return found if values is None else _filled(found, values)


def _characters(content: Node, formatted: bool, raw: bool, file: PythonFile) -> list[Mark] | Refusal:
    found: list[Mark] = []
    at, text = content.start_byte, file.text(content)
    pattern = r"\\\n|\\.|\{\{|\}\}|." if formatted else r"\\\n|\\.|."
    for piece in re.findall(pattern, text, re.DOTALL):
        size = len(piece.encode("utf-8", "surrogatepass"))
        if piece[0] == "\\" and (raw or piece not in _ESCAPES):
            return Refusal("the text has escapes")
        found.append(Mark(_ESCAPES.get(piece, piece[0]), at, at + size))
        at += size
    return found


def _filled(marks: list[Mark], values: dict[str, Node]) -> list[Mark] | Refusal:
    """The marks with fields as holes; the same number of values as fields, or it is not known which is which."""
    text = "".join(mark.character for mark in marks)
    percent = re.search(r"%[sd]", text) is not None and re.search(r"\{\w*\}", text) is None
    found: list[Mark] = []
    end = count = 0
    for field in (_PERCENT if percent else _FIELD).finditer(text):
        found.extend(marks[end : field.start()])
        end = field.end()
        start, stop = marks[field.start()].start, marks[end - 1].end
        if field[0] in ("{{", "}}", "%%"):
            found.append(Mark(field[0][0], start, stop))
            continue
        name = field[1] if not percent and field.lastindex else ""
        value = values.get(name or str(count))
        count += not name
        if value is None or len(field[0]) == 1:
            return Refusal("it is not known which value fills which field")
        found.append(Mark(HOLE, start, stop, value))
    found.extend(marks[end:])
    return found


def slots_of(text: Written, file: PythonFile) -> list[Slot] | Refusal:
    """The places of the holes, each with the quotes around it, in order."""
    marks, known = text.marks, text.text
    if re.search(r"--|/\*|\$\$|#", _STRING.sub("", known)) or _STRING.sub("", known).count("'"):
        return Refusal("the text has comments, dollar quotes or odd quotes")
    if re.search(r";\s*\S", _STRING.sub("", known)):
        return Refusal("a statement with parameters must be the only one in its text")
    strings = [(one.start(), one.end()) for one in _STRING.finditer(known)]
    slots = [_quoted(text, first, last, file) for first, last in strings if HOLE in known[first:last]]
    for at, mark in enumerate(marks):
        if mark.hole is not None and not any(first <= at < last for first, last in strings):
            before, after = known[:at], known[at + 1 :]
            cast, end = _cast(after, at + 1, marks)
            obstacle = _obstacle(before, after)
            expression = file.text(mark.hole)
            slots.append(Slot(mark.start, end, (mark.hole,), expression, _column(before), False, True, cast, obstacle))
    return sorted(slots, key=lambda slot: slot.start)


def _cast(after: str, end: int, marks: Sequence[Mark]) -> tuple[str, int]:
    """The type that a value is cast to, and where its region ends."""
    found = _CAST.match(after)
    return (found[1], marks[end + found.end() - 1].end) if found is not None else ("", marks[end - 1].end)


def _quoted(text: Written, first: int, last: int, file: PythonFile) -> Slot:
    """A string of SQL with holes in it: the value alone, or a string of Python in its place."""
    before, after = text.text[:first], text.text[last:]
    inside = text.marks[first + 1 : last - 1]
    holes = tuple(mark.hole for mark in inside if mark.hole is not None)
    obstacle = _obstacle(before, after)
    whole = len(inside) == 1
    if whole:
        expression = file.text(holes[0])
    else:
        pieces = [f"{{{file.text(one.hole)}}}" if one.hole is not None else one.character for one in inside]
        if any(re.search(r"[\"'\\\n{}]", one) for one in (p[1:-1] if len(p) > 1 else p for p in pieces)):
            obstacle = obstacle or "quotes, braces or line breaks stand beside the value in its string"
        expression = f'f"{"".join(pieces)}"'
    cast, end = _cast(after, last, text.marks)
    return Slot(text.marks[first].start, end, holes, expression, _column(before), True, whole, cast, obstacle)


def _column(before: str) -> str:
    found = _COLUMN.search(before)
    return (found["column"] or found["limit"]).lower() if found is not None else ""


def _obstacle(before: str, after: str) -> str:
    opener = _opener(before)
    if re.search(r"\b(?:IN|ANY|ALL)\s*$", opener or before, re.IGNORECASE):
        return "how many values stand in the list is not known"
    if re.search(r"\bINTERVAL\s*$", before, re.IGNORECASE):
        return "an interval's literal takes no parameter"
    if before.rstrip().endswith(("(", ",")):
        first = before.rstrip().endswith("(")
        in_values = opener is not None and _ROW_OF_VALUES.search(opener) and re.search(r"VALUES", opener, re.IGNORECASE)
        if not in_values and not (first and opener is not None and _PLAIN_FUNCTIONS.search(opener)):
            return "which type the value has there is not known"
    elif not _BEFORE.search(before):
        return "what stands before the value may take a literal only"
    if after.startswith("::") and not _CAST.match(after):
        return "a cast follows the value, which would need another spelling"
    if after[:1].isalnum() or after[:1] in ("_", HOLE, ".", "["):
        return "the value is a part of a longer word"
    return ""


def _opener(before: str) -> str | None:
    """What stands before the innermost bracket that is still open; None when none is."""
    plain = _STRING.sub(lambda found: "x" * len(found[0]), before)
    depth = 0
    for at in range(len(plain) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(plain[at], 0)
        if depth < 0:
            return plain[:at]
    return None


def placeholders(text: Written, pattern: str) -> Iterator[int]:
    """The offsets, in bytes, of what a driver already takes for parameters in a text, strings of SQL aside."""
    plain = _STRING.sub(lambda found: "x" * len(found[0]), text.text)
    return (text.marks[found.start()].start for found in re.finditer(pattern, plain))


def names_in(node: Node, file: PythonFile) -> set[str]:
    """The names that an expression reads."""
    return {file.text(one) for one in ([node] if node.type == "identifier" else descendants(node, "identifier"))}
