"""A project judged in parts, by machines that know nothing of each other, gives the report of one whole scan."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chunklint import plaindata
from chunklint.engine import Job, Judged, RuleSet, conclude, examine
from chunklint.loader import BUILTIN, load
from chunklint.model import Location, Report, Severity, Span
from chunklint.plaindata import decoder, encoded
from chunklint.reporters import Style, render
from chunklint.shards import ShardError, Writer, part, read
from fleets import PROJECT, WAITS, chunklint, commit, scanned

ROOT = Path(__file__).resolve().parents[1]
SARIF = ("--exit-zero", "--output-format", "sarif=../merged.sarif")


def shards(folder: Path, count: int, *options: str) -> list[str]:
    """Judge a project in so many parts; the files stand beside it, as a CI job downloads them."""
    found = []
    for number in range(1, count + 1):
        ran = chunklint(folder, "scan", "--shard", f"{number}/{count}", *options)
        assert ran.returncode == 0, ran.stderr
        (written,) = folder.glob("chunklint-shard-*.json")
        found.append(str(written.rename(folder.parent / written.name)))
    return found


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_shards_merge_into_the_bytes_of_one_scan_also_when_some_are_empty(tmp_path: Path, count: int) -> None:
    commit(tmp_path / "shop", PROJECT)
    expected = scanned(tmp_path / "shop", "--exit-zero")
    merged = chunklint(tmp_path / "shop", "merge", *reversed(shards(tmp_path / "shop", count)), *SARIF)
    assert merged.returncode == 0, merged.stderr
    assert (tmp_path / "merged.sarif").read_bytes() == expected


def test_the_options_of_a_scan_hold_for_shards_and_merge(tmp_path: Path) -> None:
    commit(tmp_path / "shop", PROJECT)
    options = ("--select", "CL9", "--isolated")
    expected = scanned(tmp_path / "shop", "--exit-zero", *options)
    found = shards(tmp_path / "shop", 2, *options)
    merged = chunklint(tmp_path / "shop", "merge", *found, *options, *SARIF)
    assert merged.returncode == 0, merged.stderr
    assert (tmp_path / "merged.sarif").read_bytes() == expected
    other = chunklint(tmp_path / "shop", "merge", *found)
    assert other.returncode == 2
    assert "other rules or options" in other.stderr


def test_a_merge_exits_as_a_scan_does(tmp_path: Path) -> None:
    commit(tmp_path / "shop", {"a.py": WAITS, "b.py": "clean = 1\n"})
    ran = chunklint(tmp_path / "shop", "merge", *shards(tmp_path / "shop", 2), "--output-format", "concise")
    assert (ran.returncode, ran.stdout.count("CL801")) == (1, 1)


def test_a_shard_that_is_missing_or_stale_costs_time_and_no_truth(tmp_path: Path) -> None:
    commit(tmp_path / "shop", PROJECT)
    first, second, _ = shards(tmp_path / "shop", 3)
    (tmp_path / "shop" / "shop" / "rates.py").write_text("\n" + WAITS, encoding="utf-8")
    (tmp_path / "shop" / "shop" / "idle.py").unlink()
    (tmp_path / "shop" / "shop" / "new.py").write_text(WAITS, encoding="utf-8")
    expected = scanned(tmp_path / "shop", "--exit-zero")
    merged = chunklint(tmp_path / "shop", "merge", first, second, *SARIF)
    assert merged.returncode == 0
    assert "shard 3 is missing" in merged.stderr
    assert (tmp_path / "merged.sarif").read_bytes() == expected


@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_shards_of_files_are_disjoint_whole_and_stable(count: int) -> None:
    paths = [f"app/m{number}.py" for number in range(30)]
    parts = [part(paths, (number, count)) for number in range(1, count + 1)]
    assert sorted(path for some in parts for path in some) == sorted(paths)
    grown = [part([*paths, "new.py"], (number, count)) for number in range(1, count + 1)]
    assert all(set(some) <= set(more) for some, more in zip(parts, grown, strict=True))


Damage = Callable[[dict[str, Any]], Any]
DAMAGES: dict[str, Damage] = {
    "a list": lambda shard: [shard],
    "another layout": lambda shard: {**shard, "chunklint-shard": 99},
    "no such part": lambda shard: {**shard, "shard": [3, 2]},
    "no part": lambda shard: {**shard, "shard": "1/2"},
    "no classes": lambda shard: {**shard, "classes": [["os", "system"]]},
    "a class of another module": lambda shard: {**shard, "classes": [["subprocess", "Popen"]]},
    "a function of ours": lambda shard: {**shard, "classes": [["chunklint.engine", "judge"]]},
    "a module that is not there": lambda shard: {**shard, "classes": [["chunklint.semantics.nothing", "X"]]},
    "no files": lambda shard: {**shard, "files": 7},
    "a file that is none": lambda shard: {**shard, "files": [["a.py", "00", 3]]},
    "too few values": lambda shard: {**shard, "files": [["a.py", "00", [5]]]},
    "a number of no class": lambda shard: {**shard, "files": [["a.py", "00", [999]]]},
    "a content that is no hash": lambda shard: {**shard, "files": [["a.py", "x", None]]},
    "other rules": lambda shard: {**shard, "rules": ""},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_file_that_is_no_sound_shard_is_named_and_does_nothing(tmp_path: Path, damage: Damage) -> None:
    commit(tmp_path / "shop", {"a.py": WAITS, "b.py": "clean = 1\n"})
    file = Path(shards(tmp_path / "shop", 1)[0])
    file.write_text(json.dumps(damage(json.loads(file.read_text(encoding="utf-8")))), encoding="utf-8")
    ran = chunklint(tmp_path / "shop", "merge", str(file))
    assert ran.returncode == 2
    assert file.name in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"chunklint-shard": 1}', "\0"])
def test_a_file_that_is_something_else_is_named(tmp_path: Path, text: str) -> None:
    commit(tmp_path / "shop", {"a.py": WAITS})
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    ran = chunklint(tmp_path / "shop", "merge", "../x.json")
    assert ran.returncode == 2
    assert "x.json" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_shards_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    commit(tmp_path / "shop", {"a.py": WAITS})
    one, two = shards(tmp_path / "shop", 2)
    (other,) = shards(tmp_path / "shop", 1)
    for files, reason in (((one, other), "one of 2 shards"), ((two, two), "both shard 2"), ((one, "."), "not both")):
        ran = chunklint(tmp_path / "shop", "merge", *files)
        assert ran.returncode == 2
        assert reason in ran.stderr


@pytest.mark.parametrize(
    "options", [("src",), ("--staged",), ("--diff-base", "HEAD"), ("--fix",), ("--output-format", "json")]
)
def test_a_shard_goes_with_nothing_that_needs_the_whole(tmp_path: Path, options: tuple[str, ...]) -> None:
    commit(tmp_path / "shop", {"src/a.py": WAITS})
    ran = chunklint(tmp_path / "shop", "scan", "--shard", "1/2", *options)
    assert ran.returncode == 2
    assert "--shard" in ran.stderr
    assert not list((tmp_path / "shop").glob("*.json"))


def test_fleets_in_parts_merge_into_the_folder_of_one_run(tmp_path: Path) -> None:
    names = [f"repo{number}" for number in range(6)]
    for number, name in enumerate(names):
        commit(tmp_path / name, {"a.py": WAITS * number or "clean = 1\n"})
    (tmp_path / "repos.txt").write_text("\n".join([*names, "missing"]), encoding="utf-8")
    whole = chunklint(tmp_path, "fleet", "repos.txt", "--output-dir", "whole")
    parts = [f"part{number}" for number in range(1, 4)]
    for number, folder in enumerate(parts, 1):
        chunklint(tmp_path, "fleet", "repos.txt", "--shard", f"{number}/3", "--output-dir", folder)
    merged = chunklint(tmp_path, "merge", *parts, "--output-dir", "merged")
    assert (merged.returncode, merged.stdout) == (whole.returncode, whole.stdout)
    assert written(tmp_path / "merged") == written(tmp_path / "whole")


def test_folders_that_are_no_output_of_a_fleet_or_contradict_each_other_are_refused(tmp_path: Path) -> None:
    commit(tmp_path / "shop", {"a.py": WAITS})
    (tmp_path / "repos.txt").write_text("shop\n", encoding="utf-8")
    chunklint(tmp_path, "fleet", "repos.txt", "--output-dir", "one")
    commit(tmp_path / "shop", {"b.py": WAITS})
    chunklint(tmp_path, "fleet", "repos.txt", "--output-dir", "two")
    contradicted = chunklint(tmp_path, "merge", "one", "two")
    assert (contradicted.returncode, "different things of shop" in contradicted.stderr) == (2, True)
    for text in ("{}", '{"repositories": 3}', summary_of("../../x")):
        (tmp_path / "one" / "summary.json").write_text(text, encoding="utf-8")
        ran = chunklint(tmp_path, "merge", "one")
        assert (ran.returncode, "no roll-up" in ran.stderr) == (2, True)


def summary_of(name: str) -> str:
    return json.dumps({"repositories": [{"name": name, "source": "s", "revision": "r", "counts": [], "unjudged": []}]})


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def travelling(job: Job) -> list[Judged]:
    writer = Writer()
    examine(job, cache=writer)
    return [value for _, _, value in sorted(writer.kept, key=lambda one: one[0])]


def test_a_shard_that_carries_a_pickle_is_refused(tmp_path: Path) -> None:
    rules = RuleSet.of([BUILTIN], load([BUILTIN]))
    writer = Writer()
    writer.write(tmp_path / "good.json", (1, 1), rules)
    assert read([tmp_path / "good.json"], rules) == ({}, ())
    document = json.loads((tmp_path / "good.json").read_text())
    document["classes"], values = encoded([Judged("a.py", facts={"CL901": pickle.dumps(())})])
    document["files"] = [["a.py", "00", *values]]
    (tmp_path / "bad.json").write_text(json.dumps(document))
    with pytest.raises(ShardError, match="damaged"):
        read([tmp_path / "bad.json"], rules)


def test_what_every_rule_finds_out_of_every_fixture_survives_the_journey() -> None:
    suffixes = {".py", ".tsx", ".ts", ".jsx", ".js", ".sql"}
    fixtures = [path for path in sorted((ROOT / "fixtures").rglob("*")) if path.suffix in suffixes]
    paths = tuple(path.relative_to(ROOT).as_posix() for path in fixtures)
    judged = travelling(Job(ROOT, RuleSet.of([BUILTIN], load([BUILTIN])), paths, 1_000_000))
    assert len(judged) == len(paths)
    classes, values = encoded(judged)
    decode = decoder((module, name) for module, name in json.loads(json.dumps(classes)))
    assert [decode(value) for value in json.loads(json.dumps(values))] == judged
    assert encoded(judged) == (classes, values)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, -(10**30), 1.5, math.inf, "", "\ud800", b"\0\xff", (), [], [1, (2,)], frozenset({"b", "a"})),
        *({}, {("a", 1): {"b": frozenset()}}, Severity.ERROR, Location("a.py", Span(1, 2, 3, 4)), Judged("a.py")),
    ],
)
def test_plain_data_survives_the_journey(value: Any) -> None:
    classes, values = encoded([value])
    (again,) = map(decoder(classes), json.loads(json.dumps(values)))
    assert again == value
    assert type(again) is type(value)


class Point(NamedTuple):
    x: int


@dataclass(frozen=True)
class Elsewhere:
    x: int


@pytest.mark.parametrize("value", [object(), Path("x"), Point(1), Elsewhere(1), print, Severity, {1: (object(),)}])
def test_what_is_no_plain_data_of_ours_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="no plain data"):
        encoded([value])


@pytest.mark.parametrize("name", ["Path", "dataclass", "judge", "Job.rules", "nothing"])
def test_only_classes_of_plain_data_are_known_by_name(name: str) -> None:
    assert plaindata.plain_class("chunklint.engine", name) is None


def places(coded: Any, above: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Where the values of a coded value stand, those that say how to read the others left out."""
    if isinstance(coded, list):
        for index, inner in enumerate(coded[1:], 1):
            yield (*above, index)
            yield from places(inner, (*above, index))


