"""What the revisions along a path define by text: functions and views, whatever unreadable steps there are between."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from chunklint.semantics.migrations.schema import Key, Kind, Made
from chunklint.semantics.migrations.steps import Certainty, Step, Verb

_DEFINED = frozenset({Kind.FUNCTION, Kind.VIEW})


@dataclass(slots=True)
class Definitions:
    """The last definition of every function and view that no step is seen to take away.

    A step that nobody can read leaves them: it may have done anything, but the text of what comes after is known.
    """

    last: dict[Key, Made] = field(default_factory=dict)

    def take(self, step: Step) -> Made | None:
        """Take note of a step; the definition that stood before it, if there is one."""
        key = step.key
        if key is None or key.kind not in _DEFINED:
            return None
        if "{" in key.name:
            # Such a name may mean any of them.
            self.last = {one: made for one, made in self.last.items() if one.kind is not key.kind}
            return None
        before = self.last.pop(key, None)
        if step.verb is Verb.CREATE and step.made is not None and step.certainty is not Certainty.MAYBE:
            repeats = before is not None and is_same_text(before.trait("body"), step.made.trait("body"))
            self.last[key] = before if before is not None and (repeats or not step.replaces) else step.made
        if step.verb is Verb.RENAME and before is not None:
            self.last[replace(key, name=step.new_name)] = before
        return before


def is_same_text(one: str | None, other: str | None) -> bool:
    """Whether two definitions are the same, but for a comment that one of them has more."""
    if not one or not other:
        return False
    short, long = sorted((one, other), key=len)
    start = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    rest = long[start : len(long) - (len(short) - start)]
    return short == long or (rest.startswith("--") and long.endswith(short[start:]))
