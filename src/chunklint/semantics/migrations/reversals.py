"""Whether revisions can be taken back: what a downgrade leaves, loses and changes, and where it fails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.column_types import holds_all, may_be_same
from chunklint.semantics.migrations.histories import History, ancestors_of, cycles, duplicates, histories, order
from chunklint.semantics.migrations.replay import Failure, Problem, downgraded, upgraded
from chunklint.semantics.migrations.revisions import Revision
from chunklint.semantics.migrations.schema import Absence, Key, Kind, Made, Schema, State
from chunklint.semantics.migrations.steps import Body, Certainty, Script, Step, Verb

# The two values of a flag as defaults spell them.
_SCHEMA = re.compile(r"^\w+\.(?=\w+\()")
_FLAGS = (frozenset({"1", "true", "t"}), frozenset({"0", "false", "f"}))


class Trace(StrEnum):
    """How an object differs after upgrade and downgrade from before."""

    LEFT = "left"
    LOST = "lost"
    CHANGED = "changed"


@record
class Residue:
    """An object that an upgrade and its downgrade do not bring back as it was.

    Attributes:
        trait: Of a changed object what changed, with `before` and `after` (the downgrade) as values.
        step: What the upgrade did to it, None if only a consequence touched it.
        made: Where what does not come back was made.
    """

    trace: Trace
    key: Key
    trait: str = ""
    before: str = ""
    after: str = ""
    step: Step | None = None
    made: Location | None = None


@record
class Reversal:
    """What came of upgrade and downgrade of one revision. Both lists are empty for one that can be taken back.

    `told` are the objects among the residue whose loss is a problem of an earlier revision.
    """

    script: Script
    problems: tuple[Problem, ...]
    residue: tuple[Residue, ...]
    told: frozenset[Key] = frozenset()


def reversals(scripts: Iterable[Script], *, whole: bool) -> Iterator[Reversal]:
    """The reversals of all revisions of a scan, history by history, each on the schema that the ones before it made.

    Histories that cannot be loaded are left out.
    """
    by_path = {script.revision.path: script for script in scripts}
    for history in histories(script.revision for script in by_path.values()):
        if duplicates(history) or cycles(history):
            continue
        postgres = any(by_path[one.path].postgres for one in history.revisions)
        starts_whole = whole and _starts_at_base(history)
        # Trees that grow from bases of their own are for databases of their own, as long as nothing merges them.
        schemas: dict[frozenset[str], Schema] = {}
        ordered: dict[str, Revision] = {}
        for one in order(history):
            # Of copies in several folders the first counts.
            ordered.setdefault(one.id, one)
        sqlite = not postgres and any(by_path[one.path].sqlite for one in history.revisions)
        found = []
        for one in ordered.values():
            schema = schemas.setdefault(_roots(one, history), Schema(whole=starts_whole))
            found.append(_reversal(by_path[one.path], schema, postgres=postgres, sqlite=sqlite))
        yield from _from_later(found, history)


def _roots(revision: Revision, history: History) -> frozenset[str]:
    """The bases that a revision grows from, where there are several."""
    bases = {base.path for base in history.bases}
    return frozenset(bases & {revision.path, *ancestors_of(history, revision)}) if len(bases) > 1 else frozenset()


def _starts_at_base(history: History) -> bool:
    return history.is_readable and len(history.bases) == 1 and not history.missing


def _reversal(script: Script, schema: Schema, *, postgres: bool, sqlite: bool) -> Reversal:
    """Judge one revision, and leave the schema as its upgrade made it."""
    after = upgraded(schema, script.upgrade)
    back, problems = downgraded(after, script.downgrade)
    problems = tuple(one for one in problems if postgres or not _is_of_postgres(one, script))
    problems = tuple(one for one in problems if not (sqlite and _is_fine_in_sqlite(one)))
    problems = (*problems, *_made_on_one_way(script, schema))
    residue = tuple(_residue(script, schema, after, back, postgres=postgres, sqlite=sqlite))
    schema.absorb(after)
    return Reversal(script, problems, residue)


def _is_of_postgres(problem: Problem, script: Script) -> bool:
    """Whether a step fails on PostgreSQL alone: by an enum type, or by two tables' indexes of one name."""
    if problem.failure is Failure.VALUE or (problem.key is not None and problem.key.kind in (Kind.TYPE, Kind.VALUE)):
        return True
    if problem.failure is not Failure.EXISTS or problem.key is None or problem.key.kind is not Kind.INDEX:
        return False
    made = (one.made for one in script.downgrade if one.key == problem.key and one.made is not None)
    return len({one.table for one in made}) > 1


