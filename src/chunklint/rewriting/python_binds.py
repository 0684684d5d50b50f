"""Values spliced into SQL, bound as parameters by the API that the statement is handed to."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants, is_within
from chunklint.languages.python import PythonFile
from chunklint.model import Edit, Finding, Fix, Refusal
from chunklint.rewriting.python_arguments import import_edits
from chunklint.rewriting.python_bind_arguments import Api, Bound, handed_over
from chunklint.rewriting.python_identifiers import quoted_identifiers
from chunklint.rewriting.python_in_lists import as_list, without_name
from chunklint.rewriting.python_sql_texts import Slot, Written, bare, names_in, slots_of, written
from chunklint.semantics.python.known_sources import Source
from chunklint.semantics.python.names import arguments, enclosing_function, qualified_name, type_of
from chunklint.semantics.python.origins import Origin, origin_of_hole
from chunklint.semantics.python.scopes import Kind, bindings_in, reaching
from chunklint.semantics.python.strings import Shape, string_shapes
from chunklint.semantics.sql.holes import Role, Splice, splices
from chunklint.semantics.sql.sinks import Sink, is_database, sql_sink

_TEXT = frozenset({"sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.sql.expression.text", "sqlmodel.text"})
# What the driver reads as a parameter, and how its number is written into the text.
_MARKS = {
    **dict.fromkeys(("sqlite3", "aiosqlite", "duckdb"), "?"),
    **dict.fromkeys(("psycopg", "psycopg2", "pymysql", "MySQLdb", "aiomysql"), "%s"),
    "asyncpg": "${}",
}
_EXPANDING = frozenset(name.removesuffix("text") + "bindparam" for name in _TEXT)
_ALEMBIC = "alembic.op.execute"
_ASYNCPG_METHODS = frozenset({"execute", "fetch", "fetchrow", "fetchval"})
_READ_OR_WRITE = re.compile(r"\s*\(?\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE)\b", re.IGNORECASE)
_PLAIN = frozenset({"identifier", "attribute", "subscript", "call"})
# What was made for a text, with quotes around it or doubled ones in it, or is more than one value.
_MADE_FOR_TEXT = re.compile(
    r"""quote|escap|literal|adapt|sanitiz|\bjoin\b|replace\(\s*["']'|_sql\b|clause|expr""", re.IGNORECASE
)
# Columns whose type is seldom text; a driver that sends types along does not compare them with text.
_TYPED_COLUMNS = re.compile(r"(?:^|_)(?:u?u?ids?|at|on|date|time|timestamp|day|number|count|price|amount|age|year)$")
_NAMED = re.compile(r"(?<![:\w\\]):\w+(?!:)")


def bound_values(file: PythonFile, finding: Finding) -> Fix | Refusal:
    """Bind every value of the statement, or say why one that others choose cannot be bound."""
    found = _sink_at(file, finding)
    if isinstance(found, Refusal):
        return found
    sink, shapes = found
    text = written(shapes[0].node, file)
    if isinstance(text, Refusal):
        return text
    quoted = quoted_identifiers(shapes, text, sink, file)
    if quoted is not None:
        return quoted
    if not _READ_OR_WRITE.match(text.text):
        return Refusal("only a whole statement that reads or writes rows takes parameters")
    api = _api(sink, file)
    if isinstance(api, Refusal):
        return api
    slots = _slots(shapes, text, api, file)
    if isinstance(slots, Refusal):
        return slots
    if any(slot.many for slot in slots):
        api = _expanding(api, sink, file)
        if isinstance(api, Refusal):
            return api
    obstacle = _moved(sink.text, text.node, slots, file) or _in_the_way(text, slots, api)
    if obstacle:
        return Refusal(obstacle)
    values = list(_values(slots, text, api, file))
    given = handed_over(values, text, sink, api, file)
    if isinstance(given, Refusal):
        return given
    imported = import_edits(file, api.needs) if api.needs else ()
    if isinstance(imported, Refusal):
        return imported
    told = (file.text(one) for it in slots for one in ((it.source,) if it.many else it.holes))
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(told))
    named = {edit for slot in slots for edit in without_name(slot, file)}
    edits = (*imported, *named, *_in_text(values, text, api, file), *given)
    return Fix(f"Bind {names}", tuple(sorted(edits)), safe=False)


