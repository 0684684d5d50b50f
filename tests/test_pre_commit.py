"""The hooks, run by the real pre-commit in a scratch repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRE_COMMIT = str(Path(sys.executable).parent / "pre-commit")

BAD = "import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"


def git(repository: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=repository, check=True, capture_output=True)


@pytest.fixture(scope="module")
def hook_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This working tree as a repository of its own, since pre-commit clones what it runs."""
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    git(source, "init", "-q")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "all")
    return source


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    repository = tmp_path / "repo"
    repository.mkdir()
    git(repository, "init", "-q")
    (repository / "client.py").write_text(BAD, encoding="utf-8")
    (repository / "README.md").write_text("nothing\n", encoding="utf-8")
    git(repository, "add", "-A")
    return repository


@pytest.fixture(scope="module")
def hook_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit-home")


def try_repo(source: Path, scratch: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PRE_COMMIT, "try-repo", str(source), *arguments],
        cwd=scratch,
        env={**os.environ, "PRE_COMMIT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_the_manifest_is_valid() -> None:
    command = [PRE_COMMIT, "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")]
    assert subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.parametrize("hook", ["chunklint", "chunklint-project"])
def test_a_hook_fails_on_a_bad_file_and_passes_once_it_is_mended(
    hook: str, hook_source: Path, scratch: Path, hook_home: Path
) -> None:
    failed = try_repo(hook_source, scratch, hook_home, hook, "--all-files")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "client.py:5:12: CL801" in failed.stdout
    (scratch / "client.py").write_text(
        "import requests\n\n\ndef fetch(url):\n    return requests.get(url, timeout=5)\n"
    )
    git(scratch, "add", "-A")
    passed = try_repo(hook_source, scratch, hook_home, hook, "--all-files")
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_a_hook_is_skipped_when_no_source_file_changed(hook_source: Path, scratch: Path, hook_home: Path) -> None:
    ran = try_repo(hook_source, scratch, hook_home, "chunklint", "--files", "README.md")
    assert "Skipped" in ran.stdout
