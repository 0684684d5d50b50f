"""The timeout that a call of a known library takes, in the library's own spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chunklint.languages.base import descendants
from chunklint.model import Finding, Fix, Refusal
from chunklint.rewriting.limits import Limit
from chunklint.rewriting.python_arguments import with_argument, with_value
from chunklint.semantics.timeouts.deadlines import waits_for_ever
from chunklint.semantics.timeouts.waiters import Waiter

if TYPE_CHECKING:
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
    "nntplib": ("timeout", True),
    "telnetlib": ("timeout", True),
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

# Words of a call whose server may be silent for long, and be well: it polls, listens to events, or says so itself.
_MAY_BE_LONG = re.compile(r"timeout|wait|poll|watch|listen|stream|subscri|event", re.IGNORECASE)


def limited(file: PythonFile, finding: Finding, limit: Limit) -> Fix | Refusal:
    """Give the call that waits the limit that its library takes, or say where the limit belongs instead."""
    found = _waiter_at(file, finding)
    if found is None:
        return Refusal("the call is not found again")
    waiter, call = found
    keyword, safe = _KEYWORDS.get(waiter.library.name, ("", False))
    if keyword not in (*waiter.limits, *waiter.off):
        return Refusal(f"the limit is not an argument of this call: {waiter.default}")
    edits = with_argument(file, finding.location.span, keyword, limit.timeout, limit.timeout_import)
    if isinstance(edits, Refusal):
        return edits
    return Fix(f"Pass `{keyword}={limit.timeout}`", edits, safe=safe and _MAY_BE_LONG.search(call) is None)


def limited_again(file: PythonFile, finding: Finding, limit: Limit) -> Fix | Refusal:
    """Put a limit where somebody wrote that there is none."""
    edits = with_value(file, finding.location.span, limit.timeout, limit.timeout_import)
    if isinstance(edits, Refusal):
        return edits
    return Fix(f"Set the limit to `{limit.timeout}`", edits, safe=False)


def _waiter_at(file: PythonFile, finding: Finding) -> tuple[Waiter, str] | None:
    """What waits in the place of the finding, and the call as it is written."""
    calls = (node for node in descendants(file.root, "call") if file.span(node) == finding.location.span)
    found = ((waits_for_ever(call, file), file.text(call)) for call in calls)
    return next(((waiter, text) for waiter, text in found if waiter is not None), None)