def changed(coded: Any, place: tuple[int, ...], value: Any) -> Any:
    again = copy.deepcopy(coded)
    inner = again
    for index in place[:-1]:
        inner = inner[index]
    inner[place[-1]] = value
    return again


def test_whatever_stands_in_a_shard_either_is_refused_or_can_be_joined_and_reported(tmp_path: Path) -> None:
    rules = load([BUILTIN])
    texts = {"a.py": "import requests\n\nrequests.get(1)  # chunklint: ignore[CL999] why\n", "m.py": MIGRATION}
    contents = {path: text.encode() for path, text in texts.items()}
    job = Job(tmp_path, RuleSet.of([BUILTIN], rules), tuple(contents), 10_000, contents)
    classes, values = encoded(travelling(job))
    decode = decoder(classes)
    refused = joined = 0
    for number, value in enumerate(values):
        others = [decode(other) for other in values if other is not value]
        for place, wrong in product(places(value), (None, -7, "x", [0], [0, 1], [5])):
            try:
                judged = decode(changed(value, place, wrong))
            except ValueError:
                refused += 1
                continue
            outcome = conclude(job, sorted([judged, *others], key=lambda one: one.path))
            report = Report(outcome.findings, outcome.suppressed, outcome.notifications, rules, {}, 2, str(tmp_path))
            assert json.loads(render("sarif", report, Style())), number
            joined += 1
    assert min(refused, joined) > 100


MIGRATION = """
from alembic import op

revision = "b"
down_revision = "a"


def upgrade():
    op.drop_table("orders")


def downgrade():
    pass
"""
