"""What fixes make of a file, for the tests of fixes."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
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


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)


def contents_of(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def killed_at_random(  # noqa: PLR0913 - keyword-only, each a setting of its own
    command: Sequence[str], folder: Path, old: Mapping[str, bytes], new: Mapping[str, bytes],
    *, whole: float, dice: random.Random, times: int, pause: float,
) -> None:  # fmt: skip
    """Kill a command that makes `new` files of `old` ones at several moments; each file is one or the other then.

    It takes `whole` seconds undisturbed. Most kills come up to `pause` seconds after the first file was written.
    """
    first = min(old)
    halfway = 0
    for attempt in range(times):
        write_all(folder, old)
        process = subprocess.Popen(command, cwd=folder)
        if attempt % 3:
            # Most of a run goes before the first file is written, so most kills wait for that one.
            while (folder / first).read_bytes() == old[first] and process.poll() is None:
                pass
            time.sleep(dice.uniform(0, pause))
        else:
            time.sleep(dice.uniform(0, whole))
        process.send_signal(signal.SIGKILL)
        process.wait()
        states = contents_of(folder, old)
        assert all(states[name] in (old[name], new[name]) for name in old)
        halfway += 0 < sum(states[name] == new[name] for name in old) < len(old)
    assert halfway, "no kill came while files were written"