def _sink_at(file: PythonFile, finding: Finding) -> tuple[Sink, tuple[Shape, ...]] | Refusal:
    """The call that takes the text of the finding: `text()` rather than the call around it."""
    found: list[tuple[Sink, tuple[Shape, ...]]] = []
    for call in descendants(file.root, "call"):
        sink = sql_sink(call, file)
        shapes = string_shapes(sink.text, file) if sink is not None else ()
        if sink is None or not any(file.span(one.node) == finding.location.span for one in shapes):
            continue
        if sink.forwarded:
            return Refusal("a helper executes it, which would have to take the values, too")
        if len({one.node.id for one in shapes}) != 1:
            return Refusal("the text may look in several ways")
        found.append((sink, shapes))
    wanted = [one for one in found if _called(one[0].call, file) in _TEXT] or found
    return wanted[0] if len(wanted) == 1 else Refusal("the text is executed in more than one place")


def _called(call: Node, file: PythonFile) -> str:
    function = call.child_by_field_name("function")
    return (qualified_name(function, file) or "") if function is not None else ""


def _api(sink: Sink, file: PythonFile) -> Api | Refusal:
    call = sink.call
    function = call.child_by_field_name("function")
    given = arguments(call, file)
    if function is None or not given.positional or given.positional[0] != sink.text:
        return Refusal("the text is not the first argument")
    called = _called(call, file)
    if called in _TEXT:
        return _of_text(call, file)
    if called == _ALEMBIC:
        return _wrapped(call, "bindparams", file)
    receiver = function.child_by_field_name("object")
    method = file.text(function).rpartition(".")[2]
    known = (type_of(receiver, file) or "") if receiver is not None else ""
    package = known.partition(".")[0]
    others = len(given.positional) - 1 + len(given.keywords) + len(given.splat) + len(given.double_splat)
    if package in ("sqlalchemy", "sqlmodel") and method == "execute" and not others:
        return _wrapped(call, "mapping", file)
    mark = _MARKS.get(package)
    if mark is None:
        return Refusal("it is not known here which driver this is, and so how it marks a parameter")
    if method not in (_ASYNCPG_METHODS if package == "asyncpg" else {"execute"}):
        return Refusal(f"`{method}` takes no parameters of a single statement")
    if given.keywords or given.splat or given.double_splat or (others > 1 and package != "asyncpg"):
        return Refusal("its arguments cannot all be seen here")
    last = given.positional[-1] if others else None
    return Api(mark, call, "sequence", last, typed=package == "asyncpg")


def _of_text(call: Node, file: PythonFile) -> Api | Refusal:
    """`text()`: the mapping of the call around it, or `bindparams`."""
    function = enclosing_function(call)
    typed = function is not None and any(child.type == "async" for child in function.children)
    around = call.parent.parent if call.parent is not None else None
    if around is None or around.type != "call" or call.parent is None or call.parent.type != "argument_list":
        return Api("", call, "bindparams", typed=typed)
    callee, given = around.child_by_field_name("function"), arguments(around, file)
    receiver = callee.child_by_field_name("object") if callee is not None else None
    executes = callee is not None and file.text(callee).endswith(".execute")
    if not executes or receiver is None or given.positional[:1] != (call,) or _called(around, file) == _ALEMBIC:
        return Api("", call, "bindparams", typed=typed)
    if len(given.positional) == 2 and given.positional[1].type == "dictionary":
        return Api("", around, "mapping", given.positional[1], typed=typed)
    alone = len(given.positional) == 1 and not (given.keywords or given.splat or given.double_splat)
    if alone and is_database(receiver, file):
        return Api("", around, "mapping", typed=typed)
    return Api("", call, "bindparams", typed=typed)


