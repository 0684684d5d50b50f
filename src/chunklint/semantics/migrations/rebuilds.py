"""Tables and indexes that revision after revision takes away and makes anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chunklint.model import Location
from chunklint.semantics.migrations.schema import Key, Kind
from chunklint.semantics.migrations.steps import Certainty, Step, Verb

# A revision makes an object, a second one rebuilds it: that is how schemas grow. From the third on it is a chain.
_CHAIN = 3


@dataclass(slots=True)
class _Making:
    """How one revision makes an object: where, and whether it takes away the one that was there."""

    revision: str
    place: Location
    verb: Verb
    again: bool


@dataclass(slots=True)
class Rebuilds:
    """The makings of every table and index along a path, and what the revision at hand has taken away."""

    revision: str = ""
    makings: dict[Key, list[_Making]] = field(default_factory=dict)
    taken: dict[Key, Location] = field(default_factory=dict)

    def enter(self, revision: str) -> None:
        """Come to the next revision."""
        self.revision = revision
        self.taken = {}

    def take(self, step: Step) -> None:
        """Take note of a step of the revision at hand."""
        key = step.key
        if key is None or key.kind is not Kind.TABLE or step.certainty is Certainty.MAYBE:
            return
        match step.verb:
            case Verb.CREATE:
                self._make(key, step)
            case Verb.DROP:
                self.taken[key] = step.place
            case Verb.RENAME:
                self.taken[key] = step.place
                self._make(Key(key.kind, step.new_name), step)

    def _make(self, key: Key, step: Step) -> None:
        makings = self.makings.setdefault(key, [])
        last = makings[-1] if makings else None
        made = _Making(self.revision, step.place, step.verb, key in self.taken)
        if last is None or last.revision != self.revision:
            makings.append(made)
        elif made.again and not last.again:
            makings[-1] = made

    def chains(self) -> Iterator[tuple[Key, Location, Verb, tuple[Location, ...]]]:
        """Every making of an object that was rebuilt twice or more, with the places of the other makings."""
        for key, makings in self.makings.items():
            chain = [one for at, one in enumerate(makings) if one.again or at == 0]
            if len(chain) < _CHAIN or "{" in key.name or chain[0].again:
                continue
            for one in chain:
                yield key, one.place, one.verb, tuple(other.place for other in chain if other is not one)
