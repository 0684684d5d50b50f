"""The oracle on histories of our own making: real files, the real Alembic, a real PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from postgres import needs_postgres

pytestmark = needs_postgres

ROOT = Path(__file__).parents[1]
IMPORTS = "import sqlalchemy as sa\nfrom alembic import op\n"


def write(folder: Path, revision: str, parent: str | None, up: str, down: str, imports: str = IMPORTS) -> None:
    body = f"{imports}\nrevision = {revision!r}\ndown_revision = {parent!r}\n\n"
    body += f"def upgrade():\n    {up}\n\n\ndef downgrade():\n    {down}\n"
    folder.mkdir(exist_ok=True)
    (folder / f"{revision}.py").write_text(body)


def ask(repository: Path, *options: str) -> dict[str, dict[str, Any]]:
    """What the oracle says of the revisions in `versions`, by id."""
    out = repository / "out.json"
    command = [sys.executable, "-m", "evaluation.replay.oracle", str(repository), "--versions", "versions", "--trusted"]
    done = subprocess.run([*command, "--out", str(out), *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {record["revision"]: record for record in json.loads(out.read_text())}


def test_a_history_is_judged_revision_by_revision(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    status = "sa.Column('status', sa.Enum('new', 'done', name='status'), server_default='new')"
    write(versions, "a1", None, f"op.create_table('jobs', {status})", "op.drop_table('jobs')")
    write(versions, "a2", "a1", "op.add_column('jobs', sa.Column('n', sa.Integer))", "op.drop_column('jobs', 'n')")
    write(versions, "a3", "a2", "op.drop_column('jobs', 'n')", "op.add_column('jobs', sa.Column('n', sa.Text))")
    write(
        versions,
        "a4",
        "a3",
        "op.create_unique_constraint(None, 'jobs', ['status'])",
        "op.drop_constraint(None, 'jobs')",
    )

    found = ask(tmp_path)

    assert list(found) == ["a1", "a2", "a3", "a4"]
    assert found["a1"]["residue"] == ["+ enum public.status: 'new', 'done'"]
    assert 'type "status" already exists' in found["a1"]["reup"]
    assert found["a2"] | {"residue": [], "drift": [], "up": "ok", "down": "ok", "reup": "ok"} == found["a2"]
    assert found["a2"]["created"] == ["+ column public.jobs.n: integer"]
    assert found["a3"]["residue"] == ["~ column public.jobs.n: integer -> text"]
    assert found["a3"]["drift"] == []
    assert found["a4"]["down"].startswith("CompileError")
    assert found["a4"]["reup"] is None


def test_what_depends_on_a_failed_upgrade_is_unreachable_unless_it_is_passed_over(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    write(versions, "b1", None, "op.execute('create table t (id int)')", "op.drop_table('t')")
    write(versions, "b2", "b1", "op.drop_table('missing')", "pass")
    write(versions, "b3", "b2", "op.drop_table('t')", "op.execute('create table t (id int)')")

    found = ask(tmp_path)
    assert 'table "missing" does not exist' in found["b2"]["up"]
    assert found["b3"]["up"] == "unreachable"

    found = ask(tmp_path, "--pass-over", "b2")
    assert found["b3"]["up"] == found["b3"]["down"] == "ok"


def test_an_application_that_is_not_there_is_made_up_and_noted(tmp_path: Path) -> None:
    column = "sa.Column('id', absent_app.types.Key(), primary_key=True)"
    imports = IMPORTS + "import absent_app.types\n"
    write(tmp_path / "versions", "c1", None, f"op.create_table('t', {column})", "op.drop_table('t')", imports)

    record = ask(tmp_path)["c1"]

    assert "+ column public.t.id: text not null" in record["created"]
    assert "absent_app.types" in record["stand_ins"]
    assert record["residue"] == []