def _expanding(api: Api, sink: Sink, file: PythonFile) -> Api | Refusal:
    """The same for a text with a list in it: SQLAlchemy expands a parameter that it is told to be one."""
    if api.mark:
        return Refusal("each value of the list needs a mark of its own, or the driver's own way to hand over a list")
    call = sink.call if _called(sink.call, file) in _TEXT else api.call
    direct = [name for name, qualified in _imported(file) if qualified in _EXPANDING]
    through = [f"{name}.bindparam" for name, qualified in _imported(file) if qualified in ("sqlalchemy", "sqlmodel")]
    needs = "" if direct or through else "from sqlalchemy import bindparam"
    if needs and api.needs:
        return Refusal("neither `text` nor `bindparam` is imported")
    return replace(
        api,
        call=call,
        how="bindparams",
        given=None,
        needs=needs or api.needs,
        bindparam=(*direct, *through, "bindparam")[0],
    )


def _imported(file: PythonFile) -> list[tuple[str, str]]:
    """The names that the module imports and sets nowhere else, and what they stand for."""
    return [
        (name, one.qualified or "")
        for name, found in bindings_in(file.root, file).items()
        for one in found
        if one.kind is Kind.IMPORT and len(found) == 1
    ]


def _wrapped(call: Node, how: str, file: PythonFile) -> Api | Refusal:
    """A call that takes a bare text, which has to become `text(...)` to take parameters."""
    direct = [name for name, qualified in _imported(file) if qualified in _TEXT]
    through = [f"{name}.text" for name, qualified in _imported(file) if qualified in ("sqlalchemy", "sqlmodel")]
    needs = "" if direct or through else "from sqlalchemy import text"
    return Api("", call, how, wrapper=(*direct, *through, "text")[0], needs=needs)


def _slots(shapes: Sequence[Shape], text: Written, api: Api, file: PythonFile) -> list[Slot] | Refusal:
    """The places of the text whose values are to be bound: all that others choose, and what else stands for a value."""
    found = slots_of(text, file)
    if isinstance(found, Refusal):
        return found
    found = [as_list(slot, text, file) for slot in found]
    left = [(hole.id, slot) for slot in found for hole in (*slot.holes, *slot.parts)]
    wanted: dict[int, Slot] = {}
    for splice in (splice for shape in shapes for splice in splices(shape)):
        origin = origin_of_hole(splice.hole, file)
        # Both go by position, so of a value that stands in several places the next one is meant.
        at = next((at for at, (hole, _) in enumerate(left) if hole == splice.hole.node.id), None)
        slot = left.pop(at)[1] if at is not None else None
        if slot is None and splice.hole.node.id in {
            hole.id for it in wanted.values() for hole in (*it.holes, *it.parts)
        }:
            continue
        obstacle = _obstacle(splice, slot, origin, api, file)
        if not obstacle and slot is not None:
            wanted[slot.start] = slot
        elif origin.kind > Source.UNKNOWN or (origin.kind is Source.UNKNOWN and splice.role is Role.VALUE):
            return Refusal(obstacle)
    if not wanted:
        return Refusal("no value in it can be bound")
    # What holds one of several literals is a value too where it stands between quotes.
    literal = [slot for _, slot in left if slot.quoted and slot.whole and not slot.obstacle]
    wanted.update({slot.start: slot for slot in literal if slot.holes[0].type == "identifier"})
    spoken = {slot.expression: slot.quoted for slot in wanted.values()}
    if any(spoken[slot.expression] != slot.quoted for slot in wanted.values()):
        return Refusal("one value stands with quotes in one place and without them in another")
    return [wanted[start] for start in sorted(wanted)]


