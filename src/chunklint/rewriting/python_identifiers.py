"""Identifiers spliced into SQL, quoted by the dialect or the driver that the statement is handed to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Edit, Fix, Refusal
from chunklint.rewriting.python_arguments import import_edits
from chunklint.rewriting.python_code import width_of
from chunklint.rewriting.python_sql_texts import HOLE, Mark, Written, bare
from chunklint.semantics.python.known_sources import Source
from chunklint.semantics.python.names import arguments, enclosing_function, qualified_name, type_of
from chunklint.semantics.python.origins import origin_of_hole
from chunklint.semantics.python.scopes import Kind, bindings_in, reaching
from chunklint.semantics.python.strings import Shape
from chunklint.semantics.sql.holes import Role, splices
from chunklint.semantics.sql.sinks import Sink

# Behind these a name stands alone; behind `BY` or `SELECT` it may be a list, or come with a direction.
_NAMES = re.compile(
    r"""(?:\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ONLY|EXISTS|SCHEMA|DATABASE|INDEX|VIEW|COLUMN|SEQUENCE|TYPE|ROLE|USER
      |TRIGGER|CONSTRAINT|EXTENSION|TRUNCATE|ANALYZE|VACUUM|REINDEX|CONCURRENTLY|RENAME\s+TO|\bGRANT\b[^;]*\bTO
      |REVOKE\b[^;]*\bFROM|SEARCH_PATH\s+(?:TO|=)|(?:GRANT|REVOKE)\b[^;]*\bON|INDEX\s+\S+\s+ON)\s+
      |[\w"\0]\.|\bPRAGMA\s+\w+\s*\(\s*)$""",
    re.IGNORECASE | re.VERBOSE,
)
_SEVERAL = re.compile(
    r"qualified|full_?name|fqn|tables\b|columns\b|fields\b|clause|expr|sql|quoted|_path\b", re.IGNORECASE
)
_CONNECTION = re.compile(r"(?:^|\.)(?:Async)?Connection$")
_SESSION = re.compile(r"(?:^|\.)(?:Async)?Session$|scoped_session$")
_NAMED_CONNECTION = frozenset({"conn", "connection", "bind"})
_NAMED_SESSION = frozenset({"session", "db_session", "async_session"})


def quoted_identifiers(shapes: Sequence[Shape], text: Written, sink: Sink, file: PythonFile) -> Fix | Refusal | None:
    """Quote every identifier that others choose; None where what they choose is something else as well."""
    wanted = _chosen(shapes, text, file)
    if not wanted:
        return None
    obstacle = next(filter(None, (_obstacle(mark, text, file) for mark in wanted)), "")
    if text.filled is not None or bare(sink.text) != text.node:
        obstacle = obstacle or "the identifier is not written into the text in the call that takes it"
    if obstacle:
        return Refusal(obstacle)
    preparer = _preparer(sink, file)
    edits = _composed(wanted, text, sink, file) if preparer is None else _prepared(wanted, text, preparer, file)
    if isinstance(edits, Refusal):
        return edits
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(file.text(_hole(mark)) for mark in wanted))
    return Fix(f"Quote {names}", tuple(sorted(edits)), safe=False)


def _chosen(shapes: Sequence[Shape], text: Written, file: PythonFile) -> list[Mark]:
    """The marks of the identifiers that others choose; none where they choose values or clauses, too."""
    marks = {mark.hole.id: mark for mark in text.marks if mark.hole is not None}
    found: dict[int, Mark] = {}
    for splice in (splice for shape in shapes for splice in splices(shape)):
        if origin_of_hole(splice.hole, file).kind <= Source.UNKNOWN:
            continue
        mark = marks.get(splice.hole.node.id)
        if splice.role is not Role.IDENTIFIER or mark is None:
            return []
        found[mark.start] = mark
    return [found[start] for start in sorted(found)]


def _hole(mark: Mark) -> Node:
    if mark.hole is None:
        raise TypeError("a mark of a character has no hole")
    return mark.hole


