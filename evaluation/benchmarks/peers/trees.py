"""Made-up full-stack repositories of any size: the same bytes for the same number of files on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from string import Template

_SEED = 7
_NOUNS = (
    "account", "address", "album", "article", "batch", "booking", "budget", "channel", "comment", "contract", "course",
    "device", "draft", "event", "excerpt", "folder", "forecast", "group", "invoice", "journey", "label", "ledger",
    "license", "meeting", "member", "message", "order", "parcel", "payment", "playlist", "profile", "project", "report",
    "sample", "session", "shipment", "survey", "team", "ticket", "track", "upload", "voucher", "workflow",
)  # fmt: skip
_VERBS = ("archive", "assign", "check", "close", "copy", "filter", "index", "merge", "move", "publish", "rank", "sync")
_SUBJECTS = tuple(product(_NOUNS, _VERBS))

_ROUTER = """
@router.post("/${noun}s/{${noun}_id}/$verb")
async def ${verb}_${noun}(
    ${noun}_id: int, body: ${Noun}Change, session: AsyncSession = Depends(get_session), user: User = Depends(asker)
) -> ${Noun}Out:
    \"\"\"The $noun after it was asked to $verb.\"\"\"
    found = await ${noun}s.get(session, ${noun}_id)
    if found is None or found.owner_id != user.id:
        raise HTTPException(status_code=404, detail="$Noun not found")
    if body.limit > $number:
        raise HTTPException(status_code=422, detail=f"At most $number, not {body.limit}")
    changed = await ${noun}s.$verb(session, found, body)
    logger.info("${verb} of $noun %s by %s", found.id, user.id)
    return ${Noun}Out.model_validate(changed)
"""

_SERVICE = """
class ${Noun}${Verb}Service:
    \"\"\"Knows how to $verb a $noun.\"\"\"

    limit = $number

    def __init__(self, session: AsyncSession, client: httpx.AsyncClient, settings: Settings) -> None:
        self.session = session
        self.client = client
        self.settings = settings
        self.seen: dict[int, str] = {}

    async def $verb(self, ${noun}_id: int, names: Sequence[str]) -> list[${Noun}]:
        rows = await self.session.execute(select(${Noun}).where(${Noun}.id == ${noun}_id).limit(self.limit))
        kept = [row for row in rows.scalars() if row.name in names and row.state != "closed"]
        for one in kept:
            self.seen[one.id] = one.name
            one.score = sum(part.weight * self.settings.factor for part in one.parts if part.weight > $number)
        await self.session.commit()
        return sorted(kept, key=lambda one: (one.score, one.name))

    async def fetch_$verb(self, name: str) -> dict[str, object]:
        try:
            answer = await self.client.get(f"{self.settings.url}/${noun}s/{name}", timeout=$small)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            logger.warning("no $noun called %s: %s", name, error)
            return {}
        return {"name": name, "found": answer.json(), "at": datetime.now(tz=timezone.utc).isoformat()}

    def count_$verb(self, connection: Connection, state: str) -> int:
        query = text("SELECT count(*) FROM ${noun}s WHERE state = :state AND score > :least")
        return connection.execute(query, {"state": state, "least": self.limit}).scalar_one()
"""

_TEST = """
def test_${verb}_of_a_${noun}_keeps_at_most_$number(client: TestClient, ${noun}: ${Noun}) -> None:
    answer = client.post(f"/${noun}s/{${noun}.id}/$verb", json={"limit": $number, "names": ["a", "b"]})
    assert answer.status_code == 200
    assert answer.json()["name"] == ${noun}.name
    assert [one["id"] for one in answer.json()["parts"]] == sorted(part.id for part in ${noun}.parts)


@pytest.mark.parametrize("limit", [0, 1, $number])
def test_${verb}_refuses_a_strangers_${noun}(client: TestClient, stranger: User, limit: int) -> None:
    with mock.patch("app.services.${noun}s.${verb}", return_value=None) as called:
        answer = client.post("/${noun}s/7/$verb", json={"limit": limit}, headers=stranger.headers)
    assert answer.status_code == 404
    called.assert_not_called()
"""

_MIGRATION = """
def ${verb}_${noun}s_up() -> None:
    op.add_column("${noun}s", sa.Column("${verb}_count", sa.Integer(), nullable=True))
    op.create_index("ix_${noun}s_${verb}", "${noun}s", ["owner_id", "${verb}_count"])
    op.execute("UPDATE ${noun}s SET ${verb}_count = $small WHERE ${verb}_count IS NULL")