def _obstacle(splice: Splice, slot: Slot | None, origin: Origin, api: Api, file: PythonFile) -> str:
    """Why a hole cannot be bound, "" when it can."""
    name = " ".join(file.text(splice.hole.node).split())
    if splice.role is Role.IDENTIFIER:
        return f"`{name}` is an identifier, which no parameter stands for"
    if splice.role is Role.CLAUSE:
        return f"`{name}` is a part of the statement, which no parameter stands for"
    if slot is None:
        return f"`{name}` comes into the text through another expression"
    if slot.obstacle:
        return slot.obstacle
    if "\n" in slot.expression or any(one.type not in _PLAIN for one in ((slot.source,) if slot.many else slot.holes)):
        return f"`{name}` is more than a value"
    made = (
        (slot.expression, *_told(slot.source, file))
        if slot.many
        else (t for one in slot.holes for t in _told(one, file))
    )
    if any(_MADE_FOR_TEXT.search(told) for told in made):
        return f"`{name}` may be quoted or escaped by hand"
    if origin.kind < Source.UNKNOWN and splice.hole.node.type == "attribute" and origin.kind is Source.LITERAL:
        return f"`{name}` may be a member of an enumeration"
    return _obstacle_of_type(name, slot, origin, api)


def _obstacle_of_type(name: str, slot: Slot, origin: Origin, api: Api) -> str:
    """Why a value may be of another type than the place takes, "" when it is not likely."""
    if slot.quoted and (slot.whole or slot.many) and origin.number and not slot.cast:
        return f"`{name}` is a number between quotes, and what the column holds is not known"
    if api.mark == "${}" and slot.quoted and slot.cast not in ("", "text", "varchar", "uuid", "json", "jsonb"):
        return f"the driver takes `{name}` only as `{slot.cast}`"
    if not api.typed or slot.cast or origin.kind is Source.ROW:
        return ""
    if slot.quoted and _TYPED_COLUMNS.search(slot.column):
        return f"a driver that sends types along may not compare `{slot.column}` with a text"
    if not slot.quoted and not origin.number:
        return f"the driver takes `{name}` only as the type of its place, which is not known"
    return ""


def _told(hole: Node, file: PythonFile) -> Iterator[str]:
    """An expression, and what its name was set to."""
    yield file.text(hole)
    if hole.type == "identifier":
        yield from (file.text(one.value) for one in reaching(hole, file) if one.value is not None)


def _moved(taken: Node, made: Node, slots: Sequence[Slot], file: PythonFile) -> str:
    """Why a value cannot be read where the text is executed instead of where it is made, "" when it can."""
    taken = bare(taken)
    if taken == made:
        return ""
    found = reaching(taken, file) if taken.type == "identifier" else ()
    value = found[0].value if len(found) == 1 and found[0].kind is Kind.ASSIGNMENT else None
    while value is not None and value.type == "parenthesized_expression":
        value = value.named_children[0]
    if value != made:
        return "the text is not put together in the call that takes it"
    function, name = enclosing_function(taken), file.text(taken)
    uses = [one for one in descendants(function or file.root, "identifier") if file.text(one) == name]
    if len(uses) != 2 or function is None or function != enclosing_function(made):
        return f"`{name}` is used in more than one place"
    blocks = [next((up for up in ancestors(one) if up.type == "block"), None) for one in (made, taken)]
    block = blocks[0]
    if block is None or not is_within(taken, block):
        return f"`{name}` is executed in another block"
    end = next((one.end_byte for one in block.named_children if is_within(taken, one)), taken.end_byte)
    read = {word for slot in slots for hole in slot.holes for word in names_in(hole, file)}
    again = [one for word in read for one in bindings_in(function, file).get(word, ())]
    if any(made.end_byte < one.node.start_byte < end for one in again):
        return f"what `{name}` is made of changes before it is executed"
    if any(slot.source.type == "call" for slot in slots):
        return f"what `{name}` is made of is called for"
    return ""


def _in_the_way(text: Written, slots: Sequence[Slot], api: Api) -> str:
    """What in the text would be read in another way once it has parameters, "" when nothing is."""
    bound_holes = {hole.id for slot in slots for hole in slot.holes}
    left = [one for one in text.marks if one.hole is not None and one.hole.id not in bound_holes]
    if left and text.filled is not None:
        return "other values are filled in by their position"
    places = [(slot.start, slot.end) for slot in slots]
    plain = "".join("x" if _lies_in(one.start, places) else one.character for one in text.marks)
    if api.wrapper and api.how == "mapping" and ("%" in plain or _NAMED.search(plain)):
        return "percent signs or colons in the text would be read in another way"
    if not api.mark and re.search(r"\\", plain):
        return "the text has escapes"
    return ""


