"""A scan that is known as a whole says what a new one would say, whatever happened in between."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from chunklint import discovery
from chunklint.cli import cli
from chunklint.discovery import Discovered, watching
from chunklint.engine import Job, Outcome, RuleSet, scan
from chunklint.loader import BUILTIN, load
from chunklint.unchanged import Whole, recalled, remember

# Longer than a file system's clock takes to tick.
TICK_NS = 20_000_000

BAD = "import redis\nimport requests\n\n\ndef fetch(url):\n    return requests.get(url), redis.Redis()\n"
REVISION = (
    'from alembic import op\n\nrevision = "{0}"\ndown_revision = None\n\n\ndef upgrade():\n    op.drop_table("t")\n'
)
TEXTS = {
    "a.py": ("", BAD, BAD + BAD, BAD.replace("url", "uri")),
    "in/b.py": ("x = 1\n", BAD),
    "in/deep/c.py": (BAD,),
    "versions/one.py": (REVISION.format("a1"), REVISION.format("b2")),
    "versions/two.py": (REVISION.format("a1"), REVISION.format("b3")),
    "requirements.txt": ("redis==5.0.0\n", "redis==8.0.0\n"),
    "in/requirements/base.txt": ("redis==5.0.0\n", "redis==8.1.0\n"),
    "pyproject.toml": ('[project]\nname = "a"\ndependencies = ["redis==8.0.0"]\n', ""),
    ".gitignore": ("a.py\n", "in/\n", "*.py\n!a.py\n"),
    "in/.gitignore": ("deep\n", ""),
    "in/deep/pyvenv.cfg": ("",),
    "in/deep/.git/HEAD": ("",),
    ".git/info/exclude": ("versions/\n", ""),
}


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


@st.composite
def edits(draw: st.DrawFn) -> Callable[[Path], None]:
    path, other = draw(st.sampled_from(sorted(TEXTS))), draw(st.sampled_from(sorted(TEXTS)))
    text = draw(st.sampled_from(TEXTS[path]))
    kind = draw(st.sampled_from(("write", "write", "rename", "delete", "link", "write and set the time back")))

    def edit(root: Path) -> None:
        file = root / path
        if kind == "write" or not file.exists() or file.is_symlink():
            file.unlink(missing_ok=True)
            put(root, path, text)
        elif kind == "rename":
            (root / other).parent.mkdir(parents=True, exist_ok=True)
            file.replace(root / other)
        elif kind == "delete":
            file.unlink()
        elif kind == "link":
            file.unlink()
            file.symlink_to(root / other)
        else:
            before = file.stat()
            file.write_text(text, encoding="utf-8")
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    return edit


def found_in(root: Path) -> Discovered:
    return discovery.discover(
        [root], cwd=root, exclude=(), respect_gitignore=True, force_exclude=False, max_bytes=100_000
    )


def outcome_of(whole: Whole, found: Discovered) -> Outcome:
    return scan(Job(whole.root, whole.rules, found.files, 100_000), cache=whole.store)


@given(steps=st.lists(st.lists(edits(), max_size=3), min_size=2, max_size=5))
@settings(max_examples=40)
def test_what_is_known_is_what_a_new_scan_gives(
    tmp_path_factory: pytest.TempPathFactory, steps: list[list[Callable[[Path], None]]]
) -> None:
    root, folder = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("cache")
    for path in ("a.py", "in/b.py", "in/deep/c.py", "versions/one.py", ".git/info/exclude"):
        put(root, path, TEXTS[path][-1])
    rules = RuleSet.of([BUILTIN], [rule for rule in load([BUILTIN]) if rule.code in {"CL801", "CL901", "CL1001"}])
    for changes in steps:
        for change in changes:
            change(root)
        whole = Whole(folder, root, rules, "all", TICK_NS)
        known = recalled(whole)
        began = time.time_ns()
        with watching() as seen:
            found = found_in(root)
            outcome = outcome_of(whole, found)
        assert known in (None, (found, outcome))
        remember(whole, seen, began, found, outcome)
    shutil.rmtree(root)


_watchers: list[list[str]] = []


def _note_opened_file(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"open", "os.scandir", "os.listdir"}:
        for seen in _watchers:
            seen.append(str(arguments[0]))


# An audit hook cannot be taken away again; without watchers it does nothing.
sys.addaudithook(_note_opened_file)


@contextmanager
def opened() -> Iterator[list[str]]:
    seen: list[str] = []
    _watchers.append(seen)
    try:
        yield seen
    finally:
        _watchers.remove(seen)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A project that was scanned when all of it was old enough for its times to count, and the folder of caches."""
    root, folder = tmp_path_factory.mktemp("projects") / "known", tmp_path_factory.mktemp("caches")
    for path in ("a.py", "in/b.py", "versions/one.py", "requirements.txt"):
        put(root, path, TEXTS[path][-1])
        put(root.with_name("mended"), path, TEXTS[path][-1])
    time.sleep(2.1)
    assert scanned(root, folder)[0] == 1
    return root, folder


def scanned(root: Path, folder: Path, *more: str) -> tuple[int, str]:
    arguments = ["scan", "--isolated", "--cache-dir", str(folder), *more, str(root)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    return result.return_value, result.output


@pytest.mark.parametrize("form", ["text", "sarif", "html", "json"])
def test_an_unchanged_project_is_told_of_in_the_same_bytes(known: tuple[Path, Path], form: str) -> None:
    root, folder = known
    assert scanned(root, folder, "--output-format", form) == scanned(
        root, folder, "--no-cache", "--output-format", form
    )


def test_nothing_of_an_unchanged_project_is_opened_or_listed(known: tuple[Path, Path]) -> None:
    root, folder = known
    with opened() as seen:
        assert scanned(root, folder, "--output-format", "concise")[0] == 1
    assert [path for path in seen if path.startswith(str(root))] == []


def test_other_folders_and_settings_are_another_scan(known: tuple[Path, Path]) -> None:
    root, folder = known
    assert "versions" in scanned(root, folder, "--output-format", "concise")[1]
    assert "versions" not in scanned(root, folder, "--output-format", "concise", "--exclude", "versions")[1]
    assert "versions" not in scanned(root / "in", folder, "--output-format", "concise")[1]
    assert scanned(root, folder, "--select", "CL1001")[0] == 0


def test_what_a_fix_wrote_is_seen(known: tuple[Path, Path]) -> None:
    root = known[0].with_name("mended")
    before = scanned(root, known[1], "--select", "CL801")
    assert scanned(root, known[1], "--select", "CL801", "--fix")[1] != before[1]
    after = scanned(root, known[1], "--select", "CL801")
    assert after == scanned(root, known[1], "--select", "CL801", "--no-cache")
    assert after != before


def test_what_failed_is_tried_again(tmp_path: Path) -> None:
    root = tmp_path / "project"
    put(root, "a.py", "requests = (\n" * 50)
    rules = RuleSet.of([BUILTIN], load([BUILTIN]))
    whole = Whole(tmp_path / "cache", root, rules, "all", -(10**12))
    found = found_in(root)
    outcome = outcome_of(whole, found)
    assert [note.path for note in outcome.notifications] == ["a.py"]
    remember(whole, (), time.time_ns(), found, outcome)
    assert recalled(whole) is None