def ${verb}_${noun}s_down() -> None:
    op.drop_index("ix_${noun}s_${verb}", table_name="${noun}s")
    op.drop_column("${noun}s", "${verb}_count")
"""

_COMPONENT = """
export function ${Noun}${Verb}Panel({ ${noun}Id, onDone }: ${Noun}${Verb}Props) {
  const [${noun}, set${Noun}] = useState<${Noun} | null>(null);
  const [problem, setProblem] = useState("");
  const { t } = useTranslation();
  const total = useMemo(() => (${noun}?.parts ?? []).reduce((sum, part) => sum + part.weight, $number), [${noun}]);

  useEffect(() => {
    const stop = new AbortController();
    load${Noun}(${noun}Id, { signal: stop.signal })
      .then((found) => set${Noun}(found))
      .catch((error: Error) => setProblem(error.message));
    return () => stop.abort();
  }, [${noun}Id]);

  const ${verb} = useCallback(async () => {
    const answer = await api.post<${Noun}>(`/${noun}s/$${${noun}Id}/$verb`, { limit: $number });
    set${Noun}(answer.data);
    onDone?.(answer.data);
  }, [${noun}Id, onDone]);

  if (problem) return <p role="alert">{problem}</p>;
  return (
    <section className="$noun-$verb" aria-busy={${noun} === null}>
      <h2>{t("$noun.$verb.title", { name: ${noun}?.name })}</h2>
      <ul>
        {${noun}?.parts.map((part) => (
          <li key={part.id} onClick={() => setProblem("")}>
            <strong>{part.name}</strong> {part.weight > $small ? <em>{part.weight}</em> : null}
          </li>
        ))}
      </ul>
      <Button variant="primary" disabled={total < $small} onClick={() => void ${verb}()}>
        {t("$noun.$verb.button")}
      </Button>
    </section>
  );
}
"""

_HOOK = """
export interface ${Noun}${Verb}Options {
  limit?: number;
  names: readonly string[];
  onChange?: (next: ${Noun}) => void;
}

export async function ${verb}${Noun}(id: number, options: ${Noun}${Verb}Options): Promise<${Noun}> {
  const query = new URLSearchParams({ limit: String(options.limit ?? $number), names: options.names.join(",") });
  const answer = await fetch(`$${base}/${noun}s/$${id}/$verb?$${query}`, { signal: AbortSignal.timeout(${number}00) });
  if (!answer.ok) {
    throw new Error(`$verb of $noun $${id} failed with $${answer.status}`);
  }
  const next = (await answer.json()) as ${Noun};
  options.onChange?.(next);
  return { ...next, parts: next.parts.filter((part) => part.weight > $small).map((part) => ({ ...part })) };
}
"""

_SHAPES = """
class ${Noun}${Verb}:
    \"\"\"Counts what it is to $verb.\"\"\"

    most = $number

    def __init__(self, name: str, parts: list[int]) -> None:
        self.name = name
        self.parts = parts

    def $verb(self, least: int = $small) -> list[int]:
        kept = [part for part in self.parts if least <= part < self.most]
        if not kept:
            raise ValueError(f"{self.name} has no part of at least {least}")
        return sorted(kept, key=lambda part: (part % $small, part))

    def widest(self) -> int:
        return max(self.parts, key=lambda part: len(str(part))) if self.parts else 0
"""

_PYTHON_HEAD = """from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timezone

$imports

