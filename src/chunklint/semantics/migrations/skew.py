"""Partition keys that send all rows of one tenant to one partition, in the order of the history that defines them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import TypeGuard, TypeVar

from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.histories import histories, order
from chunklint.semantics.migrations.operations import is_sql_migration
from chunklint.semantics.migrations.partition_facts import Found, PartitionFact, TableChange, Way, bare
from chunklint.semantics.migrations.revisions import Revision
from chunklint.semantics.sql.crowding import Crowd, crowd_of
from chunklint.semantics.sql.partitions import Act

_NUMBER = re.compile(r"(\d+)")


# Longer chains of renames are not followed, and more definitions of one key tell nothing new.
_MAX_RENAMES = 4
_MAX_HOMES = 20
_FILLING = frozenset({Act.ASSIGN, Act.GENERATE})
Grouped = TypeVar("Grouped")


@record
class Skew:
    """A definition by which rows crowd, or which cannot send them where it means to.

    Attributes:
        shared: The column of which one value holds too many rows; "" when the key is sound and only misrouted.
        table: The table as the history leaves it named, None when unknown.
        replaced: What a later step of the history does to the definition, and where; None while it is in force.
        by: The revision, or the script, of `replaced`.
        misrouted: The trigger that fills the key of a row that is in its partition already.
        others: Where else the table's partitioning is described.
    """

    fact: PartitionFact
    crowd: Crowd
    shared: str
    table: str | None
    replaced: Location | None = None
    by: str = ""
    misrouted: Location | None = None
    others: tuple[Location, ...] = ()


def skews(facts: Mapping[str, Sequence[Found | Revision]], *, whole: bool) -> Iterator[Skew]:
    """The skewed definitions of a scan. Without the `whole` project a column's name must say that it is a key."""
    scan = _Scan(facts, whole)
    misrouting: set[tuple[str, str, str]] = set()
    for fact in scan.definitions:
        skew = _judged(fact, scan)
        if skew is None:
            continue
        if not skew.shared:
            # The trigger is at fault, not this assignment: the next one of its function would say the same again.
            function = (fact.place.path, fact.step.function, fact.step.column)
            if function in misrouting:
                continue
            misrouting.add(function)
        yield skew


