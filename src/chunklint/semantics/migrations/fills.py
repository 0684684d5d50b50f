"""Values that one revision writes into every row and a later one overwrites before anybody could need them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.alembic_calls import sql_argument
from chunklint.semantics.migrations.frames import Frame, shapes_in
from chunklint.semantics.migrations.operations import Direction, calls_in_order
from chunklint.semantics.migrations.revisions import revision_of
from chunklint.semantics.migrations.schema import Key, Kind
from chunklint.semantics.migrations.step_definitions import plain_name, readable, text_of
from chunklint.semantics.migrations.steps import Script, Step, Verb
from chunklint.semantics.sql.statements import name_at, skip
from chunklint.semantics.sql.tokens import Word, plain, split, words

_BRANCHES = frozenset({"if_statement", "for_statement", "while_statement", "try_statement", "conditional_expression"})
_ON_ROWS = re.compile(r"\b(?:update|select|insert|delete|merge)\b", re.IGNORECASE)
_ENDS = frozenset({"WHERE", "FROM", "RETURNING", "ORDER BY", "LIMIT"})


@record
class Fill:
    """One assignment of an UPDATE that is sure to run.

    Attributes:
        column: The column that gets the values.
        value: The expression, and `words` the names in it.
        whole: Whether it writes every row, whatever it holds.
    """

    column: Key
    value: str
    words: frozenset[str]
    whole: bool
    place: Location


@record
class Fills:
    """The assignments of one revision's upgrade, and how often each name stands in its SQL."""

    path: str
    fills: tuple[Fill, ...]
    words: tuple[tuple[str, int], ...]


@record
class Overwritten:
    """A fill that leaves nothing of an earlier one."""

    fill: Fill
    before: Fill


def fills_of(file: PythonFile) -> Fills | None:
    """The fills of a revision; None for a file that is none, or that neither reads nor writes rows in SQL."""
    if _ON_ROWS.search(file.content) is None or revision_of(file) is None:
        return None
    found: list[Fill] = []
    counted: Counter[str] = Counter()
    for call, frame in calls_in_order(Direction.UPGRADE, file):
        text = sql_argument(call, file)
        shapes = shapes_in(text, frame, file) if text is not None else ()
        for shape in shapes:
            written, holes = plain(shape)
            for part in split(words(written, holes)):
                counted.update(word.name.lower() for word in part if word.is_name)
                if len(shapes) == 1 and not _may_not_run(call, frame):
                    found.extend(_assignments(part, file.location(call)))
    return Fills(file.path, tuple(found), tuple(sorted(counted.items())))


def _may_not_run(call: Node, frame: Frame) -> bool:
    """Whether the call, or that of a helper it stands in, is under a condition or in a loop."""
    nodes = [call, *(one.call for one in frame.stack if one.call is not None)]
    for node in nodes:
        above = node.parent
        while above is not None and above.type != "function_definition":
            if above.type in _BRANCHES:
                return True
            above = above.parent
    return False


def _assignments(part: Sequence[Word], place: Location) -> Iterator[Fill]:
    """The assignments of `UPDATE table SET column = value, ...`; none when anything of it cannot be read."""
    if not part or part[0].key != "UPDATE":
        return
    listed = list(part)
    name, at = name_at(listed, skip(listed, 1, frozenset({"ONLY"})))
    start = next((i for i in range(at, len(part)) if part[i].key == "SET" and part[i].depth == 0), None)
    if start is None or not readable(name):
        return
    end = next((i for i in range(start, len(part)) if part[i].key in _ENDS and part[i].depth == 0), len(part))
    whole = end == len(part) or part[end].key == "RETURNING"
    current: list[Word] = []
    for word in (*part[start + 1 : end], None):
        if word is not None and not (word.key == "," and word.depth == 0):
            current.append(word)
            continue
        fill = _assignment(current, plain_name(name), place, whole=whole)
        if fill is not None:
            yield fill
        current = []


def _assignment(element: list[Word], table: str, place: Location, *, whole: bool) -> Fill | None:
    if len(element) < 3 or element[1].key != "=" or not readable(element[0].name) or not element[0].is_name:
        return None
    value = element[2:]
    names = frozenset(word.name.lower() for word in value if word.is_name)
    if any("{" in name for name in names) or any("hole_" in (word.literal or "") for word in value):
        return None
    return Fill(Key(Kind.COLUMN, element[0].name, table), text_of(value), names, whole, place)


def overwritten(found: Iterable[Fills], path: Sequence[Script]) -> Iterator[Overwritten]:
    """The fills on one way from an empty database to a head that undo an earlier one which nothing has read."""
    by_path = {one.path: one for one in found}
    standing: dict[Key, Fill] = {}
    for script in path:
        revision = script.revision.path
        fills = by_path.get(revision, Fills(revision, (), ()))
        changed = tuple(_changed(script.upgrade))
        read = _read_names(fills)
        standing = {key: one for key, one in standing.items() if _is_kept(key, changed, read)}
        for fill in fills.fills:
            before = standing.get(fill.column)
            if before is not None and fill.whole and before.place.path != revision:
                yield Overwritten(fill, before)
        fresh = {one.column: one for one in fills.fills if one.column.name.lower() not in read}
        # A column that the revision adds or re-types itself is filled after that.
        gone = [step.key for step in script.upgrade if step.verb in (Verb.DROP, Verb.RENAME, Verb.FORGET)]
        standing |= {key: one for key, one in fresh.items() if not any(_concerns(it, key) for it in gone)}


def _read_names(fills: Fills) -> set[str]:
    """The names that stand in the SQL of a revision not only as what is assigned to."""
    assigned = Counter(one.column.name.lower() for one in fills.fills)
    return {name for name, count in fills.words if count > assigned[name]}


def _is_kept(column: Key, changed: Iterable[Key | None], read: set[str]) -> bool:
    return column.name.lower() not in read and not any(_concerns(one, column) for one in changed)


def _changed(steps: Iterable[Step]) -> Iterator[Key | None]:
    """What steps drop, rename, re-type or may do anything to; None for everything."""
    for step in steps:
        match step.verb:
            case Verb.FORGET | Verb.DROP | Verb.RENAME:
                yield step.key
            case Verb.ALTER if "type" in (*dict(step.traits), *step.untold):
                yield step.key
            case Verb.CREATE if step.key is not None and step.key.kind in (Kind.TABLE, Kind.COLUMN):
                yield step.key


def _concerns(changed: Key | None, column: Key) -> bool:
    return changed is None or changed in (column, column.home)