def _is_fine_in_sqlite(problem: Problem) -> bool:
    """Whether SQLite takes a step: it gives constraints no names, and lets tables go that foreign keys point to."""
    constraint = problem.key is not None and problem.key.kind is Kind.CONSTRAINT
    return problem.failure is Failure.NEEDED or (constraint and problem.failure is Failure.EXISTS)


def _contradicts(one: Residue, upgrade: Iterable[Step]) -> bool:
    """Whether the upgrade itself shows that what was known before was wrong: it only drops what was not there."""
    if one.trace is not Trace.LEFT:
        # What is made anew may have gone with another object before.
        return False
    on_it = [step for step in upgrade if step.key == one.key and step.verb is not Verb.READ]
    # One that asks whether the object is there is written because somebody has seen it there.
    dropped = all(
        step.verb is Verb.DROP and step.certainty is not Certainty.MAYBE and not step.replaces for step in on_it
    )
    return bool(on_it) and dropped


def _adds_nothing(one: Residue, before: Schema, after: Schema, steps: Mapping[Key, Step]) -> bool:
    """Whether the history had already what the upgrade brings: the downgrade is right by what the upgrade meant.

    So it is where an old history was made into one revision, of models that were further than its end.
    """
    step = steps.get(one.key)
    if one.trait in ("nullable", "type", "default"):
        brought = dict(step.traits).get(one.trait) if step is not None else None
        return brought == one.before
    if one.key.kind is not Kind.VALUE:
        return False
    if one.trace is Trace.LEFT:
        # A type that comes back with more labels than it had takes in all that it took in before.
        home = one.key.home
        return home is not None and after.state(home) is Absence.ABSENT
    labels = [key for key in after.changes if key.kind is Kind.VALUE and key.owner == one.key.owner]
    return all(isinstance(before.state(key), Made) == isinstance(after.state(key), Made) for key in labels)


def _residue(
    script: Script, before: Schema, after: Schema, back: Schema, *, postgres: bool, sqlite: bool
) -> Iterator[Residue]:
    touched = dict.fromkeys((*after.changes, *back.changes))
    states = {
        key: (before.state(key, _table(key, before, back)), back.state(key, _table(key, before, back)))
        for key in touched
    }
    steps = _steps_by_key(script.upgrade)
    dropped = {key for key, step in steps.items() if step.verb is Verb.DROP}
    # What the downgrade itself gives another text was there before, wherever it was made.
    replaced = {step.key for step in script.downgrade if step.verb is Verb.CREATE and step.replaces}
    found = [one for key, (old, new) in states.items() for one in _difference(key, old, new, made_anew=key in dropped)]
    gone = {one.key for one in found if one.trace is not Trace.CHANGED}
    renamed = _same_constraints(states)
    for one in found:
        if _is_named_by_others(states[one.key], unread=after.forgot or back.forgot):
            continue
        if one.trace is Trace.LEFT and (one.key in replaced or _is_value_asked_for(steps.get(one.key))):
            continue
        if (
            _contradicts(one, script.upgrade)
            or _adds_nothing(one, before, after, steps)
            or (sqlite and one.key.kind is Kind.CONSTRAINT)
        ):
            continue
        implied = one.key.home in gone or Key(Kind.TABLE, _table(one.key, before, back)) in gone
        if implied or one.key in renamed or (not postgres and _is_enum(one)):
            continue
        state = states[one.key][0]
        made = state.place if isinstance(state, Made) else None
        yield replace(one, step=steps.get(one.key), made=made)


def _is_value_asked_for(step: Step | None) -> bool:
    """Whether a label is added only if it is not there: PostgreSQL drops none, and the next upgrade minds it not."""
    guarded = step is not None and step.certainty is Certainty.GUARDED and step.verb is Verb.CREATE
    return guarded and step is not None and step.key is not None and step.key.kind is Kind.VALUE


