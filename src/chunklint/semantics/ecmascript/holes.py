"""A hole in the cover of a mounted tree, and its kinds."""

from __future__ import annotations

from enum import Enum

from chunklint.records import record
from chunklint.semantics.ecmascript.mounts import Mount
from chunklint.semantics.ecmascript.routes import Root


class GapKind(Enum):
    """What is wrong with a mount's cover."""

    BARE = "no boundary holds the greater part of the app"
    OUTSIDE = "most of the app is covered, this part is not"
    OVERLAY = "an overlay of the whole app under the boundary of the whole app"
    SIBLING = "the mount beside it has a boundary of its own, this one has not"
    FAILING = "the boundary is there, but its fallback throws where it stands"
    ELSEWHERE = "the component has a closer boundary where it is mounted elsewhere"


class StandIn(Enum):
    """What is on the page when no boundary of the project's own has caught an error."""

    NOTHING = "React takes off the page what it rendered"
    NEXT = "Next's own error page"
    REMIX = "the framework's own error page"
    PREACT = "nothing after a first rendering; later what was there, of which since 10.29 some goes on"
    ROUTER = "the error page of React Router's data routers, for what its routes show"


@record
class Gap:
    """One family of neighbours that an error boundary should hold, and does not.

    Attributes:
        mounts: The neighbours in source order; empty when a framework's file is the place (`root`). For BARE the router
            that keeps errors from the boundary around it, if that is why.
        names: What they are called; for routes, what they show.
        boundary: The nearest boundary above, if any.
        other: For SIBLING the wrapped neighbour, for ELSEWHERE the covered mount, for BARE the boundary further down,
            for FAILING the part of the fallback that throws.
        way: The mounts from the entry down to the owner of the place.
        share: How many of the mounted components are covered, and how many there are.
        stand_in: What is on the page when an error has reached its root.
        files: For pages of a framework, whether those beside them are covered by error files alone.
        most: For pages of a framework, how many are covered, and how many there are.
        twins: For BARE the roots of other applications that show nearly the same, and have no boundary either.
    """

    kind: GapKind
    root: Root
    mounts: tuple[Mount, ...]
    names: tuple[str, ...]
    boundary: Mount | None
    other: Mount | None
    way: tuple[Mount, ...]
    share: tuple[int, int]
    stand_in: StandIn = StandIn.NOTHING
    twins: tuple[Root, ...] = ()
    files: bool = False
    most: tuple[int, int] = (0, 0)
