"""Fixes of Python: what they write, what they leave alone, and that the result behaves as it should."""

from __future__ import annotations

import runpy
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunklint.editing import Grid, applied
from chunklint.rewriting.limits import Limit
from chunklint.rewriting.python_code import edits_between
from mends import fixed, mended, refusal

GET = "import requests\n\n\ndef rate(url, params):\n    return requests.get({})\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("url", "url, timeout=30"),
        ("url, params=params", "url, params=params, timeout=30"),
        (
            "\n        url,\n        params=params,\n    ",
            "\n        url,\n        params=params,\n        timeout=30,\n    ",
        ),
        (
            "\n        url,\n        params=params\n    ",
            "\n        url,\n        params=params,\n        timeout=30\n    ",
        ),
        ("\n        url, params=params\n    ", "\n        url, params=params, timeout=30\n    "),
        ("\n        url,\n    ", "\n        url,\n        timeout=30,\n    "),
        ("url,\n        params=params", "url,\n        params=params,\n        timeout=30"),
        (
            "\n        url,\n        params=params,  # as they came\n    ",
            "\n        url,\n        params=params,  # as they came\n        timeout=30,\n    ",
        ),
    ],
)
def test_the_argument_stands_as_the_others_do(before: str, after: str, tmp_path: Path) -> None:
    assert fixed(GET.format(before), tmp_path, unsafe=False) == GET.format(after)


def test_the_configured_value_comes_with_its_import_once(tmp_path: Path) -> None:
    limit = Limit("settings.http_timeout", "from app.settings import settings")
    source = GET.format("url") + "\n\ndef rates(url):\n    return requests.post(url)\n"
    result = fixed(source, tmp_path, limit)
    assert result.count("timeout=settings.http_timeout") == 2
    assert result.count("from app.settings import settings\n") == 1
    assert result.startswith("import requests\nfrom app.settings import settings\n")
    there = fixed(f"from app.settings import settings\n{GET.format('url')}", tmp_path, limit)
    assert there.count("import settings") == 1


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (Limit("30 s"), "the configured value `30 s` is no expression"),
        (Limit("30", "settings"), "the configured import `settings` is no absolute import of one name, without `as`"),
        (
            Limit("conf.t", "from app.settings import settings as conf"),
            "the configured import `from app.settings import settings as conf` is no absolute import of one name, "
            "without `as`",
        ),
        (
            Limit("settings.t", "from .settings import settings"),
            "the configured import `from .settings import settings` is no absolute import of one name, without `as`",
        ),
        (
            Limit("30", "from a import b, c"),
            "the configured import `from a import b, c` is no absolute import of one name, without `as`",
        ),
    ],
)
def test_a_setting_that_is_no_python_is_refused_with_the_reason(limit: Limit, reason: str, tmp_path: Path) -> None:
    assert refusal(GET.format("url"), tmp_path, limit) == reason


@pytest.mark.parametrize(
    "source",
    [
        GET.format("url").replace("url, params", "url, settings"),
        "from other import settings\n" + GET.format("url"),
        "from app.settings import settings as conf\n" + GET.format("url"),
        "from app.settings import settings\n" + GET.format("url").replace("url, params", "url, settings"),
        *(
            f"from app.settings import settings\nimport requests\n\n\ndef rate(url):\n    {line}\n"
            for line in (
                "with url.open() as settings:\n        return requests.get(url)",
                "try:\n        requests.get(url)\n    except OSError as settings:\n        raise",
                "return [requests.get(url) for settings in url]",
                "if settings := url:\n        requests.get(url)",
                "for one, settings in url:\n        requests.get(url)",
                "import settings\n\n    requests.get(url)",
            )
        ),
    ],
)
def test_a_name_that_means_something_else_is_not_written(source: str, tmp_path: Path) -> None:
    limit = Limit("settings.t", "from app.settings import settings")
    assert refusal(source, tmp_path, limit) == "the name `settings` is taken in this file"


