"""What a row of the table of libraries says."""

from __future__ import annotations

from chunklint.model import Location, Severity
from chunklint.records import record
from chunklint.semantics.pins import Pins

# What a default set for the whole process, or the whole project, reaches.
SOCKETS, REQUESTS, AXIOS, KUBERNETES, CELERY, GRPC = "sockets", "requests", "axios", "kubernetes", "celery", "grpc"

# Libraries whose clients take no limit, only each of their calls: one finding a module says it all.
LIMITED_BY_CALL = frozenset({KUBERNETES, GRPC})

# What a callable does, as the first half of a sentence.
WAITS = "waits for ever"
MAKES_CLIENT = "makes a client that waits for ever for its server"


@record
class Library:
    """A library, and where its documentation or its source says what its default is.

    Attributes:
        name: As its users call it.
        source: The page that the claim was read from.
        package: Its name on the package index, "" for the standard library.
        finite_from: The first version whose default is finite; "" when there is none yet.
    """

    name: str
    source: str
    package: str = ""
    finite_from: str = ""


@record
class Waiter:
    """A callable that waits without limit unless it is told otherwise.

    Attributes:
        library: Whose callable it is.
        default: The library's default and what changes it, as the second half of a sentence.
        limits: Keywords any of which sets a limit, or hands in an object that may bring one.
        position: Where the limit stands among the positional arguments, None when it is given by keyword only.
        waits: What the callable does, as the first half of the sentence.
        family: Which default for the whole process reaches it, "" for none.
        elsewhere: Words that set the limit somewhere else; one of them in the file is enough.
        needs: A keyword and a part of its value without which the callable does not wait for a server.
        partial: Whether the wait is limited in part, or by other means, so that it is only worth a look.
        off: Keywords whose None switches the limit off; those of `limits` that are a time.
        zero: Whether 0 means no limit, too.
    """

    library: Library
    default: str
    limits: tuple[str, ...] = ("timeout",)
    position: int | None = None
    waits: str = WAITS
    family: str = ""
    elsewhere: tuple[str, ...] = ()
    needs: tuple[str, str] = ("", "")
    partial: bool = False
    off: tuple[str, ...] = ("timeout",)
    zero: bool = False

    @property
    def blocks(self) -> bool:
        """Whether the call itself waits, as opposed to the calls of the client that it makes."""
        return self.waits == WAITS


@record
class Limited:
    """A callable whose default is finite, and how that default is switched off.

    Attributes:
        library: Whose callable it is.
        default: The default in words: "5 seconds".
        off: Keywords whose None switches the limit off.
        position: Where the first of them stands among the positional arguments.
        zero: Whether 0 means no limit, too.
        rest: Keywords that set a limit of their own for a part of the wait, so that the switch is a choice.
    """

    library: Library
    default: str
    off: tuple[str, ...] = ("timeout",)
    position: int | None = None
    zero: bool = False
    rest: tuple[str, ...] = ()


@record
class Wait:
    """One call that waits for ever, as a fact of its file.

    Attributes:
        family: Which default for the whole process would reach it.
        place: Where the call is.
        message: What is wrong there, without a final stop.
        advice: A sentence to follow it, "" for none.
        severity: How bad it is if the library's default is none.
        package: The distribution whose version decides, "" when no version has a finite default.
        finite_from: The first version in which there is nothing to report.
    """

    family: str
    place: Location
    message: str
    advice: str
    severity: Severity
    package: str = ""
    finite_from: str = ""


def assumed_version(wait: Wait, pins: Pins) -> str | None:
    """Which version a finding rests on, in parentheses; None when the project asks for one without the problem."""
    if not wait.finite_from:
        return ""
    pin = pins.of(wait.place.path, wait.package)
    if pin is None:
        return f" (no pin of {wait.package} found: assumed below {wait.finite_from})"
    return f" ({pin.describe()})" if pin.allows_before(wait.finite_from) else None
