"""What fixes make of a file, for the tests of fixes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chunklint import project
from chunklint.config import Settings
from chunklint.discovery import Discovered
from chunklint.fixing import mend
from chunklint.fixing.mending import Mended
from chunklint.loader import BUILTIN
from chunklint.model import Rule
from chunklint.project import Request


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