@pytest.mark.parametrize(
    "source",
    [
        GET.format("url, params={'timeout': 60}"),
        GET.format("url + '/events'"),
        "import socket\n\n\ndef feed(host):\n    return socket.create_connection((host, 80))\n",
        "import requests\n\n\nclass ImageModelHandle:\n    def size(self, url):\n        return requests.get(url)\n",
        "import requests\n\n\nclass RestEmbeddingClient:\n    def ids(self, url):\n        return requests.get(url)\n",
        "import requests\n\n\nclass LlamaServer:\n    def props(self, url):\n        return requests.get(url)\n",
        GET.format("f'{url}/export'"),
        GET.format("url").replace("rate", "sync_rates"),
        GET.format("'https://api.openai.com/v1/models'"),
        "import requests\n\n\ndef ask(url):\n    place = f'{url}/report'\n    return requests.get(place)\n",
        "import requests\n\n\ndef send(method, path):\n    return requests.request(method, f'https://a.example/{path}')\n",
        "import requests\n\n\ndef send(url, rows):\n    return requests.post(url, json=rows)\n",
    ],
)
def test_what_may_be_silent_and_well_is_not_limited_unseen(source: str, tmp_path: Path) -> None:
    assert mended(source, tmp_path, unsafe=False).changes == ()
    assert "timeout=30" in fixed(source, tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        GET.format("f'{url}/v1/chat/completions'"),
        GET.format("url").replace("def ", "def transcribed_"),
        "import requests\n\n\ndef run_query(url, text):\n    return requests.post(url, json={'sql': text})\n",
        "import requests\n\n\ndef _generate(url, text):\n    return requests.post(url, json=text)\n",
        "import requests\n\n\nclass ClaudeBot:\n    def ask(self, url):\n        return requests.post(url)\n",
        "import requests\n\n\nclass LlamaServer:\n    def ask(self, url):\n        return requests.post(url)\n",
        "import requests\n\n\nclass TogetherLM:\n    def ask(self, url):\n        return requests.post(url)\n",
        "import requests\n\n\ndef ask(url):\n    return requests.post(f'{url}/rows/truncate')\n",
        "import requests\n\n\ndef clone(url):\n    return requests.put(url)\n",
        "import requests\n\n\ndef ask(url):\n    body = {'max_tokens': 9}\n    return requests.post(url, json=body)\n",
    ],
)
def test_no_limit_is_guessed_for_work_that_takes_as_long_as_it_takes(source: str, tmp_path: Path) -> None:
    assert (
        refusal(source, tmp_path) == "it may take longer than 30 s and be well; say in the call what is too long for it"
    )
    assert "timeout=600" in fixed(source, tmp_path, Limit("600"))
    assert mended(source, tmp_path, Limit("600"), unsafe=False).changes == ()