@record(slots=False)
class _Scan:
    """The facts of a scan by what they are asked for."""

    facts: Mapping[str, Sequence[Found | Revision]]
    whole: bool

    @cached_property
    def definitions(self) -> tuple[PartitionFact, ...]:
        return tuple(one for found in self.facts.values() for one in found if isinstance(one, PartitionFact))

    @cached_property
    def changes(self) -> tuple[TableChange, ...]:
        return tuple(one for found in self.facts.values() for one in found if isinstance(one, TableChange))

    @cached_property
    def partitioned(self) -> Mapping[str, Sequence[PartitionFact]]:
        """The partitioned tables by name."""
        return _grouped((table, one) for one in self.doing(Act.PARTITION) for table in self.tables(one))

    @cached_property
    def by_column(self) -> Mapping[str, Sequence[PartitionFact]]:
        """The partitioned tables by each column of their key."""
        return _grouped((column, one) for one in self.doing(Act.PARTITION) for column in one.step.key or ())

    @cached_property
    def partitions(self) -> Mapping[str, Sequence[PartitionFact]]:
        """The partitions that are partitioned in turn, by the name of the table that they are of."""
        return _grouped((bare(one.step.parent), one) for one in self.doing(Act.PARTITION) if one.step.parent)

    @cached_property
    def events(self) -> Mapping[str, Sequence[Found]]:
        """What may put an end to a definition or move it, by the table or the function that it is about."""
        changed = ((name, one) for one in self.changes if one.certain for name in self._names(one))
        filled = (one for one in self.definitions if one.certain and one.way is Way.UPGRADE)
        columns = ((table, one) for one in filled if one.step.act in _FILLING for table in self.tables(one))
        return _grouped(chain(changed, columns))

    def _names(self, change: TableChange) -> frozenset[str]:
        match change.kind:
            case "function":
                return frozenset({f"{change.name}()"})
            case "made":
                return frozenset({change.name, self.final(change.name, change) or ""})
            case "dropped":
                return frozenset({change.name})
            case "renamed":
                return frozenset({change.name, self.final(change.new_name, change) or ""})
        return frozenset()

    def when(self, one: Found) -> tuple[str, int, int]:
        """Which history, which place in it, and which turn there; "" for what is of none."""
        history, place = self.positions.get(one.place.path, ("", 0))
        return history, place, one.turn

    def doing(self, act: Act) -> tuple[PartitionFact, ...]:
        """The facts of one kind."""
        return tuple(one for one in self.definitions if one.step.act is act)

    @cached_property
    def renames(self) -> Mapping[str, Sequence[TableChange]]:
        """The renames of each file, in order."""
        found: dict[str, list[TableChange]] = {}
        for change in sorted(self.changes, key=lambda one: one.turn):
            if change.new_name:
                found.setdefault(change.place.path, []).append(change)
        return found

    @cached_property
    def positions(self) -> Mapping[str, tuple[str, int]]:
        """For every file of a history: which history, and which place in it."""
        revisions = [one for found in self.facts.values() for one in found if isinstance(one, Revision)]
        found = {
            one.path: (f"alembic {number}", place)
            for number, history in enumerate(histories(revisions))
            for place, one in enumerate(order(history))
        }
        scripts = sorted(
            (path for path in self.facts if path.endswith(".sql") and is_sql_migration(path)), key=_natural
        )
        found |= {path: (f"sql {PurePosixPath(path).parent}", place) for place, path in enumerate(scripts)}
        return found

    @cached_property
    def ids(self) -> Mapping[str, str]:
        return {one.path: one.id for found in self.facts.values() for one in found if isinstance(one, Revision)}

    @cached_property
    def tables_of(self) -> Mapping[str, Sequence[tuple[str, PartitionFact]]]:
        """The tables whose triggers run a function, by the function's name."""
        found: dict[str, list[tuple[str, PartitionFact]]] = {}
        for fact in self.doing(Act.TRIGGER):
            table = self.final(fact.step.table, fact)
            if table is not None:
                found.setdefault(fact.step.function, []).append((table, fact))
        return found

    def final(self, name: str | None, at: Found, kind: str = "renamed") -> str | None:
        """The name of a table, or of a column, after the renames that follow in the same upgrade."""
        name = bare(name) if name is not None else None
        if isinstance(at, PartitionFact) and at.way is not Way.UPGRADE:
            return name
        for change in self.renames.get(at.place.path, ()):
            if change.kind == kind and change.name == name and change.turn > at.turn:
                name = change.new_name
        return name

    def tables(self, fact: PartitionFact) -> frozenset[str]:
        """The tables that a definition is of; none when that is unknown."""
        if fact.step.act is Act.ASSIGN:
            return frozenset(table for table, _ in self.tables_of.get(fact.step.function, ()))
        table = self.final(fact.step.table, fact)
        return frozenset() if table is None else frozenset({table})

    def column(self, fact: PartitionFact) -> str:
        return self.final(fact.step.column, fact, "column") or ""


def _grouped(pairs: Iterable[tuple[str, Grouped]]) -> Mapping[str, Sequence[Grouped]]:
    found: dict[str, list[Grouped]] = {}
    for name, one in pairs:
        found.setdefault(name, []).append(one)
    return found


