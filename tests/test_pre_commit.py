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

LEAK = """\
import { useEffect, useState } from "react";

export function Size() {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const measure = () => setWidth(window.innerWidth);
    window.addEventListener("resize", measure);
  }, []);
  return <p>{width}</p>;
}
"""


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


def test_the_fixing_hook_mends_a_file_fails_for_that_and_passes_the_next_time(
    hook_source: Path, scratch: Path, hook_home: Path
) -> None:
    (scratch / "client.py").unlink()
    (scratch / "Size.tsx").write_text(LEAK, encoding="utf-8")
    git(scratch, "add", "-A")
    failed = try_repo(hook_source, scratch, hook_home, "chunklint-fix", "--all-files")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "files were modified by this hook" in failed.stdout
    assert "Fixed 1 of 1 finding in 1 file: CL501 1." in failed.stdout
    mended = 'resize", measure);\n    return () => window.removeEventListener("resize", measure);\n'
    assert (scratch / "Size.tsx").read_text(encoding="utf-8") == LEAK.replace('resize", measure);\n', mended)
    git(scratch, "add", "-A")
    passed = try_repo(hook_source, scratch, hook_home, "chunklint-fix", "--all-files")
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_a_hook_is_skipped_when_no_source_file_changed(hook_source: Path, scratch: Path, hook_home: Path) -> None:
    ran = try_repo(hook_source, scratch, hook_home, "chunklint", "--files", "README.md")
    assert "Skipped" in ran.stdout


def migration(revision: str, parent: str | None) -> str:
    return f'''"""Revision {revision}."""

from alembic import op

revision = {revision!r}
down_revision = {parent!r}


def upgrade():
    op.execute("CREATE TABLE {revision} (id bigint PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE {revision}")
'''


@pytest.fixture
def large(tmp_path: Path, hook_source: Path) -> Path:
    """A repository with 3,000 new files and both hooks installed.

    The files do not fit on one command line, so the file hook runs several times. A migration of the first batch
    follows one of the last: whoever takes a batch for the whole project says that there is no such migration.
    """
    repository = tmp_path / "large"
    versions = repository / "alembic" / "versions"
    versions.mkdir(parents=True)
    git(repository, "init", "-q")
    (versions / "a_first.py").write_text(migration("aaaa", None))
    (versions / "a_third.py").write_text(migration("cccc", "bbbb"))
    (versions / "z_second.py").write_text(migration("bbbb", "aaaa"))
    package = versions / "modules_of_a_package_with_a_name_that_is_rather_long"
    package.mkdir()
    for number in range(2997):
        (package / f"module_{number:04}.py").write_text(BAD.replace("(url)\n", "(url, timeout=5)\n"))
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=hook_source, capture_output=True, text=True).stdout
    (repository / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hook_source}\n  rev: {revision}  hooks:\n  - id: chunklint\n  - id: chunklint-project\n"
    )
    git(repository, "add", "-A")
    assert sum(len(str(path.relative_to(repository))) for path in repository.rglob("*.py")) > 2**17
    return repository


def commit(repository: Path, home: Path) -> subprocess.CompletedProcess[str]:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    environment = {**os.environ, "PRE_COMMIT_HOME": str(home)}
    installed = subprocess.run([PRE_COMMIT, "install"], cwd=repository, env=environment, capture_output=True)
    assert installed.returncode == 0
    return subprocess.run(
        ["git", *identity, "commit", "-qm", "all"],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_a_commit_of_3000_files_passes_both_hooks_though_the_files_come_in_batches(
    large: Path, hook_home: Path
) -> None:
    ran = commit(large, hook_home)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr.count("Passed") + ran.stdout.count("Passed") == 2


def test_in_a_commit_of_3000_files_only_the_project_hook_misses_what_is_nowhere(large: Path, hook_home: Path) -> None:
    git(large, "rm", "-q", "--cached", "alembic/versions/z_second.py")
    (large / "alembic/versions/z_second.py").unlink()
    bad = "alembic/versions/zz_client.py"
    (large / bad).write_text(BAD)
    git(large, "add", "-A")
    ran = commit(large, hook_home)
    assert ran.returncode == 1
    files, project = (ran.stdout + ran.stderr).split("chunklint (whole project)", 1)
    for shown in (files, project):
        assert shown.count(f"{bad}:5:12: CL801") == 1
    assert "a_third.py:6:17: CL902" in project
    assert "CL902" not in files