LISTED = "f'https://rates.example/{base_currency}', params=parameters, headers=headers"
SPREAD = LISTED.replace(", ", ",\n        ") + ",\n        timeout=30,"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"x = requests.get({LISTED})", f"x = requests.get(\n        {LISTED}, timeout=30\n    )"),
        (f"requests.get({LISTED}).json()", f"requests.get(\n        {LISTED}, timeout=30\n    ).json()"),
        (f"x = requests.get({LISTED},)", f"x = requests.get(\n        {SPREAD}\n    )"),
        (
            f"requests.get({LISTED}, auth=me)",
            f"requests.get(\n        {SPREAD}\n    )".replace("timeout", "auth=me,\n        timeout"),
        ),
        (
            f"requests.get(\n        {LISTED}, auth=me\n    )",
            f"requests.get(\n        {SPREAD}\n    )".replace("timeout", "auth=me,\n        timeout"),
        ),
        ("x = requests.get(\n        params\n    )", "x = requests.get(\n        params,\n        timeout=30,\n    )"),
        (f"x = [requests.get({LISTED})]", f"x = [requests.get({LISTED}, timeout=30)]"),
        (f"x = requests.get({LISTED})  # why", f"x = requests.get({LISTED}, timeout=30)  # why"),
    ],
    ids=["assigned", "chained", "final comma", "too many", "a line of its own", "alone", "in brackets", "comment"],
)
def test_a_call_that_gets_too_wide_is_broken_as_formatters_do(before: str, after: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 104\n")
    source = "import requests\n\n\ndef rate(base_currency, parameters, headers, me):\n    {}\n"
    assert fixed(source.format(before), tmp_path) == source.format(after)


@pytest.mark.parametrize(
    ("name", "text", "breaks"),
    [
        ("pyproject.toml", "[tool.black]\n", True),
        ("pyproject.toml", "[tool.ruff]\nline-length = 130\n[tool.black]\nline-length = 60\n", False),
        ("pyproject.toml", "[tool.other]\n", False),
        ("pyproject.toml", "[tool.ruff\n", False),
        ("ruff.toml", "line-length = 79\n", True),
        (".flake8", "[flake8]\nmax-line-length = 79\n", True),
        ("setup.cfg", "[flake8]\nmax-line-length = many\n", False),
        (".pre-commit-config.yaml", "repos:\n  - hooks:\n      - id: black\n", True),
        (
            ".pre-commit-config.yaml",
            "repos:\n  - hooks:\n      - id: ruff-format\n        args: ['--line-length', '130']\n",
            False,
        ),
        (".pre-commit-config.yaml", "repos:\n  - hooks:\n      - id: isort\n        args: [-l, '79']\n", False),
        ("tox.ini", "max-line-length = 79\n", False),
    ],
)
def test_how_long_a_line_may_get_is_what_the_project_says(name: str, text: str, breaks: bool, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    # Without a word, lines may get as long as the file's own are.
    rest = "y = '" + "y" * 105 + "'\n"
    source = (
        f"import requests\n\n{rest}x = requests.get('https://rates.example', params={{'base': 'EUR', 'on': 'now'}})\n"
    )
    assert ("\n    'https" in fixed(source, tmp_path)) is breaks


def test_what_is_sent_to_a_known_place_is_safe(tmp_path: Path) -> None:
    source = GET.format("").replace("requests.get()", "requests.post(f'{url}/rates', json=params)")
    assert "timeout=30" in fixed(source, tmp_path, unsafe=False)


@pytest.mark.parametrize("source", [f"x = [requests.get({LISTED})]", f"x = requests.get({LISTED})  # why"])
def test_a_line_that_no_formatter_would_leave_is_not_safe(source: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 104\n")
    whole = f"import requests\n\n\ndef rate(base_currency, parameters, headers, me):\n    {source}\n"
    assert mended(whole, tmp_path, unsafe=False).changes == ()


def test_the_length_that_extended_settings_give_counts(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text("line-length = 130\n")
    (tmp_path / "pyproject.toml").write_text('[tool.ruff]\nextend = "base.toml"\n')
    source = "import requests\n\nx = requests.get('https://rates.example', params={'base': 'EUR', 'on': 'now'})\n"
    assert "'now'}, timeout=30)\n" in fixed(source, tmp_path)
    (tmp_path / "base.toml").write_text('extend = "pyproject.toml"\n')
    assert "'now'}, timeout=30\n)" in fixed(source, tmp_path)


@pytest.mark.parametrize("caught", ["requests.RequestException", "Exception", "(ConnectionError, requests.Timeout)"])
def test_a_limit_that_is_caught_when_it_is_met_is_safe(caught: str, tmp_path: Path) -> None:
    body = f"    try:\n        requests.get(url)\n    except {caught}:\n        return False\n    return True\n"
    source = f"import requests\n\n\ndef is_there(url):\n{body}"
    assert "timeout=30" in fixed(source, tmp_path, unsafe=False)


def test_windows_line_ends_and_everything_else_stay_as_they_are(tmp_path: Path) -> None:
    source = (GET.format("url") + "\nx  =  { 'a':1 }   # odd\n").replace("\n", "\r\n")
    assert fixed(source, tmp_path) == source.replace("get(url)", "get(url, timeout=30)")


def test_a_byte_order_mark_is_no_column(tmp_path: Path) -> None:
    source = "\ufeffimport requests; rate = requests.get('https://rates.example')\n"
    assert fixed(source, tmp_path) == source.replace("example')", "example', timeout=30)")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (GET.format("\n        url,\n        params=params  # as they came\n    "), "a comment stands where"),
        ("import ldap\n\nconnection = ldap.initialize(URL)\n", "the limit is not an argument of this call"),
    ],
)
def test_what_nobody_would_merge_is_refused(source: str, reason: str, tmp_path: Path) -> None:
    assert refusal(source, tmp_path).startswith(reason)


LOCKED = """\
import asyncio


class Hub:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.sockets = []

    async def tell(self, message):
        await self.lock.acquire()
        # Everybody hears it.
        for socket in self.sockets:
            await socket.send(message)
        self.lock.release()
        return len(self.sockets)
"""


def test_a_lock_is_held_by_a_with_over_the_same_statements(tmp_path: Path) -> None:
    assert fixed(LOCKED, tmp_path, unsafe=False) == LOCKED.replace(
        "        await self.lock.acquire()\n"
        "        # Everybody hears it.\n"
        "        for socket in self.sockets:\n"
        "            await socket.send(message)\n"
        "        self.lock.release()\n",
        "        async with self.lock:\n"
        "            # Everybody hears it.\n"
        "            for socket in self.sockets:\n"
        "                await socket.send(message)\n",
    )


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("        self.lock.release()\n", "        self.lock.release()  # now\n", "a comment belongs to"),
        ("        await self.lock.acquire()\n", "        got = await self.lock.acquire()\n", "what `acquire` returns"),
    ],
)
def test_a_lock_whose_section_is_not_plain_is_left(before: str, after: str, reason: str, tmp_path: Path) -> None:
    assert refusal(LOCKED.replace(before, after), tmp_path).startswith(reason)


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A server on loopback that takes connections and never answers; the port."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def accept() -> None:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        for one in held:
            one.close()


def test_a_silent_server_no_longer_holds_the_caller(silent_server: int, tmp_path: Path) -> None:
    source = (
        "from urllib.request import urlopen\n\n\ndef rate(port):\n"
        "    with urlopen(f'http://127.0.0.1:{port}/') as answer:\n        return answer.read()\n"
    )
    assert "urlopen(f'http://127.0.0.1:{port}/', timeout=0.2)" in fixed(source, tmp_path, Limit("0.2"))
    (tmp_path / "mended.py").write_text(fixed(source, tmp_path, Limit("0.2")), encoding="utf-8")
    rate = runpy.run_path(str(tmp_path / "mended.py"))["rate"]
    with pytest.raises(TimeoutError):
        rate(silent_server)


LINES = st.lists(st.sampled_from(["", "a", "a b", "  a", "é", "\ta,"]), max_size=8).map("\n".join)


@given(LINES, LINES)
def test_edits_turn_one_text_into_the_other(old: str, new: str) -> None:
    assert applied(old, Grid(old).splices(edits_between(old, new))) == new
