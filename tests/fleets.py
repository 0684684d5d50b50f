"""Repositories for the tests of fleets and shards, and the command itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false")

WAITS = 'import requests\n\n\ndef rate(name):\n    return requests.get(f"https://rates.example/{name}").json()\n'

# A rule looks for its words, so it is parsed, in vain.
UNREADABLE = "requests" + ")" * 50 + "\n"

# A repository with something of all that a scan looks at beside sources: settings, ignore files, manifests, joins.
PROJECT: Mapping[str, str] = {
    "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["redis>=5"]\n\n[tool.chunklint]\n'
    'extend-exclude = ["legacy/"]\nmax-file-size = 2000\n'
    '\n[tool.chunklint.per-file-ignores]\n"scripts/**" = ["CL801"]\n'
    '\n[tool.chunklint.severity]\nCL901 = "warning"\n\n[tool.chunklint.tickets]\nmap = { CL801 = "OPS-8" }\n',
    ".gitignore": "generated/\n*.log\n",
    "web/.gitignore": "skipped.py\n",
    "shop/rates.py": WAITS,
    "shop/tolerated.py": WAITS.replace(".json()", ".json()  # chunklint: ignore[CL801] the proxy cuts it off"),
    "shop/idle.py": "x = 1  # chunklint: ignore[CL801] nothing to silence here\n",
    "shop/cache.py": "import redis\n\nclient = redis.Redis()\n\n\ndef value(key):\n    return client.get(key)\n",
    "scripts/fetch.py": WAITS,
    "legacy/fetch.py": WAITS,
    "legacy/large.py": "#" * 3000 + "\n",
    "generated/fetch.py": WAITS,
    "web/skipped.py": WAITS,
    "shop/large.py": WAITS + "#" * 3000 + "\n",
    "shop/broken.py": WAITS + "\n\nx = (\n",
    "env/pyvenv.cfg": "home = /usr\n",
    "env/fetch.py": WAITS,
    "alembic.ini": "[alembic]\n",
    **{
        f"migrations/versions/{name}.py": f"from alembic import op\n\nrevision = {name!r}\ndown_revision = {parent!r}\n"
        "\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
        for name, parent in (("a1", None), ("b2", "a1"), ("c3", "a1"))
    },
    "tests/test_rates.py": "def test_rate():\n    pass\n",
}


def git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def commit(folder: Path, texts: Mapping[str, str], *, links: Mapping[str, str] | None = None) -> str:
    """Write files into a repository, made if need be, and commit all, ignored ones too; returns the commit."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch", "main")
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for path, target in (links or {}).items():
        (folder / path).symlink_to(target)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "a step")
    return git(folder, "rev-parse", "HEAD")


def chunklint(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chunklint", *arguments]
    return subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True)


def scanned(folder: Path, *arguments: str) -> bytes:
    """The SARIF of a plain scan."""
    ran = chunklint(folder, "scan", "--no-cache", "--output-format", "sarif=../plain.sarif", *arguments, ".")
    assert ran.returncode in {0, 1}, ran.stderr
    target = folder.parent / "plain.sarif"
    data = target.read_bytes()
    target.unlink()
    return data