def _values(slots: Sequence[Slot], text: Written, api: Api, file: PythonFile) -> Iterator[Bound]:
    """What is bound, in order; by name, a value that occurs twice is bound once."""
    taken = {one.lstrip(":") for one in _NAMED.findall(text.text)}
    if api.given is not None and api.given.type == "dictionary":
        taken.update(re.findall(r"""["'](\w+)["']\s*:""", file.text(api.given)))
    names: dict[str, str] = {}
    first = max((int(one) for one in re.findall(r"\$(\d+)", text.text)), default=0) + 1
    for number, slot in enumerate(slots, start=first):
        cast = f"::{slot.cast}" if slot.cast else ""
        if api.mark:
            yield Bound(slot, api.mark.format(number) + cast, "")
            continue
        again = slot.expression in names and slot.source.type != "call"
        if not again:
            names[slot.expression] = _free(_name_of(slot, file), taken)
            taken.add(names[slot.expression])
        name = names[slot.expression]
        mark = f"CAST(:{name} AS {slot.cast})" if slot.cast else f":{name}"
        yield Bound(slot, mark, "" if again else name)


def _name_of(slot: Slot, file: PythonFile) -> str:
    """What a person would call the parameter: the name of the value, or of the column that it is compared with."""
    hole = slot.source
    key = hole.child_by_field_name("subscript") if hole.type == "subscript" else None
    word = re.fullmatch(r"""["']([A-Za-z_]\w*)["']""", file.text(key)) if key is not None else None
    if word is not None:
        return word[1].lower()
    if hole.type == "identifier" and (slot.whole or slot.many or not slot.column or "%" in slot.expression):
        return file.text(hole).lower()
    if slot.column:
        return slot.column
    words = re.findall(r"[A-Za-z_]\w*", file.text(hole))
    return (
        "_".join(words[-2:]).lower() if hole.type == "attribute" and words[-1] in ("id", "name") else words[-1].lower()
    )


def _free(name: str, taken: set[str]) -> str:
    name = name.strip("_") or "value"
    name = f"{name}_value" if keyword.iskeyword(name) or not name.isidentifier() else name
    return next(one for one in (name, *(f"{name}_{at}" for at in range(2, 1000))) if one not in taken)


def _in_text(values: Sequence[Bound], text: Written, api: Api, file: PythonFile) -> Iterator[Edit]:
    """The marks in place of the values; a literal without holes loses its `f`; `%` is doubled for some drivers."""
    places = [(one.slot.start, one.slot.end) for one in values]
    yield from (Edit(file.span_of_bytes(one.slot.start, one.slot.end), one.mark) for one in values)
    left = [one.start for one in text.marks if one.hole is not None and not _lies_in(one.start, places)]
    lost = [literal for literal in text.literals if _lost(literal, places, left) or not left]
    for literal in lost:
        prefix = file.text(literal.children[0]).rstrip("'\"").lower()
        if "f" in prefix:
            at = literal.start_byte + prefix.index("f")
            yield Edit(file.span_of_bytes(at, at + 1), "")
    plain = [(one.start_byte, one.end_byte) for one in lost] if text.filled is None else []
    for one in text.marks:
        if one.hole is not None or _lies_in(one.start, places):
            continue
        single = one.end - one.start == 2 and one.character in "{}%" and (text.filled or _lies_in(one.start, plain))
        wanted = "%%" if one.character == "%" and api.mark == "%s" and api.given is None else one.character
        if single or (wanted == "%%" and one.end - one.start == 1):
            yield Edit(file.span_of_bytes(one.start, one.end), wanted)
    if text.filled is not None:
        yield Edit(file.span_of_bytes(*text.filled), "")


def _lies_in(at: int, places: Sequence[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in places)


def _lost(literal: Node, places: Sequence[tuple[int, int]], left: Sequence[int]) -> bool:
    """Whether a literal had holes, and has none any more."""
    own = [(literal.start_byte, literal.end_byte)]
    return any(_lies_in(start, own) for start, _ in places) and not any(_lies_in(at, own) for at in left)