def _obstacle(mark: Mark, text: Written, file: PythonFile) -> str:
    """Why quotes around a hole would not do, "" when they do."""
    hole, at = _hole(mark), text.marks.index(mark)
    name = file.text(hole)
    before, after = text.text[:at], text.text[at + 1 :]
    if hole.type not in ("identifier", "attribute") or _SEVERAL.search(name):
        return f"`{name}` may be more than one name"
    if before.endswith('"') and after.startswith('"'):
        return ""
    if before.endswith("'") and after.startswith("'"):
        return f"`{name}` is a name in the quotes of a text"
    if re.match(r"[\w\"'`\]$\0]", after) or re.search(r"[\w\"'`\[$\0]$", before):
        return f"`{name}` is a part of a longer name"
    return "" if _NAMES.search(before) else f"`{name}` may be more than one name"


def _preparer(sink: Sink, file: PythonFile) -> str | None:
    """What quotes a name in SQLAlchemy's dialect at hand; None where the statement is not SQLAlchemy's."""
    call = sink.call
    function = call.child_by_field_name("function")
    called = (qualified_name(function, file) or "") if function is not None else ""
    if called.startswith(("sqlalchemy.", "sqlmodel.")) and called.endswith(".text"):
        around = call.parent.parent if call.parent is not None else None
        if around is None or around.type != "call" or arguments(around, file).positional[:1] != (call,):
            return None
        function = around.child_by_field_name("function")
        called = (qualified_name(function, file) or "") if function is not None else ""
        return _of_receiver(called, function, file, certain=True)
    return _of_receiver(called, function, file, certain=False)


def _of_receiver(called: str, function: Node | None, file: PythonFile, *, certain: bool) -> str | None:
    if function is None or function.type != "attribute" or not file.text(function).endswith((".execute", ".scalar")):
        return None
    receiver = function.child_by_field_name("object")
    if receiver is None or receiver.type not in ("identifier", "attribute"):
        return None
    spelled, known = file.text(receiver), type_of(receiver, file) or ""
    last = spelled.rpartition(".")[2]
    if called == "alembic.op.execute":
        # Unlike the connection, the context is there in offline mode, too.
        return f"{spelled}.get_context().dialect.identifier_preparer.quote"
    ours = known.startswith(("sqlalchemy.", "sqlmodel."))
    if (ours and _CONNECTION.search(known)) or (certain and not known and last in _NAMED_CONNECTION):
        return f"{spelled}.dialect.identifier_preparer.quote"
    if (ours and _SESSION.search(known)) or (certain and not known and last in _NAMED_SESSION):
        return f"{spelled}.get_bind().dialect.identifier_preparer.quote"
    return None


def _prepared(wanted: Sequence[Mark], text: Written, preparer: str, file: PythonFile) -> list[Edit] | Refusal:
    """The preparer around each name, or a short name for it above the statement where the line would be too long."""
    lines = file.content.splitlines()
    rows = [lines[_hole(mark).start_point[0]] for mark in wanted]
    if all(len(row) + rows.count(row) * (len(preparer) + 2) <= width_of(file) for row in rows):
        return list(_quoting(wanted, text, preparer, file))
    line = _home(text.node, preparer, file)
    indent = lines[line.start_point[0]][: line.start_point[1]]
    told = f"quote = {preparer}"
    if indent.strip() or _means_another(told, text.node, file):
        return Refusal("the line would be too long, and there is no place for a shorter name")
    there = any(file.text(one).strip() == told for one in descendants(_around(line), "expression_statement"))
    at = file.span_of_bytes(line.start_byte, line.start_byte)
    first = [] if there else [Edit(at, f"{told}\n{indent}")]
    return [*first, *_quoting(wanted, text, "quote", file)]


def _means_another(told: str, made: Node, file: PythonFile) -> bool:
    """Whether the function around has a `quote` that is neither an attribute nor made by the same line."""
    if "quote" in bindings_in(file.root, file):
        return True
    for one in descendants(enclosing_function(made) or file.root, "identifier"):
        around = one.parent
        if file.text(one) != "quote" or around is None or around.child_by_field_name("attribute") == one:
            continue
        if file.text(around) != told and around.child_by_field_name("function") != one:
            return True
    return False


