"""Indexes, keys and views of an earlier revision that go with something else and do not come back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.schema import Absence, Key, Kind, Made, Schema
from chunklint.semantics.migrations.steps import Step, Verb

# What creating steps said of an object, for the guarded ones of which the schema keeps no more than that it exists.
Defined = Mapping[tuple[Key, Location], Made]


@record
class Loss:
    """An object that goes.

    Attributes:
        step: The step that takes it along; of a view that makes way for a table, its own DROP.
        taken: The column or table that it goes with.
        table: The name that its table had before the revision.
        skipped: Where a guarded step found its name still taken.
    """

    step: Step
    taken: Key
    key: Key
    made: Made
    table: str
    revision: str
    skipped: Location | None = None

    @property
    def is_told(self) -> bool:
        """Whether the revision drops the object by its own name."""
        return self.step.key == self.key


def is_missed(loss: Loss, schema: Schema, defined: Defined) -> bool:
    """Whether at the end of the revision all is there that what was lost stood on, but nothing in its place."""
    standing = isinstance(schema.state(Key(Kind.TABLE, loss.table)), Made)
    if not standing and loss.taken != Key(Kind.COLUMN, loss.taken.name, loss.table):
        return False
    if schema.state(loss.key) is not Absence.ABSENT:
        return False
    if loss.key.kind is Kind.VIEW:
        return all(isinstance(schema.state(one), Made) for one in loss.made.uses)
    columns = [Key(Kind.COLUMN, name, loss.table) for name in loss.made.columns or ()]
    known = all(
        isinstance(state, Made) or (state is Absence.UNKNOWN and one != loss.taken)
        for one, state in ((one, schema.state(one)) for one in columns)
    )
    return bool(columns) and known and not _has_other_index(loss, schema, defined)


def _has_other_index(loss: Loss, schema: Schema, defined: Defined) -> bool:
    """Whether an index or constraint stands on the table that begins with the same columns, or may do so."""
    wanted = loss.made.columns or ()
    foreign = loss.made.trait("kind") == "foreign key"
    for key, state in schema.belonging(Key(Kind.TABLE, loss.table)):
        if key.kind not in (Kind.INDEX, Kind.CONSTRAINT) or not isinstance(state, Made):
            continue
        made = defined.get((key, state.place), state) if state.place is not None else state
        columns = state.columns or made.columns
        if key.kind is Kind.INDEX and columns is None and not foreign:
            return True
        if made.trait("kind") == "check" or (made.trait("kind") == "foreign key") is not foreign:
            continue
        if columns is not None and columns[: len(wanted)] == wanted:
            return True
    return False


def unsettled(losses: list[Loss], step: Step, key: Key) -> Iterator[Loss]:
    """The losses that a step neither makes good nor shows to be meant."""
    made = step.made or Made()
    steps = [(key, made), *((one.key, one.made or Made()) for one in step.parts if one.key is not None)]
    if step.new_name:
        steps.append((Key(key.kind, step.new_name, key.owner), made))
    for loss in losses:
        if loss.is_told and step.verb is Verb.DROP:
            # Views that make way are dropped from lists, with care, and more than once.
            yield loss
        elif not any(_settles(loss, one, its) for one, its in steps) and not _may_mean(key, loss.key):
            yield loss


def _settles(loss: Loss, key: Key, made: Made) -> bool:
    if key == loss.key or (key.kind is loss.key.kind and key.name == loss.key.name):
        return True
    place = made.table or key.owner
    return place == loss.table and bool(loss.made.columns) and made.columns == loss.made.columns


def _may_mean(template: Key, key: Key) -> bool:
    """Whether a name with holes may be a certain name."""
    if "{" not in template.name or template.kind is not key.kind:
        return False
    pattern = ".*".join(map(re.escape, re.split(r"\{[^{}]*\}", template.name)))
    return re.fullmatch(pattern, key.name, re.DOTALL) is not None