def _is_enum(one: Residue) -> bool:
    """Whether an enum is concerned, which is a type of its own on PostgreSQL alone and a text on others."""
    of_column = one.trait == "type" and any(spelled.startswith("enum ") for spelled in (one.before, one.after))
    return of_column or one.key.kind in (Kind.TYPE, Kind.VALUE)


def _is_named_by_others(states: tuple[State, State], *, unread: bool) -> bool:
    """Whether an object got its name from a naming convention that nobody here has read.

    A constraint is known nevertheless by its table and columns, as long as all that was done to them was read.
    """
    return any(isinstance(state, Made) and state.guessed and (state.table or unread) for state in states)


def _table(key: Key, *schemas: Schema) -> str:
    """The table that an index stands on, or that a table is a partition of."""
    if key.kind not in (Kind.INDEX, Kind.TABLE):
        return ""
    for schema in schemas:
        state = schema.state(key)
        if isinstance(state, Made):
            return state.table
    return ""


def _difference(key: Key, before: State, back: State, *, made_anew: bool) -> Iterator[Residue]:
    match before, back:
        case Absence.ABSENT, Made():
            yield Residue(Trace.LEFT, key)
        case Made(), Absence.ABSENT:
            yield Residue(Trace.LOST, key)
        case Made(), Made():
            old, new = dict(before.traits), dict(back.traits)
            for name in sorted(old.keys() & new.keys()):
                if old[name] != new[name] and not _is_one(name, old, new, made_anew=made_anew):
                    yield Residue(Trace.CHANGED, key, name, old[name], new[name])
                    return
            comparable = key.kind is not Kind.TABLE and old.get("kind") != "check"
            if not comparable or before.columns is None or back.columns is None:
                return
            # A constraint holds for its columns in any order.
            is_same = sorted(before.columns) == sorted(back.columns) and key.kind is Kind.CONSTRAINT
            if before.columns != back.columns and not is_same:
                yield Residue(Trace.CHANGED, key, "columns", ", ".join(before.columns), ", ".join(back.columns))


def _is_one(name: str, old: Mapping[str, str], new: Mapping[str, str], *, made_anew: bool) -> bool:
    """Whether a trait is the same under another spelling, or all that a column can have which comes back to its rows.

    Types of one kind are the same, so are defaults of a flag, and functions with and without their schema.
    """
    match name:
        case "type":
            return may_be_same(old[name], new[name]) or holds_all(old[name], new[name])
        case "nullable" if made_anew and new[name] == "False":
            # Its default fills the rows, and those that are written later.
            return bool(new.get("default"))
        case "nullable":
            return made_anew and (not old.get("default") or bool(new.get("default")))
        case "default" if not old[name]:
            # Whoever writes the column in full does not notice one.
            return True
        case "default":
            if _SCHEMA.sub("", old[name]) == _SCHEMA.sub("", new[name]):
                return True
            is_flag = all(one.get("type", "boolean") == "boolean" for one in (old, new))
            return is_flag and any({old[name], new[name]} <= spellings for spellings in _FLAGS)
    return False


def _same_constraints(states: dict[Key, tuple[State, State]]) -> frozenset[Key]:
    """Constraints and indexes that came back under another name, where one of the two names is only a guess."""
    same: set[Key] = set()
    left: dict[tuple[Kind, str], list[tuple[Key, Made]]] = {}
    for key, (before, back) in states.items():
        if isinstance(back, Made) and not isinstance(before, Made):
            left.setdefault((key.kind, key.owner or back.table), []).append((key, back))
    for old, (before, back) in states.items():
        if old.kind not in (Kind.CONSTRAINT, Kind.INDEX) or not isinstance(before, Made) or isinstance(back, Made):
            continue
        for new, now in left.get((old.kind, old.owner or before.table), ()):
            if _is_same(before, now):
                same |= {old, new}
    return frozenset(same)


def _is_same(before: Made, back: Made) -> bool:
    guessed = before.guessed or back.guessed or not before.traits
    untold = None in (before.columns, back.columns) or before.trait("kind") == "check"
    columns = untold or set(before.columns or ()) == set(back.columns or ())
    return guessed and columns and before.trait("kind") in (None, back.trait("kind"))


