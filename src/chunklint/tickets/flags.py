"""Which rules can see a red flag of a review: words that reviewers use, and the code of the rule that answers them."""

from __future__ import annotations

import re

# A guess for the import, which people review: where nothing fits, the flag is left to a person.
_SEEN_BY = (
    (r"f-?string|interpolat|injection|validation in some", ("CL101",)),
    (r"bounds? check|range check|unbounded", ("CL102",)),
    (r"one partition|partition imbalance|skew", ("CL201",)),
    (r"partial protection|unprotected|without (a )?backup", ("CL301",)),
    (r"backups? .*not verified|unverified backup|fails? open", ("CL302",)),
    (r"missing locks?|unlocked|without (a )?lock|race condition", ("CL401",)),
    (r"locks? not using|async with|context manager", ("CL402",)),
    (r"deadlock|lock order", ("CL403",)),
    (r"long-held lock|lock held", ("CL404",)),
    (r"missing cleanup|no cleanup|without cleanup|leak", ("CL501",)),
    (r"cleanup .*(stale|wrong|mismatch|state)", ("CL502",)),
    (r"async .*cleanup|cleanup .*async", ("CL503",)),
    (r"partial refactor|logic (remains|in routers?)", ("CL601", "CL603")),
    (r"transaction", ("CL602",)),
    (r"services? calling routers?|wrong direction|layer", ("CL604",)),
    (r"missing (error )?boundar|without (an? )?(error )?boundar", ("CL701",)),
    (r"missing error logging|not logged|no logging", ("CL702",)),
    (r"no way to recover|cannot recover|no retry", ("CL703",)),
    (r"functional? component", ("CL704",)),
    (r"missing timeout|without (a )?timeout", ("CL801",)),
    (r"disabled timeout|infinite timeout|timeout=none", ("CL802",)),
    (r"hard-?coded timeout", ("CL803",)),
    (r"several heads|multiple heads", ("CL901",)),
    (r"broken chain|missing revision", ("CL902",)),
    (r"duplicate tables?|orphaned|overlap|redefin", ("CL903",)),
    (r"downgrade", ("CL904",)),
    (r"fails on (an )?existing|existing rows", ("CL905",)),
    (r"no real assert|without assert|always pass", ("CL1001",)),
    (r"skipped|skip without", ("CL1002",)),
    (r"sleep|take too long", ("CL1004",)),
)


def seen_by(ticket_codes: frozenset[str], flag: str) -> tuple[str, ...]:
    """The codes, among those of the reviewed ticket, of the rules that can see a red flag; () when a person must."""
    words = flag.lower()
    for pattern, codes in _SEEN_BY:
        if re.search(pattern, words):
            return tuple(code for code in codes if code in ticket_codes)
    return ()
