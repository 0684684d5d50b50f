"""A cached scan says what an uncached one says, whatever happened in between, and no store can make it say more."""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chunklint import cache
from chunklint.cache import Cache
from chunklint.cli import cli
from chunklint.engine import Job, Outcome, RuleSet, cache_key, scan
from chunklint.loader import BUILTIN, load

# Longer than a file system's clock takes to tick, and short enough for the times of files to count in these tests.
TICK_NS = 20_000_000

BAD = "import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"
WORSE = BAD + "\n\ndef again(url):\n    return requests.get(url)\n"
SILENT = BAD.replace("get(url)", "get(url)  # chunklint: ignore[CL801] the caller waits anyway")
BROKEN = BAD + "x = = 1\n"
REVISION = (
    'from alembic import op\n\nrevision = "{0}"\ndown_revision = None\n\n\ndef upgrade():\n    op.drop_table("t")\n'
)
TEXTS = (BAD, WORSE, SILENT, BROKEN, "x = 1\n", "", "\0binary", REVISION.format("a1"), REVISION.format("b2"))
PATHS = ("a.py", "b.py", "versions/one.py", "versions/two.py", "tests/test_a.py")


def rule_set(*codes: str) -> RuleSet:
    chosen = [rule for rule in load([BUILTIN]) if not codes or rule.code in codes]
    return RuleSet.of([BUILTIN], chosen)


def outcome_of(root: Path, rules: RuleSet, store: Cache | None, max_bytes: int = 100_000) -> Outcome:
    paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
    return scan(Job(root, rules, tuple(paths), max_bytes), cache=store)


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


@st.composite
def edits(draw: st.DrawFn) -> Callable[[Path], None]:
    path, other, text = draw(st.sampled_from(PATHS)), draw(st.sampled_from(PATHS)), draw(st.sampled_from(TEXTS))
    kind = draw(st.sampled_from(("write", "write", "rename", "delete", "touch", "write and set the time back", "swap")))

    def edit(root: Path) -> None:
        file = root / path
        if kind == "write" or not file.exists():
            put(root, path, text)
        elif kind == "rename":
            (root / other).parent.mkdir(parents=True, exist_ok=True)
            file.replace(root / other)
        elif kind == "delete":
            file.unlink()
        elif kind == "touch":
            os.utime(file)
        elif kind == "swap" and (root / other).exists():
            here, there = file.read_text(encoding="utf-8"), (root / other).read_text(encoding="utf-8")
            put(root, path, there)
            put(root, other, here)
        else:
            before = file.stat()
            file.write_text(text, encoding="utf-8")
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    return edit