def _natural(path: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """The order in which migration tools run scripts: by folder, then by name with its numbers as numbers."""
    place = PurePosixPath(path)
    pieces = _NUMBER.split(place.name)
    return str(place.parent), tuple((int(one[:18]), "") if one.isdigit() else (-1, one) for one in pieces if one)


def _judged(fact: PartitionFact, scan: _Scan) -> Skew | None:
    match fact.step.act:
        case Act.PARTITION:
            return _judged_table(fact, scan)
        case Act.ASSIGN | Act.GENERATE | Act.WRITE:
            return _judged_column(fact, scan)
    return None


def _judged_table(fact: PartitionFact, scan: _Scan) -> Skew | None:
    step = fact.step
    table = next(iter(scan.tables(fact)), None)
    if step.key is None or step.parent or (step.method == "list" and not step.computed):
        return None
    crowd, shared = crowd_of(step.key, table, step.alone, step.booleans)
    if crowd is Crowd.SPREAD or (crowd is Crowd.CATEGORY and step.method != "hash"):
        return None
    if _is_split_further(fact, scan):
        return None
    namesakes = scan.partitioned.get(table, ()) if table is not None else ()
    if fact.way is Way.STANDING and any(one.way is Way.UPGRADE for one in namesakes):
        return None
    others = tuple(one.place for one in namesakes if one.way is Way.STANDING and one is not fact)
    replaced, table = _fate(fact, table, scan)
    return Skew(fact, crowd, shared, table, replaced, _name(replaced, scan), others=others)


def _is_split_further(fact: PartitionFact, scan: _Scan) -> bool:
    """Whether a partition of the table is partitioned in turn by something that splits the rows."""
    own = fact.step.table
    children = [one.step.key for one in scan.partitions.get(bare(own), ())] if own is not None else []
    return any(key is None or crowd_of(key, own)[0] is Crowd.SPREAD for key in children)


def _judged_column(fact: PartitionFact, scan: _Scan) -> Skew | None:
    step = fact.step
    homes = _homes(fact, scan)
    if not step.computed or not (homes or _is_named_like_a_key(fact, scan)):
        return None
    tables = scan.tables(fact) or {table for home in homes[:1] for table in scan.tables(home)}
    table = min(tables, default=None)
    alone = frozenset(column for home in homes for column in home.step.alone)
    crowd, shared = crowd_of(step.key, table, alone) if step.key is not None else (Crowd.SPREAD, "")
    misrouted = _misrouted(fact, homes, scan)
    if crowd <= Crowd.CATEGORY:
        if misrouted is None:
            return None
        crowd, shared = Crowd.SPREAD, ""
    replaced, table = _fate(fact, table, scan)
    return Skew(fact, crowd, shared, table, replaced, _name(replaced, scan), misrouted)


def _homes(fact: PartitionFact, scan: _Scan) -> tuple[PartitionFact, ...]:
    """The tables that are partitioned by the column that a step fills, at most a few definitions of them."""
    column, tables = scan.column(fact), scan.tables(fact)
    if tables:
        known = (one for table in sorted(tables) for one in scan.partitioned.get(table, ()))
        return tuple(islice((one for one in known if column in (one.step.key or ())), _MAX_HOMES))
    named = "partition" in column
    alike = (one for one in scan.by_column.get(column, ()) if named or one.place.path == fact.place.path)
    return tuple(islice(alike, _MAX_HOMES))


def _is_named_like_a_key(fact: PartitionFact, scan: _Scan) -> bool:
    """Whether, when the table may stand in a file that was not given, the name alone says that it is a key."""
    database = fact.step.act is not Act.WRITE or fact.step.table is not None
    return not scan.whole and database and "partition" in fact.step.column


def _misrouted(fact: PartitionFact, homes: Sequence[PartitionFact], scan: _Scan) -> Location | None:
    """The trigger that fills a partition key, when the row's partition was chosen before it ran."""
    if fact.step.act is not Act.ASSIGN or fact.step.spares or fact.step.key == ():
        return None
    partitioned = {table for home in homes for table in scan.tables(home)}
    triggers = scan.tables_of.get(fact.step.function, ())
    found = (trigger.place for table, trigger in triggers if table in partitioned)
    return next(found, None)


def _fate(fact: PartitionFact, table: str | None, scan: _Scan) -> tuple[Location | None, str | None]:
    """Where a later step of the history surely puts an end to a definition, if any, and how the table is called then.

    A table that is renamed keeps its definition, unless another one takes its name in the same file.
    """
    history, place, _ = scan.when(fact)
    if fact.way is not Way.UPGRADE or not history:
        return None, table
    after = (history, place + 1, 0)
    ends = _later(f"{fact.step.function}()", after, fact, scan)[:1]
    for _ in range(_MAX_RENAMES):
        later = _later(table or "", after, fact, scan)
        if not later:
            break
        first = later[0]
        if not _is_renamed(first, table):
            ends.append(first)
            break
        taken = [one for one in later[1:] if one.place.path == first.place.path and not _is_renamed(one, table)]
        if taken:
            ends.append(taken[0])
            break
        table, after = scan.final(first.new_name, first), (*scan.when(first)[:2], first.turn + 1)
    return min((one.place for one in ends), key=lambda one: scan.positions[one.path], default=None), table


def _later(name: str, after: tuple[str, int, int], fact: PartitionFact, scan: _Scan) -> list[Found]:
    """What happens to a table or a function in a history from a moment on, in order."""
    found = (one for one in scan.events.get(name, ()) if scan.when(one)[0] == after[0] and scan.when(one) >= after)
    same = (one for one in found if isinstance(one, TableChange) or scan.column(one) == scan.column(fact))
    return sorted(same, key=scan.when)


def _is_renamed(event: Found, table: str | None) -> TypeGuard[TableChange]:
    return isinstance(event, TableChange) and event.kind == "renamed" and event.name == table


def _name(replaced: Location | None, scan: _Scan) -> str:
    """How the history calls the place of a replacement: the id of the revision, or the name of the script."""
    if replaced is None:
        return ""
    return scan.ids.get(replaced.path) or PurePosixPath(replaced.path).name