def _steps_by_key(steps: Iterable[Step]) -> dict[Key, Step]:
    """The last step on each object."""
    found: dict[Key, Step] = {}
    for step in steps:
        if step.key is not None and step.verb is not Verb.READ:
            found[step.key] = step
        for part in step.parts:
            if part.key is not None:
                found[part.key] = part
    return found


def breaks_upgrade(residue: Residue, script: Script) -> bool:
    """Whether the script's next upgrade fails on what is left or lost."""
    step = residue.step
    if step is None or step.certainty is not Certainty.SURE or step.replaces:
        return False
    if residue.trace is Trace.LEFT and any(one.key == residue.key and one.verb is Verb.DROP for one in script.upgrade):
        # The upgrade itself clears the way.
        return False
    if step.made is not None and step.made.guessed:
        # The database finds another name for it.
        return False
    wanted = {Trace.LEFT: Verb.CREATE, Trace.LOST: Verb.DROP}.get(residue.trace)
    return step.verb is wanted


def _made_on_one_way(script: Script, before: Schema) -> Iterator[Problem]:
    """What the downgrade reads without asking, although the upgrade makes it only on one of its ways."""
    makings = [step for step in script.upgrade if step.verb in (Verb.CREATE, Verb.RENAME)]
    names = Counter(step.new_name or step.key.name for step in makings if step.key is not None)
    optional = {
        step.key: step
        for step in makings
        if step.key is not None and step.key.kind is Kind.TABLE and step.optional and names[step.key.name] == 1
    }
    for step in script.downgrade if optional else ():
        if step.key is None:
            return
        made = optional.pop(step.key, None)
        sure = step.verb is Verb.READ and step.certainty is Certainty.SURE
        if made is not None and sure and not before.has_heard_of(step.key):
            yield Problem(Failure.UNCERTAIN, step, step.key, place=made.place)


def _from_later(found: Sequence[Reversal], history: History) -> Iterator[Reversal]:
    """The reversals, with those that fail only after the downgrade of a later revision, which loses what they drop."""
    at = {one.script.revision.path: position for position, one in enumerate(found)}
    failing: dict[int, Problem] = {}
    told: dict[int, set[Key]] = {}
    for later, culprit in enumerate(found):
        # Where a downgrade does nothing, that alone is to be said.
        if culprit.problems or culprit.script.body is not Body.STEPS:
            continue
        for one in culprit.residue:
            earlier = at.get(one.made.path, later) if one.made is not None and one.trace is Trace.LOST else later
            if earlier >= later or not _is_clean(found[earlier]):
                continue
            problem = _failing_drop(one.key, culprit.script, [other.script for other in found[earlier:later]])
            script, known = found[earlier].script, failing.get(earlier, problem)
            if problem is None or script.revision.path not in ancestors_of(history, culprit.script.revision):
                continue
            told.setdefault(later, set()).add(one.key)
            failing[earlier] = min(filter(None, (known, problem)), key=lambda it: script.downgrade.index(it.step))
    for position, reversal in enumerate(found):
        if position in failing:
            yield replace(reversal, problems=(failing[position],))
        else:
            yield replace(reversal, told=frozenset(told.get(position, ())))


def _is_clean(reversal: Reversal) -> bool:
    return not reversal.problems and not reversal.residue and reversal.script.body is Body.STEPS


def _failing_drop(key: Key, culprit: Script, before: Sequence[Script]) -> Problem | None:
    """The step of the first script's downgrade that drops what a later one lost and none in between brings back."""
    step = _sure_drop(key, before[0])
    if step is None or any(_may_bring_back(key, other) for other in before[1:]):
        return None
    return Problem(Failure.LOST, step, key, place=culprit.place, revision=culprit.revision.id)


def _sure_drop(key: Key, script: Script) -> Step | None:
    """The step of a downgrade that drops an object, when it fails without it."""
    for step in script.downgrade:
        if step.key is None:
            return None
        if step.key == key:
            return step if step.verb is Verb.DROP and step.certainty is Certainty.SURE else None
    return None


def _may_bring_back(key: Key, script: Script) -> bool:
    """Whether a downgrade makes an object, may do so, or cannot be run."""
    if script.body is Body.REFUSES:
        return True
    for step in script.downgrade:
        renamed = step.key is not None and replace(step.key, name=step.new_name) == key
        if step.verb is Verb.FORGET or renamed or key in (step.key, *(part.key for part in step.parts)):
            return True
    return False