@given(
    steps=st.lists(
        st.tuples(
            st.lists(edits(), max_size=3),
            st.sampled_from(((), ("CL801",), ("CL901", "CL903"), ("CL801", "CL1001"))),
            st.sampled_from((100_000, 150)),
        ),
        min_size=2,
        max_size=5,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cached_and_uncached_scans_agree_after_any_edits(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[list[Callable[[Path], None]], tuple[str, ...], int]]
) -> None:
    root = tmp_path_factory.mktemp("project")
    folder = tmp_path_factory.mktemp("cache")
    for path, text in zip(PATHS, TEXTS, strict=False):
        put(root, path, text)
    for changes, codes, max_bytes in steps:
        for change in changes:
            change(root)
        rules = rule_set(*codes)
        cached = outcome_of(root, rules, Cache(folder, root, cache_key(rules), TICK_NS), max_bytes)
        assert cached == outcome_of(root, rules, None, max_bytes)
    shutil.rmtree(root)


def recalled(root: Path, folder: Path, rules: RuleSet) -> set[str]:
    store = Cache(folder, root, cache_key(rules))
    store.load()
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*.py")]
    return {path for path, _ in store.recall(paths, {}, 100_000)}


_watchers: list[list[object]] = []


def _note_opened_file(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        for seen in _watchers:
            seen.append(arguments[0])


# An audit hook cannot be taken away again; without watchers it does nothing.
sys.addaudithook(_note_opened_file)


@contextmanager
def watching_opened_files(seen: list[object]) -> Iterator[None]:
    _watchers.append(seen)
    try:
        yield
    finally:
        _watchers.remove(seen)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    put(root, "a.py", BAD)
    put(root, "b.py", "x = 1\n")
    return root


def test_what_has_not_changed_is_not_judged_again(project: Path, tmp_path: Path) -> None:
    rules = rule_set()
    outcome_of(project, rules, Cache(tmp_path / "cache", project, cache_key(rules)))
    put(project, "a.py", WORSE)
    assert recalled(project, tmp_path / "cache", rules) == {"b.py"}


def test_a_changed_option_and_another_selection_make_another_key() -> None:
    assert len({cache_key(rule_set()), cache_key(rule_set("CL801")), cache_key(rule_set("CL802"))}) == 3
    one = RuleSet((BUILTIN,), frozenset({"CL801"}), (("CL801", 1),))
    other = RuleSet((BUILTIN,), frozenset({"CL801"}), (("CL801", 2),))
    assert cache_key(one) != cache_key(other)


def test_an_edited_rule_file_makes_another_key(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("x = 1\n", encoding="utf-8")
    before = cache_key(RuleSet((tmp_path,), frozenset({"ZZ1"})))
    (tmp_path / "mine.py").write_text("x = 2\n", encoding="utf-8")
    assert cache_key(RuleSet((tmp_path,), frozenset({"ZZ1"}))) != before


def garbage(store: Path) -> None:
    store.write_bytes(b"no database" * 500)


def cut(store: Path) -> None:
    store.write_bytes(store.read_bytes()[: store.stat().st_size // 2])


def emptied(store: Path) -> None:
    store.write_bytes(b"")


def foreign(store: Path) -> None:
    store.unlink()
    with sqlite3.connect(store) as other:
        other.execute("CREATE TABLE results (something TEXT)")
    other.close()


def scrambled(store: Path) -> None:
    with sqlite3.connect(store) as opened:
        opened.execute("UPDATE results SET value = substr(value, 1, 20) || x'00' || substr(value, 22)")
    opened.close()


def exchanged(store: Path) -> None:
    with sqlite3.connect(store) as opened:
        opened.execute("UPDATE results SET value = (SELECT value FROM results AS other WHERE other.path = 'b.py')")
    opened.close()


@pytest.mark.parametrize("damage", [garbage, cut, emptied, foreign, scrambled, exchanged])
def test_a_damaged_or_foreign_store_is_rebuilt_without_a_word(
    project: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    rules = rule_set()
    folder = tmp_path / "cache"
    expected = outcome_of(project, rules, Cache(folder, project, cache_key(rules)))
    (store,) = folder.glob("*.sqlite")
    damage(store)
    assert outcome_of(project, rules, Cache(folder, project, cache_key(rules))) == expected
    assert recalled(project, folder, rules) == {"a.py", "b.py"}


class Planted:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch planted",)


def test_a_planted_store_runs_nothing(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rules = rule_set()
    store = Cache(tmp_path / "cache", project, cache_key(rules))
    content = cache.content_key((project / "a.py").read_bytes())
    store.keep([("a.py", content, Planted())])
    assert recalled(project, tmp_path / "cache", rules) == set()
    assert pickle.dumps(Planted())
    assert not (tmp_path / "planted").exists()


def test_parallel_scans_share_a_store(project: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "chunklint", "scan", "--isolated", "--cache-dir", str(tmp_path / "cache"), "."]

    def run(_: int) -> bytes:
        return subprocess.run(command, cwd=project, capture_output=True, timeout=120).stdout

    with ThreadPoolExecutor(4) as pool:
        outputs = set(pool.map(run, range(4)))
    assert len(outputs) == 1
    assert b"CL801" in outputs.pop()
    assert recalled(project, tmp_path / "cache", rule_set()) <= {"a.py", "b.py"}


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    rules = rule_set()
    store = Cache(tmp_path / "file", project, cache_key(rules))
    assert outcome_of(project, rules, store) == outcome_of(project, rules, None)


def test_only_the_latest_rule_sets_are_kept(project: Path, tmp_path: Path) -> None:
    for number in range(20):
        store = Cache(tmp_path / "cache", project, b"%02d" % number)
        store.load()
        store.keep([("a.py", b"content", (number,))])
    (file,) = (tmp_path / "cache").glob("*.sqlite")
    with sqlite3.connect(file) as opened:
        kept = [row[0] for row in opened.execute("SELECT rules FROM results ORDER BY rules")]
    opened.close()
    assert kept == [b"14", b"15", b"16", b"17", b"18", b"19"]


def test_stores_that_nobody_used_for_long_go_when_another_root_comes(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    rules = rule_set("CL801")
    outcome_of(project, rules, Cache(folder, project, cache_key(rules)))
    (old,) = folder.glob("*.sqlite")
    os.utime(old, (1_700_000_000, 1_700_000_000))
    put(tmp_path / "other", "a.py", BAD)
    outcome_of(tmp_path / "other", rules, Cache(folder, tmp_path / "other", cache_key(rules)))
    (new,) = folder.glob("*.sqlite")
    assert new != old


def test_the_cache_folder_hides_itself_from_git_and_can_be_emptied(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    rules = rule_set()
    outcome_of(project, rules, Cache(folder, project, cache_key(rules)))
    assert (folder / ".gitignore").read_text(encoding="utf-8") == "*\n"
    (folder / "mine.sqlite").write_text("of another program", encoding="utf-8")
    result = CliRunner().invoke(cli, ["cache", "clean", "--cache-dir", str(folder)])
    assert "1 store removed" in result.stderr
    assert [path.name for path in folder.glob("*.sqlite")] == ["mine.sqlite"]


def test_no_cache_leaves_no_store_and_a_tracked_folder_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    runner = CliRunner()
    runner.invoke(cli, ["scan", "--isolated", "--no-cache", "--exit-zero", "."])
    assert not (tmp_path / "home").exists()
    put(project, "kept/store.sqlite", "planted")
    for arguments in (["init", "-q"], ["add", "-f", "kept"]):
        subprocess.run(["git", *arguments], cwd=project, check=True)
    refused = runner.invoke(cli, ["scan", "--isolated", "--cache-dir", "kept", "."])
    assert refused.exit_code == 2
    assert "git tracks it" in refused.output


def test_an_edit_that_keeps_size_and_time_is_noticed(project: Path, tmp_path: Path) -> None:
    rules = rule_set()
    folder = tmp_path / "cache"
    time.sleep(2 * TICK_NS / 1e9)
    outcome_of(project, rules, Cache(folder, project, cache_key(rules), TICK_NS))
    before = (project / "a.py").stat()
    put(project, "a.py", BAD.replace("url", "uri"))
    os.utime(project / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert recalled(project, folder, rules) == {"b.py"}


def test_an_unchanged_file_is_known_without_being_read(project: Path, tmp_path: Path) -> None:
    rules = rule_set()
    folder = tmp_path / "cache"
    time.sleep(2 * TICK_NS / 1e9)
    outcome_of(project, rules, Cache(folder, project, cache_key(rules), TICK_NS))
    read: list[object] = []
    with watching_opened_files(read):
        assert recalled(project, folder, rules) == {"a.py", "b.py"}
    assert not [path for path in read if str(path).startswith(str(project))]


def test_a_touched_file_is_read_again_but_not_judged_again(project: Path, tmp_path: Path) -> None:
    rules = rule_set()
    outcome_of(project, rules, Cache(tmp_path / "cache", project, cache_key(rules)))
    os.utime(project / "a.py", (1, 1))
    assert recalled(project, tmp_path / "cache", rules) == {"a.py", "b.py"}


JOINING = """\
from collections.abc import Iterator, Mapping
from pathlib import Path

from chunklint.api import Draft, Location, PythonFile, Rule, python

rule = Rule(
    code="CL9901", name="counts-files", ticket="TICKET-001", when="a file is there", effect="it is counted",
    instead="nothing", bad="x = 1", good="", example="a.py", mentions=(),
)


@rule.fact(python)
def is_there(file: PythonFile) -> Iterator[Location]:
    yield file.location(file.root)


@rule.across
def counts(facts: Mapping[str, tuple[Location, ...]], whole: bool) -> Iterator[Draft]:
    with Path(__file__).with_name("made.log").open("a") as log:
        log.write("joined\\n")
    for (place,) in facts.values():
        yield rule.at(place, f"{len(facts)} files, whole: {whole}")
"""


def test_a_join_is_made_again_only_when_its_facts_or_its_question_change(tmp_path: Path) -> None:
    folder, root = tmp_path / "rules", tmp_path / "root"
    put(folder, "counting.py", JOINING)
    put(root, "a.py", "x = 1\n")
    put(root, "b.py", "y = 2\n")
    rules = RuleSet.of([folder], load([folder]))

    def messages(*, whole: bool = True) -> list[str]:
        paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
        store = Cache(tmp_path / "store", root, b"rules", settled_ns=TICK_NS)
        return [one.message for one in scan(Job(root, rules, tuple(paths), 1000, whole=whole), cache=store).findings]

    def joins() -> int:
        return (folder / "made.log").read_text(encoding="utf-8").count("joined")

    assert messages() == messages() == ["2 files, whole: True"] * 2
    assert joins() == 1
    put(root, "a.py", "z = 3\n")
    assert messages() == ["2 files, whole: True"] * 2
    assert joins() == 1
    put(root, "c.py", "x = 1\n")
    assert messages() == ["3 files, whole: True"] * 3
    assert joins() == 2
    assert messages(whole=False) == ["3 files, whole: False"] * 3
    assert joins() == 3


def test_a_join_is_made_again_when_a_manifest_changes(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(root, "a.py", "import redis\n\nclient = redis.Redis(host='cache')\n")
    rules = rule_set("CL801")

    def codes() -> list[str]:
        store = Cache(tmp_path / "store", root, cache_key(rules), settled_ns=TICK_NS)
        return [one.code for one in outcome_of(root, rules, store).findings]

    assert codes() == codes() == ["CL801"]
    put(root, "requirements.txt", "redis==8.0.0\n")
    assert codes() == codes() == []
    put(root, "requirements.txt", "redis==5.0.0\n")
    assert codes() == ["CL801"]
