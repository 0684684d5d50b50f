"""Limits for axios: where they go, which value they have, and which calls keep waiting."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from chunklint.fixing.mending import Mended
from chunklint.loader import BUILTIN, load
from chunklint.rewriting.limits import Limit
from mends import first_refusal, fixed_text, mended_file

RULES = [rule for rule in load([BUILTIN]) if rule.code in {"CL801", "CL802"}]
CONFIGURED = Limit(timeout_ms="HTTP_TIMEOUT", timeout_ms_import='import { HTTP_TIMEOUT } from "@/config";')


def mended(source: str, tmp_path: Path, limit: Limit | None = None, *, unsafe: bool = True) -> Mended:
    rules = [replace(rule, options=limit) for rule in RULES] if limit else RULES
    return mended_file(tmp_path / "client.ts", f'import axios from "axios";\n{source}', rules, unsafe=unsafe)


def test_a_configured_value_brings_its_import_once(tmp_path: Path) -> None:
    result = fixed_text(mended('axios.get("/a");\naxios.get("/b", { timeout: 0 });\n', tmp_path, CONFIGURED))
    assert result == (
        'import axios from "axios";\nimport { HTTP_TIMEOUT } from "@/config";\n'
        'axios.get("/a", { timeout: HTTP_TIMEOUT });\naxios.get("/b", { timeout: HTTP_TIMEOUT });\n'
    )


def test_an_import_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    source = 'import { HTTP_TIMEOUT } from "@/config";\naxios.get("/a", { timeout: HTTP_TIMEOUT });\naxios.get("/b");\n'
    assert fixed_text(mended(source, tmp_path, CONFIGURED)).count("@/config") == 1


def test_what_may_take_long_gets_the_limit_that_somebody_has_said(tmp_path: Path) -> None:
    source = 'axios.post("/v1/chat/completions", { text: 1 });\n'
    assert "timeout: 600_000" in fixed_text(mended(source, tmp_path, Limit(timeout_ms="600_000")))


@pytest.mark.parametrize(
    ("source", "limit", "reason"),
    [
        ('const HTTP_TIMEOUT = 1;\naxios.get("/a");\n', CONFIGURED, "the name `HTTP_TIMEOUT` is taken"),
        ('axios.get("/a");\n', Limit(timeout_ms="30 000"), "the configured value `30 000` is no expression"),
        (
            'axios.get("/a");\n',
            Limit(timeout_ms="T", timeout_ms_import='import { T } from "./config"'),
            'the configured import `import { T } from "./config"` is no import by a name that all files share',
        ),
        ("export const load = (asked) => axios(asked);\n", Limit(), "it is not seen whether the first argument"),
        ('axios.post("/a", {}, { timeout: 0 });\n', Limit(), "what it asks for may be done though nobody waits"),
        ('axios.post("/a", { headers: {} });\n', Limit(), "what it sends looks like a config"),
        ('axios.post("/a", new FormData());\n', Limit(), "a file may take long"),
        ('axios.get("/a", { responseType: "blob" });\n', Limit(), "a file may take long"),
        ("const load = async () => (await axios.get('/a')).data as ArrayBuffer;\n", Limit(), "a file may take long"),
        ("async function uploadRows(rows) {\n  await axios.post('/a', rows);\n}\n", Limit(), "a file may take long"),
        ('axios.post("/v1/chat/completions", { text: 1 });\n', Limit(), "it may take longer than 30_000 ms"),
        ("const predictRow = () => axios.post('/rows/1');\n", Limit(), "it may take longer than 30_000 ms"),
        ("axios.put(place(id, 'truncate'), {});\n", Limit(), "it may take longer than 30_000 ms"),
        ('axios.post("/apps/clone", {});\n', Limit(), "it may take longer than 30_000 ms"),
        (
            "const acts = { enableTriggers: () => axios.put('/rows/1') };\n",
            Limit(),
            "it may take longer than 30_000 ms",
        ),
        ("const useUpload = () => async (url) => axios.put('/a', url);\n", Limit(), "a file may take long"),
        ("export const api = axios.create();\n", Limit(), "what others ask of the instance is not seen here"),
        ("const api = axios.create();\nexport default api;\n", Limit(), "what others ask of the instance"),
        ("const api = axios.create();\nlisten(api);\n", Limit(), "what others ask of the instance"),
        (
            "const api = axios.create();\nexport const send = (asked: object) => api({ ...asked });\n",
            Limit(),
            "what others ask of the instance",
        ),
        ("const api = axios.create();\nconst ask = (url: string) => api.get(url);\n", Limit(), "what others ask of"),
        ("const api = axios.create();\napi.put('/a', new FormData());\n", Limit(), "a file may take long"),
        ('const file = await fetch("/a");\nfile.blob();\n', Limit(), ""),
    ],
)
def test_what_cannot_be_told_is_left_alone(source: str, limit: Limit, reason: str, tmp_path: Path) -> None:
    done = mended(source, tmp_path, limit)
    assert done.changes == ()
    assert not done.refused or first_refusal(done).startswith(reason)


@pytest.mark.parametrize(
    ("source", "safe"),
    [
        ('axios.get("/rows");\n', True),
        ('axios.post("/rows", { id: 1 });\n', True),
        ('const api = axios.create({ baseURL: "/api" });\napi.get("/rows");\n', True),
        ('const api = axios.create({ baseURL: "/api" });\napi.get("/rows");\napi.get("/events");\n', False),
        ('axios.get("/documents/1");\n', False),
        (
            "const A = 'https://a';\nexport const send = (url: string, b: object) => axios.post(`${A}${url}`, b);\n",
            False,
        ),
        ("const send = (url: string) => axios.get(url);\n", False),
        ("const send = async () => {\n  const told = await ask();\n  return axios.get(told.url);\n};\n", False),
        ("const send = (url: string, method: string) => axios({ url, method });\n", False),
        ("const send = (url: string) => axios({ url, method: 'get' });\n", False),
        ("const send = (method: string) => axios({ url: '/rows', method });\n", False),
        ("const send = (path: string) => axios.get(`/api/${path}`);\n", False),
        ("const send = (path: string) => {\n  const url = '/api' + path;\n  return axios.get(url);\n};\n", False),
        ("const send = () => axios({ url: '/rows', method: 'GET' });\n", True),
        ('axios.get("/rows/export");\n', False),
        ('axios.post("/calendars/1/sync");\n', False),
        ("const startJob = () => axios.post('/jobs', {});\n", False),
        ("const jobs = { startAll: () => axios.post('/jobs', {}) };\n", False),
        ('axios.get("https://api.openai.com/v1/models");\n', False),
        ('axios.get("/apps/1/build");\n', False),
        ("axios.get(`${import.meta.env.VITE_IMPORT_URL}/rows`);\n", True),
        ("axios.get(`${process.env.BATCH_URL}/rows`);\n", True),
        ("axios.get(buildUrl('/rows'));\n", True),
        ("const URLS = { rows: '/rows' };\nconst send = () => axios.get(URLS.rows);\n", True),
        ("const send = (url: string) => axios.get(`${url}/json/version`);\n", True),
        ("const send = (id: string) => axios.get(`/rows/${id}`);\n", True),
        ("const URL = '/rows/1';\nconst send = () => axios.get(URL);\n", True),
        ('axios.get("/containers/preload");\n', False),
        ('axios.get("/jobs/1/poll");\n', False),
        ('axios.get("/rows", { timeout: 0 });\n', False),
        ('axios.post("/payments", { id: 1 });\n', False),
    ],
)
def test_a_limit_is_safe_where_silence_means_that_the_server_is_down(source: str, safe: bool, tmp_path: Path) -> None:
    assert bool(mended(source, tmp_path, unsafe=False).changes) is safe
    assert mended(source, tmp_path).changes


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("final", [True, False])
def test_line_ends_mark_and_tabs_stay(end: str, mark: str, final: bool, tmp_path: Path) -> None:
    source = 'import axios from "axios";\naxios.get(\n\t"/é/日本",\n);\n'
    source += '// ü\nconst api = axios.create({\n\tbaseURL: "/é",\n});'
    wanted = source.replace('日本",\n', '日本",\n\t{ timeout: 30_000 },\n').replace(
        '/é",\n}', '/é",\n\ttimeout: 30_000,\n}'
    )
    before, after = (mark + (text + "\n" * final).replace("\n", end) for text in (source, wanted))
    assert fixed_text(mended_file(tmp_path / "client.js", before, RULES)) == after


def test_what_a_broken_line_hid_is_fixed_on_the_next(tmp_path: Path) -> None:
    calls = "axios.get(`/ü/${id}`); axios.post(`/ü`); axios.get(`/é/${id}`); axios.post(`/é`);"
    result = fixed_text(mended(f"const send = (id) => {{\n  {calls}\n}};\n", tmp_path))
    assert result.count("timeout: 30_000") == 4


LONG = 'const answer = await axios.post("/api/v1/containers/of/this/machine/get-image", { imageTag });'


@pytest.mark.parametrize(
    ("name", "settings", "lines"),
    [
        (
            ".prettierrc",
            '{ "printWidth": 140, "trailingComma": "none", "overrides": [{ "options": { "printWidth": 20 } }] }',
            [LONG.replace("{ imageTag }", "{ imageTag }, { timeout: 30_000 }")],
        ),
        ("package.json", '{ "prettier": { "printWidth": 140 } }', [LONG.replace(" });", " }, { timeout: 30_000 });")]),
        (
            "biome.json",
            '{ // how it looks\n "formatter": { "lineWidth": 140 } }'.replace("// how it looks\n", ""),
            [LONG.replace(" });", " }, { timeout: 30_000 });")],
        ),
        (".prettierrc.yaml", "# wide\nprintWidth: 140\n", [LONG.replace(" });", " }, { timeout: 30_000 });")]),
        (".editorconfig", "[*]\nmax_line_length = 140\n", None),
        (
            "prettier.config.mjs",
            'export default { trailingComma: "none" };\n',
            [
                "const answer = await axios.post(",
                '  "/api/v1/containers/of/this/machine/get-image",',
                "  { imageTag },",
                "  { timeout: 30_000 }",
                ");",
            ],
        ),
    ],
)
def test_a_call_is_broken_as_the_projects_formatter_breaks_it(
    name: str, settings: str, lines: list[str] | None, tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / name).write_text(settings, encoding="utf-8")
    if lines is None:
        (tmp_path / ".prettierrc").write_text("{}", encoding="utf-8")
        lines = [LONG.replace(" });", " }, { timeout: 30_000 });")]
    assert fixed_text(mended(f"{LONG}\n", tmp_path)).splitlines()[1:] == lines


def test_a_project_that_tells_prettier_nothing_has_its_usual_width(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "package.json").write_text('{ "devDependencies": { "prettier": "3" } }', encoding="utf-8")
    wide = f"{LONG}\n// {'-' * 90}\n"
    assert "{ imageTag },\n" in fixed_text(mended(wide, tmp_path))
    (tmp_path / "package.json").write_text('{ "prettier": "@us/settings" }', encoding="utf-8")
    assert "{ imageTag }, { timeout: 30_000 });" in fixed_text(mended(wide, tmp_path))


def test_settings_that_are_a_pipe_are_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    os.mkfifo(tmp_path / ".prettierrc")
    assert "timeout" in fixed_text(mended('axios.get("/a");\n', tmp_path))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "axios.get(`\n  /rows?${asked}\n`);\n",
            "axios.get(\n  `\n  /rows?${asked}\n`,\n  { timeout: 30_000 },\n);\n",
        ),
        (
            'axios.post("/rows", {\n  id,\n  rows,\n});\n',
            'axios.post(\n  "/rows",\n  {\n    id,\n    rows,\n  },\n  { timeout: 30_000 },\n);\n',
        ),
        (
            "const theRowsOfThePageThatIsShown: Promise<Rows> =\n"
            "  axios.get<TheTypeOfTheAnswer>('/rows/of/the/very/first/page');\n",
            "const theRowsOfThePageThatIsShown: Promise<Rows> = axios.get<TheTypeOfTheAnswer>(\n"
            "  '/rows/of/the/very/first/page',\n  { timeout: 30_000 },\n);\n",
        ),
        (
            'axios.post("/rows", { // what\n  id,\n});\n',
            'axios.post(\n  "/rows",\n  { // what\n    id,\n  },\n  { timeout: 30_000 },\n);\n',
        ),
    ],
)
def test_an_argument_of_several_lines_gives_each_one_its_own(before: str, after: str, tmp_path: Path) -> None:
    (tmp_path / ".prettierrc").write_text('{ "trailingComma": "all" }', encoding="utf-8")
    assert fixed_text(mended(before, tmp_path)).partition("\n")[2] == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'const face = async () => (await fetch("/fonts/wide.ttf")).arrayBuffer();\n',
            'await fetch("/fonts/wide.ttf", {\n  signal: AbortSignal.timeout(30_000),\n})).array',
        ),
        (
            "const logo = async () => (await fetch('/a', {\n  cache: 'no-cache',\n})).blob();\n",
            "  cache: 'no-cache',\n  signal: AbortSignal.timeout(30_000),\n})).blob();\n",
        ),
        ("const downloadIcons = async () => (await fetch('/a')).blob();\n", ""),
        ("const rows = async () => (await fetch('/a')).blob();\n", ""),
        (
            "async function sendIcon(icon) {\n  const form = new FormData();\n"
            "  form.append('icon', await (await fetch(icon)).blob());\n}\n",
            "",
        ),
        ("const icon = async (options) => (await fetch('/icon', options)).blob();\n", ""),
    ],
)
def test_a_fetch_of_what_is_small_gets_a_signal(before: str, after: str, tmp_path: Path) -> None:
    done = mended(before, tmp_path)
    assert after in fixed_text(done) if after else done.changes == ()
    assert mended(before, tmp_path, unsafe=False).changes == ()


def test_a_line_that_no_formatter_would_leave_is_not_safe(tmp_path: Path) -> None:
    (tmp_path / ".prettierrc").write_text("{}", encoding="utf-8")
    call = f"axios.get('/{'a' * 50}');\n"
    assert "timeout" in fixed_text(mended(call, tmp_path, unsafe=False))
    held = f"const asked = [axios.get('/{'a' * 44}')];\n"
    done = mended(held, tmp_path, unsafe=False)
    assert all(len(line) <= 80 for line in (fixed_text(done).splitlines() if done.changes else ()))
