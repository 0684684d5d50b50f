"""What fixes make of a file, for the tests of fixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chunklint import project
from chunklint.config import Settings
from chunklint.discovery import Discovered
from chunklint.fixing import mend
from chunklint.fixing.mending import Mended
from chunklint.loader import BUILTIN, load
from chunklint.model import Rule
from chunklint.project import Request
from chunklint.rewriting.limits import Limit


def mended_file(file: Path, source: str, rules: Sequence[Rule], *, unsafe: bool = True) -> Mended:
    """Write a file, scan it alone, and try what the rules offer; nothing of the result is written."""
    file.write_text(source, encoding="utf-8", newline="")
    request = Request(Discovered(file.parent, (file.name,), ()), {})
    settings = Settings(
        None, file.parent, options={rule.code: rule.options for rule in rules if rule.options is not None}
    )
    examined = project.examined(request, settings, rules, [BUILTIN], jobs=1)
    return mend(examined, examined.report().findings, unsafe=unsafe)


def fixed_text(done: Mended) -> str:
    """The text of the one file that was mended."""
    assert len(done.changes) == 1, [one.reason for one in done.refused]
    return done.changes[0].after.decode()


def first_refusal(done: Mended) -> str:
    """Why nothing was mended."""
    assert done.changes == ()
    return done.refused[0].reason


# Of timeouts and locks, whose fixes many files of tests are about.
_RULES = [rule for rule in load([BUILTIN]) if rule.code in {"CL402", "CL801"}]


def mended(source: str, folder: Path, limit: Limit | None = None, *, unsafe: bool = True) -> Mended:
    """What the fixes of CL402 and CL801 make of a module."""
    rules = [replace(rule, options=limit or Limit()) if rule.code == "CL801" else rule for rule in _RULES]
    return mended_file(folder / "rates.py", source, rules, unsafe=unsafe)


def fixed(source: str, folder: Path, limit: Limit | None = None, *, unsafe: bool = True) -> str:
    """The text of a module that they mended."""
    return fixed_text(mended(source, folder, limit, unsafe=unsafe))


def refusal(source: str, folder: Path, limit: Limit | None = None) -> str:
    """Why they left it alone."""
    return first_refusal(mended(source, folder, limit))