logger = logging.getLogger(__name__)
"""
_WEB = "from fastapi import APIRouter, Depends, HTTPException\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"
_WEB += "\nfrom app.api.deps import User, asker, get_session\nfrom app.services import $names"
_DATA = "import httpx\nfrom sqlalchemy import Connection, select, text\n"
_DATA += "from sqlalchemy.ext.asyncio import AsyncSession\n\n"
_DATA += "from app.core.settings import Settings\nfrom app.models import $names"
_TRIAL = "from unittest import mock\n\nimport pytest\nfrom fastapi.testclient import TestClient\n"
_TRIAL += "\nfrom app.models import User, $names"
_SCHEMA = 'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "$revision"\ndown_revision = $parent'
_REACT = 'import { useCallback, useEffect, useMemo, useState } from "react";\n'
_REACT += 'import { useTranslation } from "react-i18next";\n\nimport { api } from "@/lib/api";\n'
_REACT += 'import { Button } from "@/components/button";\nimport type { $names } from "@/types";\n'
_PLAIN = 'import type { $names } from "@/types";\n\nconst base = import.meta.env.VITE_API_URL ?? "/api";\n'


def write(folder: Path, count: int) -> None:
    """Write so many files, six in ten of them Python, the others TypeScript, of two to twelve kilobytes each."""
    chance = random.Random(_SEED)  # noqa: S311 - the same tree on every machine
    writers: tuple[Callable[[Path, int, random.Random], None], ...] = (
        _router, _service, _test, _component, _service, _hook, _router, _component, _migration, _component,
    )  # fmt: skip
    for number in range(count):
        writers[number % len(writers)](folder, number, chance)


def write_large(file: Path, size: int) -> None:
    """One file of about so many bytes (600,000 at most), of the language that its suffix says."""
    chance = random.Random(_SEED)  # noqa: S311 - as above
    head = _REACT if file.suffix == ".tsx" else _PYTHON_HEAD.replace("$imports", _DATA)
    pieces = [Template(head).substitute(names="Order")]
    left = size - len(pieces[0])
    for piece in _pieces(_COMPONENT if file.suffix == ".tsx" else _SERVICE, len(_SUBJECTS), chance):
        if left > 0:
            pieces.append(piece)
            left -= len(piece)
    _put(file, "".join(pieces))


def write_plain(file: Path) -> None:
    """One Python file with nothing in it that any rule is about."""
    chance = random.Random(_SEED)  # noqa: S311 - as above
    _put(file, "\n".join(_pieces(_SHAPES, 6, chance)))


def _router(folder: Path, number: int, chance: random.Random) -> None:
    tail = '\nrouter = APIRouter(prefix="/v1")\n'
    _python(folder / _area("backend/app/api", number) / f"routes_{number}.py", (_WEB, tail, _ROUTER), chance)


def _service(folder: Path, number: int, chance: random.Random) -> None:
    _python(folder / _area("backend/app/services", number) / f"service_{number}.py", (_DATA, "", _SERVICE), chance)


def _test(folder: Path, number: int, chance: random.Random) -> None:
    _python(folder / _area("backend/tests", number) / f"test_{number}.py", (_TRIAL, "", _TEST), chance)


def _migration(folder: Path, number: int, chance: random.Random) -> None:
    parent = f'"r{number - 10:08d}"' if number >= 10 else "None"
    heads = _SCHEMA.replace("$revision", f"r{number:08d}").replace("$parent", parent)
    calls = "\n\ndef upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n"
    _python(folder / "backend/alembic/versions" / f"r{number:08d}_step.py", (heads, calls, _MIGRATION), chance)


def _python(path: Path, parts: tuple[str, str, str], chance: random.Random) -> None:
    imports, head, body = parts
    start = Template(_PYTHON_HEAD.replace("$imports", imports)).substitute(names=_some_names(chance))
    _put(path, start + head + "\n".join(["", *_pieces(body, chance.randint(2, 9), chance)]))


def _component(folder: Path, number: int, chance: random.Random) -> None:
    _typescript(folder / _area("frontend/src/components", number) / f"panel-{number}.tsx", _REACT, _COMPONENT, chance)


def _hook(folder: Path, number: int, chance: random.Random) -> None:
    _typescript(folder / _area("frontend/src/lib", number) / f"calls-{number}.ts", _PLAIN, _HOOK, chance)


def _typescript(path: Path, head: str, body: str, chance: random.Random) -> None:
    start = Template(head).substitute(names=_some_names(chance))
    _put(path, start + "".join(_pieces(body, chance.randint(2, 9), chance)))


def _area(folder: str, number: int) -> str:
    """A folder holds a hundred files or so, as people keep them."""
    return f"{folder}/area_{number // 1000}"


def _some_names(chance: random.Random) -> str:
    return ", ".join(sorted(noun.title() for noun in chance.sample(_NOUNS, 4)))


def _pieces(body: str, count: int, chance: random.Random) -> Iterator[str]:
    """The body filled in for so many subjects, no two of them alike."""
    for noun, verb in chance.sample(_SUBJECTS, count):
        words = {"noun": noun, "Noun": noun.title(), "verb": verb, "Verb": verb.title()}
        yield Template(body).substitute(words, number=chance.randint(10, 90), small=chance.randint(2, 9))


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