def _home(made: Node, preparer: str, file: PythonFile) -> Node:
    """The statement above which a name for the preparer serves all texts of a function, as far as that is known."""
    own = next(up for up in ancestors(made) if up.parent is not None and up.parent.type in ("block", "module"))
    receiver, function = preparer.partition(".")[0], enclosing_function(made)
    body = function.child_by_field_name("body") if function is not None else None
    uses = descendants(own, "identifier")
    name = next((one for one in uses if file.text(one) == receiver), None)
    found = reaching(name, file) if name is not None else ()
    if body is None or len(found) != 1 or found[0].kind not in (Kind.PARAMETER, Kind.IMPORT) or receiver == "self":
        return own
    if found[0].kind is Kind.PARAMETER and enclosing_function(found[0].node) != function:
        return own
    statements = [one for one in body.named_children if one.type != "comment"]
    first = statements[0]
    told = first.type == "expression_statement" and first.named_children[0].type == "string"
    return statements[1] if told and len(statements) > 1 else first


def _around(line: Node) -> Node:
    return line.parent if line.parent is not None else line


def _quoting(wanted: Sequence[Mark], text: Written, quote: str, file: PythonFile) -> Iterator[Edit]:
    for mark in wanted:
        hole = _hole(mark)
        start, end = _region(mark, text)
        yield Edit(file.span_of_bytes(start, end), f"{{{quote}({file.text(hole)})}}")


def _region(mark: Mark, text: Written) -> tuple[int, int]:
    """A hole in bytes, with the quotes that somebody wrote around it."""
    at = text.marks.index(mark)
    if text.text[at - 1 : at + 2] == f'"{HOLE}"' and at:
        return text.marks[at - 1].start, text.marks[at + 1].end
    return mark.start, mark.end


def _composed(wanted: Sequence[Mark], text: Written, sink: Sink, file: PythonFile) -> list[Edit] | Refusal:
    """psycopg's `sql.SQL(...).format(...)` in place of an f-string."""
    function = sink.call.child_by_field_name("function")
    receiver = function.child_by_field_name("object") if function is not None else None
    package = ((type_of(receiver, file) or "") if receiver is not None else "").partition(".")[0]
    if function is None or package not in ("psycopg", "psycopg2") or not file.text(function).endswith(".execute"):
        return Refusal("it is not known here what quotes an identifier for this database")
    if sum(mark.hole is not None for mark in text.marks) != len(wanted):
        return Refusal("other values stand in the text, which no identifier is")
    (literal, *more) = text.literals
    if more or text.node != sink.text:
        return Refusal("the text is written in several literals")
    imported = import_edits(file, f"from {package} import sql")
    if isinstance(imported, Refusal):
        return imported
    prefix = file.text(literal.children[0]).rstrip("'\"").lower()
    at = literal.start_byte + prefix.index("f")
    names = ", ".join(f"sql.Identifier({file.text(_hole(mark))})" for mark in wanted)
    opening, ending = "sql.SQL(", f").format({names})"
    row = file.content.splitlines()[literal.start_point[0]]
    one_line = literal.start_point[0] == literal.end_point[0]
    listed = sink.text.parent
    inner = f"{row[: len(row) - len(row.lstrip())]}    "
    if one_line and len(row) + len(opening) + len(ending) > width_of(file):
        alone = listed is not None and len(listed.named_children) == 1
        if not alone or listed is None or listed.start_point[0] != listed.end_point[0]:
            return Refusal("the line would be too long")
        opening, ending = f"\n{inner}{opening}", f"{ending}\n{inner[:-4]}"
    return [
        *imported,
        Edit(file.span_of_bytes(literal.start_byte, literal.start_byte), opening),
        Edit(file.span_of_bytes(at, at + 1), ""),
        *(Edit(file.span_of_bytes(*_region(mark, text)), "{}") for mark in wanted),
        Edit(file.span_of_bytes(literal.end_byte, literal.end_byte), ending),
    ]
