"""Tables and indexes that revision after revision takes away and makes anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.schema import Key, Kind, Made
from chunklint.semantics.migrations.steps import Certainty, Step, Verb

# A revision makes an object, a second one rebuilds it: that is how schemas grow. From the third on it is a chain.
_CHAIN = 3


@record
class Making:
    """How one revision makes an object.

    Attributes:
        place: Where it makes it; of an index that is made anew, where the former one goes.
        again: Whether it takes away the one that was there.
        staged: The name under which a table is made first, and where, when it only then gets its own name.
        columns: The columns of an index.
    """

    revision: str
    place: Location
    verb: Verb
    again: bool
    staged: tuple[Key, Location] | None = None
    columns: tuple[str, ...] | None = None


@dataclass(slots=True)
class Rebuilds:
    """The makings of every table and index along a path, and what the revision at hand has taken away and made."""

    revision: str = ""
    makings: dict[Key, list[Making]] = field(default_factory=dict)
    taken: dict[Key, Location] = field(default_factory=dict)
    created: dict[Key, Location] = field(default_factory=dict)

    def enter(self, revision: str) -> None:
        """Come to the next revision."""
        self.revision = revision
        self.taken, self.created = {}, {}

    def take(self, step: Step) -> None:
        """Take note of a step of the revision at hand."""
        key = step.key
        if key is None or key.kind not in (Kind.TABLE, Kind.INDEX) or step.certainty is Certainty.MAYBE:
            return
        match step.verb:
            case Verb.CREATE:
                self.created.setdefault(key, step.place)
                self._make(key, step)
            case Verb.DROP:
                self.taken[key] = step.place
            case Verb.RENAME:
                self.taken[key] = step.place
                self._make(replace(key, name=step.new_name), step)

    def _make(self, key: Key, step: Step) -> None:
        makings = self.makings.setdefault(key, [])
        last = makings[-1] if makings else None
        made = self._making(key, step)
        if last is None or last.revision != self.revision:
            makings.append(made)
        elif made.again and not last.again:
            makings[-1] = made

    def _making(self, key: Key, step: Step) -> Making:
        again = key in self.taken
        place = self.taken[key] if again and key.kind is Kind.INDEX else step.place
        staged = None
        if step.verb is Verb.RENAME and step.key in self.created:
            staged = step.key, self.created[step.key]
        return Making(self.revision, place, step.verb, again, staged, (step.made or Made()).columns)

    def is_rebuilt(self, key: Key) -> bool:
        """Whether the revision at hand has taken an object away and made it anew."""
        makings = self.makings.get(key, [])
        return bool(makings) and makings[-1].revision == self.revision and makings[-1].again

    def chains(self) -> Iterator[tuple[Key, tuple[Making, ...]]]:
        """Every object that was rebuilt twice or more, with all its makings; an index only if it kept its columns."""
        for key, makings in self.makings.items():
            first, *others = makings
            later = [one for one in others if one.again]
            if len(later) + 1 < _CHAIN or "{" in key.name or first.again:
                continue
            if key.kind is Kind.TABLE or (first.columns and all(one.columns == first.columns for one in later)):
                yield key, (first, *later)
