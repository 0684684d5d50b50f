"""What each render of a component acquires anew, unless the React Compiler keeps it from one render to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chunklint.languages.base import SourceFile
from chunklint.model import Location, Severity
from chunklint.records import record
from chunklint.semantics.ecmascript.effect_wording import head_of, opened_message, opened_severity
from chunklint.semantics.ecmascript.outside_effects import Opened, opened_by_renders
from chunklint.semantics.ecmascript.ways_in import idle_around

_UNCOMPILED = re.compile(r"""["']use no memo["']""")


@record
class Rendered:
    """What is said of what each render acquires.

    Attributes:
        kept: Whether the React Compiler, where it builds the file, keeps it as `useMemo` does.
        idle: The definitions of which another file must import one for it to be rendered; None where the file or
            a framework does it.
    """

    place: Location
    message: str
    severity: Severity
    kept: bool
    idle: tuple[str, ...] | None = None


def rendered(file: SourceFile) -> Iterator[Rendered]:
    """What the components of a file acquire at each render."""
    for found in opened_by_renders(file):
        idle = idle_around(file, found.acquired.node)
        place = file.location(head_of(found.acquired.node))
        yield Rendered(place, opened_message(file, found), opened_severity(found), _is_held(file, found), idle)


def _is_held(file: SourceFile, opened: Opened) -> bool:
    """Whether anything takes the value; an interval whose handle is dropped is started at each render all the same."""
    around = opened.acquired.node.parent
    dropped = around is not None and around.type == "expression_statement"
    return not dropped and _UNCOMPILED.search(file.content) is None
