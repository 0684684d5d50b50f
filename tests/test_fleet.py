"""Many repositories in one go: what each gives is what a scan of it gives, and none can harm another or the user."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from chunklint.fleet.lists import ListError, below, part, read_list
from fleets import PROJECT, UNREADABLE, WAITS, chunklint, commit, git, scanned

MANY = 12
ROOT = Path(__file__).resolve().parents[1]


def fleet(folder: Path, *lines: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Scan the repositories of a list in the folder into `out` beside it."""
    (folder / "repos.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return chunklint(folder, "fleet", "repos.txt", "--output-dir", "out", *options)


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
    return found


def findings(sarif: Path) -> list[str]:
    (run,) = json.loads(sarif.read_text(encoding="utf-8"))["runs"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]
    return [f"{path} {result['ruleId']}" for path, result in zip(places, run["results"], strict=True)]


def states(folder: Path) -> dict[str, int]:
    """When each SARIF was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "out").glob("*.sarif")}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_repository_gives_the_bytes_that_a_scan_of_its_clean_checkout_gives(tmp_path: Path, jobs: str) -> None:
    many = {f"shop/more{number}.py": WAITS for number in range(30)}
    commit(tmp_path / "shop", {**PROJECT, **many}, links={"linked.py": "shop/rates.py"})
    ran = fleet(tmp_path, "shop", options=("--jobs", jobs))
    assert ran.returncode == 1, ran.stderr
    (expected,) = [scanned(tmp_path / "shop", "--exit-zero")]
    assert (tmp_path / "out" / "shop.sarif").read_bytes() == expected
    found = findings(tmp_path / "out" / "shop.sarif")
    assert {"shop/rates.py CL801", "migrations/versions/c3.py CL901"} <= set(found)
    skipped = ("legacy", "generated", "env", "scripts", "linked", "web/skipped")
    assert not [place for place in found if place.startswith(skipped)]


def test_the_work_tree_is_neither_read_nor_touched(tmp_path: Path) -> None:
    repository = tmp_path / "shop"
    commit(repository, {"a.py": WAITS})
    (repository / "a.py").write_text("clean = 1\n", encoding="utf-8")
    (repository / "new.py").write_text(WAITS, encoding="utf-8")
    before = git(repository, "status", "--porcelain")
    assert fleet(tmp_path, "shop").returncode == 1
    assert findings(tmp_path / "out" / "shop.sarif") == ["a.py CL801"]
    assert git(repository, "status", "--porcelain") == before


def test_a_url_is_fetched_at_a_branch_a_tag_or_a_commit(tmp_path: Path) -> None:
    repository = tmp_path / "shop"
    first = commit(repository, {"a.py": WAITS})
    git(repository, "tag", "v1")
    git(repository, "checkout", "--quiet", "-b", "feature/b")
    commit(repository, {"b.py": WAITS})
    url = f"file://{repository}"
    ran = fleet(tmp_path, f"{url}@v1", f"{url}@feature/b", f"{url}@{first}")
    assert ran.returncode == 1, ran.stderr
    rows = {row["revision"]: row for row in summary(tmp_path)["repositories"]}
    assert {name: row["files"] for name, row in rows.items()} == {"v1": 1, "feature/b": 2, first: 1}
    assert rows["v1"]["commit"] == first
    clones = list(Path(os.environ["XDG_CACHE_HOME"]).glob("chunklint/chunklint-*.git"))
    assert clones
    assert not [clone for clone in clones if list(clone.rglob("*.py")) or list(clone.glob("hooks/*"))]
    assert chunklint(tmp_path, "cache", "clean").returncode == 0
    assert not [clone for clone in clones if clone.exists()]


def test_a_repository_that_cannot_be_scanned_is_named_and_costs_only_itself(tmp_path: Path) -> None:
    commit(tmp_path / "good", {"a.py": "clean = 1\n"})
    commit(tmp_path / "misled", {"a.py": WAITS, "chunklint.toml": "selekt = 1\n"})
    (tmp_path / "plain").mkdir()
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "--quiet")
    ran = fleet(tmp_path, "good@nowhere", "misled", "plain", "missing", "empty", f"file://{tmp_path}/gone", "good")
    assert ran.returncode == 2
    failed = [row["source"] for row in summary(tmp_path)["repositories"] if row["error"]]
    assert len(failed) == 6
    assert [row["files"] for row in summary(tmp_path)["repositories"] if not row["error"]] == [1]
    told = "".join(row["error"] for row in summary(tmp_path)["repositories"])
    for reason in ("'nowhere'", "unknown setting", "not the top of a git", "there is no folder", "cannot fetch"):
        assert reason in ran.stderr
        assert reason in told
    assert "Traceback" not in ran.stderr
    assert "Not scanned" in (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")


def test_what_was_scanned_is_not_scanned_again_until_something_changes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        commit(tmp_path / name, {"a.py": WAITS})
    first = fleet(tmp_path, "one", f"file://{tmp_path}/two")
    kept = states(tmp_path)
    again = fleet(tmp_path, "one", f"file://{tmp_path}/two")
    assert (again.stdout, again.returncode, states(tmp_path)) == (first.stdout, first.returncode, kept)
    commit(tmp_path / "one", {"b.py": WAITS})
    fleet(tmp_path, "one", f"file://{tmp_path}/two")
    changed = states(tmp_path)
    assert changed.pop("one.sarif") > kept.pop("one.sarif")
    assert changed == kept
    assert findings(tmp_path / "out" / "one.sarif") == ["a.py CL801", "b.py CL801"]


def test_a_result_that_was_tampered_with_or_is_of_another_edition_is_found_out_again(tmp_path: Path) -> None:
    commit(tmp_path / "one", {"a.py": WAITS})
    fleet(tmp_path, "one")
    sarif, state = tmp_path / "out" / "one.sarif", tmp_path / "out" / "state" / "one.json"
    good, kept = sarif.read_bytes(), state.read_text(encoding="utf-8")
    edition = json.loads(kept)["edition"]
    for path, text in (
        (sarif, "{}"),
        (state, kept.replace(edition, "0" * 32)),
        (state, kept.replace('"files": 1', '"files": "1"')),
        (state, '{"row": 3}'),
        (state, "[" * 100_000),
    ):
        path.write_text(text, encoding="utf-8")
        fleet(tmp_path, "one")
        assert (sarif.read_bytes(), state.read_text(encoding="utf-8")) == (good, kept)


def test_what_could_not_be_judged_whole_is_tried_again(tmp_path: Path) -> None:
    commit(tmp_path / "one", {"a.py": UNREADABLE})
    ran = fleet(tmp_path, "one")
    assert ran.returncode == 2
    assert "a.py" in ran.stderr
    assert not (tmp_path / "out" / "state" / "one.json").exists()


def test_an_interrupted_run_leaves_nothing_half_written_and_goes_on_where_it_was(tmp_path: Path) -> None:
    names = [f"repo{number:02}" for number in range(MANY)]
    for name in names:
        commit(tmp_path / name, {f"m{number}.py": WAITS for number in range(40)})
    (tmp_path / "repos.txt").write_text("\n".join(names), encoding="utf-8")
    command = [sys.executable, "-m", "chunklint", "fleet", "repos.txt", "--output-dir", "out", "--jobs", "2"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        while not list((tmp_path / "out" / "state").glob("repo*.json")) and run.poll() is None:
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        _, complaints = run.communicate(timeout=60)
    assert run.returncode == 130, complaints
    assert "Traceback" not in complaints
    done = states(tmp_path)
    assert 0 < len(done) < MANY
    assert not list((tmp_path / "out").rglob(".*"))
    assert not (tmp_path / "out" / "summary.json").exists()
    ran = fleet(tmp_path, *names)
    assert ran.returncode == 1
    assert len(summary(tmp_path)["repositories"]) == MANY
    whole = {name: time for name, time in done.items() if (tmp_path / "out" / "state" / f"{name[:-6]}.json").exists()}
    assert len(whole) >= len(done) - 1
    alike = {path.read_bytes() for path in (tmp_path / "out").glob("*.sarif")}
    assert len(alike) == 1


def test_rule_folders_of_a_repository_are_never_loaded(tmp_path: Path) -> None:
    rule = f"open({str(tmp_path / 'loaded')!r}, 'w').close()\n"
    commit(tmp_path / "one", {"chunklint.toml": 'rules-dirs = ["lint"]\n', "lint/rule.py": rule, "a.py": WAITS})
    ran = fleet(tmp_path, "one")
    assert ran.returncode == 1, ran.stderr
    assert not (tmp_path / "loaded").exists()


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_a_tree_that_leads_out_of_itself_costs_its_repository_and_writes_nothing(tmp_path: Path, name: str) -> None:
    repository = tmp_path / "one"
    commit(repository, {"a.py": WAITS})
    inner = git(repository, "rev-parse", "HEAD^{tree}")
    entry = f"040000 tree {inner}\t{name}\0".encode()
    made = subprocess.run(["git", "mktree", "-z"], cwd=repository, input=entry, capture_output=True, check=True)
    tree = git(repository, "commit-tree", "-m", "x", made.stdout.decode().strip())
    git(repository, "update-ref", "refs/heads/hostile", tree)
    ran = fleet(tmp_path, "one@hostile")
    assert ran.returncode == 2
    assert "leads out of it" in ran.stderr
    assert not list((tmp_path / "out").glob("*.sarif"))


def test_a_hook_that_starts_it_does_not_mislead_it(tmp_path: Path) -> None:
    commit(tmp_path / "one", {"a.py": WAITS})
    commit(tmp_path / "hooked", {"b.py": "clean = 1\n"})
    (tmp_path / "repos.txt").write_text("one\n", encoding="utf-8")
    hook = {"GIT_DIR": str(tmp_path / "hooked" / ".git"), "GIT_INDEX_FILE": str(tmp_path / "hooked" / ".git" / "index")}
    ran = chunklint(tmp_path, "fleet", "repos.txt", "--output-dir", "out", **hook)
    assert (ran.returncode, findings(tmp_path / "out" / "one.sarif")) == (1, ["a.py CL801"])


def test_passwords_in_urls_are_shown_nowhere(tmp_path: Path) -> None:
    ran = fleet(tmp_path, "https://ann:s3cret@127.0.0.1:1/shop.git")
    assert ran.returncode == 2
    told = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert "127.0.0.1" in told
    assert "s3cret" not in told + ran.stdout + ran.stderr


def test_the_roll_up_adds_up(tmp_path: Path) -> None:
    commit(tmp_path / "one", {"a.py": WAITS, "b.py": WAITS})
    commit(tmp_path / "two", {"a.py": WAITS, "chunklint.toml": '[tickets.map]\nCL801 = "OPS|8"\n'})
    ran = fleet(tmp_path, "one", "two")
    told = summary(tmp_path)
    assert told["findings"] == 3
    assert {one["ticket"]: one["findings"] for one in told["tickets"]} == {"TICKET-008": 2, "OPS|8": 1}
    (rule,) = told["rules"]
    assert (rule["code"], rule["findings"], rule["repositories"]) == ("CL801", 3, ["one", "two"])
    assert "3 findings in 2 repositories." in ran.stdout
    assert r"OPS\|8" in (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [(WAITS, (), 1), (WAITS, ("--exit-zero",), 0), ("clean = 1\n", (), 0), (UNREADABLE, ("--exit-zero",), 2)],
)
def test_exit_codes_are_those_of_a_scan(tmp_path: Path, text: str, options: tuple[str, ...], code: int) -> None:
    commit(tmp_path / "one", {"a.py": text})
    assert fleet(tmp_path, "one", options=options).returncode == code


def test_the_repositories_below_a_folder_are_found_bare_ones_too(tmp_path: Path) -> None:
    commit(tmp_path / "all" / "one", {"a.py": WAITS})
    commit(tmp_path / "all" / "deep" / "one", {"a.py": WAITS})
    commit(tmp_path / "all" / "one" / "inner", {"a.py": WAITS})
    git(tmp_path, "clone", "--quiet", "--bare", "all/one", "all/bare.git")
    names = [Path(one.source).relative_to(tmp_path / "all").as_posix() for one in below(tmp_path / "all", "HEAD")]
    assert names == ["bare.git", "deep/one", "one"]
    ran = chunklint(tmp_path, "fleet", "--repos-dir", "all", "--output-dir", "out")
    assert ran.returncode == 1, ran.stderr
    assert len(states(tmp_path)) == 3


def listed(tmp_path: Path, text: str) -> list[tuple[str, str, str]]:
    (tmp_path / "repos.txt").write_text(text, encoding="utf-8")
    return [(one.source, one.revision, one.name) for one in read_list(tmp_path / "repos.txt", "HEAD")]


def test_a_line_is_a_path_or_a_url_with_a_revision_if_you_like(tmp_path: Path) -> None:
    (tmp_path / "a@b").mkdir()
    text = """
        # all of ours
        here@v1.0
        a@b              # no revision: there is such a folder
        a@b@topic/x
        https://git.example/team/shop.git
        https://ann@git.example/team/api@topic/x
        git@git.example:team/web.git@v2
        git@git.example:team/app
        here@v1.0
    """
    assert listed(tmp_path, text) == [
        (str(tmp_path / "here"), "v1.0", "here"),
        (str(tmp_path / "a@b"), "HEAD", next(name for *_, name in listed(tmp_path, text) if name.startswith("a-b"))),
        (str(tmp_path / "a@b"), "topic/x", [name for *_, name in listed(tmp_path, text) if name.startswith("a-b")][1]),
        ("https://git.example/team/shop.git", "HEAD", "team-shop"),
        ("https://ann@git.example/team/api", "topic/x", "team-api"),
        ("git@git.example:team/web.git", "v2", "team-web"),
        ("git@git.example:team/app", "HEAD", "team-app"),
    ]


def test_every_bad_line_is_named_at_once_and_nothing_is_scanned(tmp_path: Path) -> None:
    commit(tmp_path / "good", {"a.py": WAITS})
    lines = ("good", "--upload-pack=x", "ext::sh -c x", "ext::sh", "good@-x", "good@a..b", "two words", "fd::7")
    ran = fleet(tmp_path, *lines)
    assert ran.returncode == 2
    assert [number for number in range(1, 9) if f"repos.txt:{number}: " in ran.stderr] == [2, 3, 4, 5, 6, 7, 8]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n"])
def test_a_list_of_nothing_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ListError, match="names no repository"):
        listed(tmp_path, text)


def test_no_two_repositories_share_a_name_whatever_the_file_system(tmp_path: Path) -> None:
    names = [name for *_, name in listed(tmp_path, "a/shop\nb/shop\nb/SHOP\nhttps://x.example/b/shop\nc/..\n...\n")]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(name.strip(".-") == name and "/" not in name for name in names)


@pytest.mark.parametrize("count", [1, 3, 20])
def test_the_parts_of_a_list_are_the_whole_and_do_not_move_when_it_grows(tmp_path: Path, count: int) -> None:
    names = [f"repo{number}" for number in range(10)]
    (tmp_path / "repos.txt").write_text("\n".join(names), encoding="utf-8")
    found = read_list(tmp_path / "repos.txt", "HEAD")
    parts = [part(found, (number, count)) for number in range(1, count + 1)]
    assert sorted(one.name for some in parts for one in some) == names
    (tmp_path / "repos.txt").write_text("\n".join([*names, "another"]), encoding="utf-8")
    grown = read_list(tmp_path / "repos.txt", "HEAD")
    assert all(set(some) <= set(part(grown, (number, count))) for number, some in enumerate(parts, 1))


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1/0", "x", "1", "-1/2"])
def test_a_part_of_no_whole_is_refused(tmp_path: Path, shard: str) -> None:
    ran = fleet(tmp_path, "one", options=("--shard", shard))
    assert ran.returncode == 2
    assert "1/4" in ran.stderr


def test_the_benchmark_has_a_line_for_each_number_of_workers() -> None:
    options = ("--files", "20", "--repositories", "2", "--runs", "1", "--no-cluster")
    command = [sys.executable, "-m", "evaluation.benchmarks.fleet", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[-2:]] == [["processes", "1"], ["processes", "2"]]
