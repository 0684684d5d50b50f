"""The timeout that a call of a known library takes, in the library's own spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from chunklint.editing import Grid, applied
from chunklint.languages.base import ancestors, descendants
from chunklint.model import Edit, Finding, Fix, Refusal
from chunklint.rewriting.limits import Limit
from chunklint.rewriting.long_waits import (
    ASKS_A_MODEL,
    MAY_BE_LONG,
    MAY_WORK_LONG,
    NEAR_A_MODEL,
    OF_A_MODEL,
    STARTS_WORK,
    WORKS_LONG,
    spelled,
)
from chunklint.rewriting.python_addresses import address_texts, changes, is_callers_choice
from chunklint.rewriting.python_arguments import with_argument, with_value
from chunklint.rewriting.python_code import width_of
from chunklint.rewriting.python_engines import connect_args
from chunklint.rewriting.python_handlers import hearing
from chunklint.rewriting.python_layout import gets_too_wide
from chunklint.rewriting.python_processes import waited_for
from chunklint.semantics.timeouts.deadlines import waits_for_ever
from chunklint.semantics.timeouts.programs import ends_silence
from chunklint.semantics.timeouts.waiters import Waiter

if TYPE_CHECKING:
    from tree_sitter import Node

    from chunklint.languages.python import PythonFile


# The keyword of a library's limit, and whether only a server that falls silent meets it. A limit on a client that may
# listen, on a statement or on a program may end what takes long and is well: that is for its author to say.
_KEYWORDS: Mapping[str, tuple[str, bool]] = {
    "requests": ("timeout", True),
    "urllib3": ("timeout", True),
    "urllib": ("timeout", True),
    "http.client": ("timeout", True),
    "socket": ("timeout", False),
    "smtplib": ("timeout", True),
    "imaplib": ("timeout", False),
    "poplib": ("timeout", True),
    "ftplib": ("timeout", True),
    "ldap3": ("receive_timeout", False),
    "nntplib": ("timeout", True),
    "telnetlib": ("timeout", False),
    "jira": ("timeout", True),
    "python-gitlab": ("timeout", True),
    "paramiko": ("timeout", True),
    "pymemcache": ("timeout", True),
    "libpq": ("connect_timeout", True),
    "redis-py": ("socket_timeout", False),
    "aioredis": ("socket_timeout", False),
    "coredis": ("stream_timeout", False),
    "asyncpg": ("command_timeout", False),
    "Celery": ("timeout", False),
    "concurrent.futures": ("timeout", False),
    "subprocess": ("timeout", False),
}

# Where a call waits for a program, the words are those of the program, and what it works on does not show.
_PROGRAMS = frozenset({"asyncio", "subprocess"})
# Whose calls wait for work of the project itself, which is done in a queue's time or goes on when nobody waits for it.
_OWN_WORK = frozenset({"concurrent.futures", "Celery"})

# Handlers that hear of a server out of reach, and those that hear of a limit, too.
_UNREACHABLE = re.compile(r"ConnectionError")
_ANY_FAILURE = re.compile(
    r"Timeout|RequestException|SubprocessError|\bException\b|BaseException|OSError|IOError|^except\s*:"
)

_NAMED = frozenset({"function_definition", "class_definition"})


def limited(file: PythonFile, finding: Finding, limit: Limit, width: int = 0) -> Fix | Refusal:
    """Give the call that waits the limit that its library takes, or say where the limit belongs instead.

    `width` is how long a line may get; 0 when nobody says.
    """
    found = _waiter_at(file, finding)
    if found is None:
        return Refusal("the call is not found again")
    waiter, call = found
    if waiter.library.name in _PROGRAMS and (options := ends_silence(call, file)):
        return Refusal(f"the program may take long and be well; {options} in its command would end its silence")
    takes_long = _takes_long(file, call, waiter)
    if limit.timeout == Limit().timeout and takes_long:
        # Who has said what fits here has not had this limit guessed.
        return Refusal(
            f"it may take longer than {limit.timeout} s and be well; say in the call what is too long for it"
        )
    if waiter.library.name == "asyncio":
        edits = waited_for(call, limit, file)
        return edits if isinstance(edits, Refusal) else Fix(f"Wait for {limit.timeout} s", edits, safe=False)
    if waiter.library.name == "SQLAlchemy":
        return _through_the_driver(file, finding, call, limit, width)
    keyword, safe = _KEYWORDS.get(waiter.library.name, ("", False))
    if keyword not in (*waiter.limits, *waiter.off):
        return Refusal(f"the limit is not an argument of this call: {waiter.default}")
    edits = with_argument(file, finding.location.span, keyword, limit.timeout, limit.timeout_import, width)
    heard = hearing(call, waiter.library.name, file, width)
    if isinstance(edits, Refusal):
        return edits
    if isinstance(heard, Refusal):
        return heard
    name, more = heard
    also = f" and catch `{name}`" if name else ""
    all_edits = tuple(sorted((*edits, *more)))
    safe = safe and not name and not takes_long and not _may_be_long(file, call) and _fits(file, all_edits, width)
    return Fix(f"Pass `{keyword}={limit.timeout}`{also}", all_edits, safe=safe)


def _fits(file: PythonFile, edits: Sequence[Edit], width: int) -> bool:
    after = applied(file.content, Grid(file.content).splices(edits))
    return not gets_too_wide(file.content, after, width or width_of(file))


def _through_the_driver(file: PythonFile, finding: Finding, call: Node, limit: Limit, width: int) -> Fix | Refusal:
    given = connect_args(call, limit.timeout, file)
    if isinstance(given, Refusal):
        return given
    if any(isinstance(connect_args(one, limit.timeout, file), Refusal) for one in _engines(file)):
        # The rule takes the name of a limit anywhere in the file for one of all its engines.
        return Refusal("another engine of this file would be hidden with it")
    edits = with_argument(file, finding.location.span, "connect_args", given, limit.timeout_import, width)
    if isinstance(edits, Refusal):
        return edits
    return Fix(f"Pass `connect_args={given}`", edits, safe=False)


def _engines(file: PythonFile) -> Iterator[Node]:
    for call in descendants(file.root, "call"):
        waiter = waits_for_ever(call, file)
        if waiter is not None and waiter.library.name == "SQLAlchemy":
            yield call


def limited_again(file: PythonFile, finding: Finding, limit: Limit) -> Fix | Refusal:
    """Put a limit where somebody wrote that there is none, unless what it asks for is done then."""
    value = next((one for one in descendants(file.root) if file.span(one) == finding.location.span), None)
    call = next((one for one in ancestors(value) if one.type == "call"), None) if value is not None else None
    if call is not None and limit.timeout == Limit().timeout:
        said = [spelled(one) for one in (file.text(call), *_names_around(file, call))]
        if changes(call, file) or any(one.search(text) for text in said for one in (WORKS_LONG, NEAR_A_MODEL)):
            return Refusal(
                "what it asks for may be done though nobody waits any more; who wrote None may have known why"
            )
    edits = with_value(file, finding.location.span, limit.timeout, limit.timeout_import)
    if isinstance(edits, Refusal):
        return edits
    return Fix(f"Set the limit to `{limit.timeout}`", edits, safe=False)


def _waiter_at(file: PythonFile, finding: Finding) -> tuple[Waiter, Node] | None:
    """What waits in the place of the finding, and the call."""
    calls = (node for node in descendants(file.root, "call") if file.span(node) == finding.location.span)
    found = ((waits_for_ever(call, file), call) for call in calls)
    return next(((waiter, call) for waiter, call in found if waiter is not None), None)


def _may_be_long(file: PythonFile, call: Node) -> bool:
    """Whether a limit may end what is well: by the call, by what is around it, and by what the file is for."""
    text = file.text(call)
    if MAY_BE_LONG.search(text) or _raises_past_its_handler(file, call) or is_callers_choice(call, file):
        return True
    names = tuple(_names_around(file, call))
    if any(WORKS_LONG.search(one) for one in (text, *names)):
        return True
    said = [spelled(one) for one in (*address_texts(call, file), *names, file.path)]
    if any(one.search(text) for text in said for one in (NEAR_A_MODEL, OF_A_MODEL)):
        return True
    return any(one.search(text) for text in said[:-1] for one in (STARTS_WORK, MAY_WORK_LONG))


def _takes_long(file: PythonFile, call: Node, waiter: Waiter) -> bool:
    """Whether nobody would take our guess of a limit for the work that this call waits for.

    What the call or its function says counts in any case; what the class and the file are for, and what the function
    sends to a model, only where the server is handed work: it answers what it is asked for at once.
    """
    if waiter.library.name in _PROGRAMS:
        return False
    if waiter.library.name in _OWN_WORK:
        return True
    function = next((one for one in ancestors(call) if one.type == "function_definition"), None)
    name = function.child_by_field_name("name") if function is not None else None
    said = [file.text(call), file.text(name) if name is not None else ""]
    if changes(call, file):
        around = list(_names_around(file, call))
        asked = any(OF_A_MODEL.search(spelled(one)) for one in (*around, file.path))
        if asked or ASKS_A_MODEL.search(file.text(function or file.root)):
            return True
        if any(STARTS_WORK.search(spelled(one)) for one in (*address_texts(call, file), said[1])):
            return True
        said += around
    return any(WORKS_LONG.search(one) for one in said)


def _names_around(file: PythonFile, call: Node) -> Iterator[str]:
    """The names of the functions and the classes around a call, and of its file."""
    names = (one.child_by_field_name("name") for one in ancestors(call) if one.type in _NAMED)
    yield from (file.text(name) for name in names if name is not None)
    yield file.path.rpartition("/")[2]


def _raises_past_its_handler(file: PythonFile, call: Node) -> bool:
    """Whether somebody catches here that the server is out of reach, and would not catch that it is silent."""
    around = next((one for one in ancestors(call) if one.type in ("try_statement", "function_definition")), None)
    if around is None or around.type != "try_statement":
        return False
    clauses = (one for one in around.children if one.type == "except_clause")
    heads = [file.text(one).partition("\n")[0] for one in clauses]
    return any(_UNREACHABLE.search(head) for head in heads) and not any(_ANY_FAILURE.search(head) for head in heads)
