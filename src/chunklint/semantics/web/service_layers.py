"""Whether the handlers of a project have a layer below them that they could have asked.

Where they have none, a query or a commit in a handler is how the project is built, and no slip of one handler.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from chunklint.languages.python import PythonFile
from chunklint.model import Draft
from chunklint.records import record
from chunklint.semantics.drafts import travelling
from chunklint.semantics.python.modules import imports
from chunklint.semantics.web.routes import has_routes

_LAYER = re.compile(
    r"(?:^|\.)(?:(?:\w+_)?(?:service|repository|crud|dao|use_?case)|services|repositories|use_?cases)(?:\.|$)|"
    r"(?:Service|Repository|UseCase)$"
)


@record
class Asks:
    """A module of routes asks a layer below it."""


@record
class Plain:
    """A finding that is one only where handlers have a layer below them."""

    draft: Draft


def asks_a_layer(file: PythonFile) -> bool:
    """Whether a module imports services, repositories or the like."""
    return file.remember(
        "asks a layer", lambda: any(_LAYER.search(f"{one.module}.{one.name}") for one in imports(file))
    )


def layer_facts(drafts: Iterable[Draft], file: PythonFile) -> Iterator[Asks | Plain]:
    """What a module contributes to the join: that it asks a layer, or the findings that depend on another that does."""
    if not has_routes(file):
        return
    if asks_a_layer(file):
        yield Asks()
        return
    yield from (Plain(travelling(draft, file)) for draft in drafts)


def slips(facts: Mapping[str, Sequence[object]]) -> Iterator[Draft]:
    """The findings in projects of which another module of routes asks a layer below it."""
    asking = [
        PurePosixPath(path).parts[:-1] for path, found in facts.items() if any(isinstance(one, Asks) for one in found)
    ]
    for path, found in facts.items():
        folders = PurePosixPath(path).parts[:-1]
        if any(folders[:1] == other[:1] for other in asking):
            yield from (one.draft for one in found if isinstance(one, Plain))
