"""Handlers around a call that a limit is given to: they hear of it, or there is none."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from chunklint.rewriting.limits import Limit
from mends import fixed, mended, refusal

ASKED = "{}\n\n\ndef is_there(url, client=None):\n    try:\n        {}\n    except {}:\n        {}\n    return True\n"
REQUESTS = ("import requests", "requests.get(url)")
GIT = ("import subprocess", "subprocess.run(['git', 'ls-remote', url], check=True)")
URLLIB = ("from urllib.error import HTTPError, URLError\nfrom urllib.request import urlopen", "urlopen(url)")


@pytest.mark.parametrize(
    ("head", "caught", "wanted"),
    [
        (REQUESTS, "requests.ConnectionError", "(requests.ConnectionError, requests.Timeout)"),
        (REQUESTS, "requests.ConnectionError as error", "(requests.ConnectionError, requests.Timeout) as error"),
        (
            REQUESTS,
            "(requests.exceptions.ConnectionError, KeyError)",
            "(requests.exceptions.ConnectionError, requests.exceptions.Timeout, KeyError)",
        ),
        (GIT, "subprocess.CalledProcessError", "(subprocess.CalledProcessError, subprocess.TimeoutExpired)"),
        (GIT, "FileNotFoundError", "(FileNotFoundError, subprocess.TimeoutExpired)"),
        (URLLIB, "(HTTPError, URLError)", "(HTTPError, URLError, TimeoutError)"),
    ],
)
def test_a_handler_hears_of_the_limit_that_its_call_gets(
    head: tuple[str, str], caught: str, wanted: str, tmp_path: Path
) -> None:
    source = ASKED.format(*head, caught, "return False")
    assert mended(source, tmp_path, unsafe=False).changes == ()
    limited = source.replace(f"except {caught}:", f"except {wanted}:")
    at = limited.index("(url" if "url)" in head[1] else "(['git'")
    end = limited.index(")\n", at)
    assert fixed(source, tmp_path) == f"{limited[:end]}, timeout=30{limited[end:]}"


@pytest.mark.parametrize(
    ("head", "caught"),
    [
        (REQUESTS, "requests.RequestException"),
        (REQUESTS, "(requests.ConnectionError, requests.Timeout)"),
        (REQUESTS, "OSError"),
        (REQUESTS, "(OSError, requests.ConnectionError)"),
        (REQUESTS, "requests.HTTPError"),
        (GIT, "Exception"),
        (GIT, "(subprocess.CalledProcessError, subprocess.TimeoutExpired)"),
    ],
)
def test_a_handler_that_hears_of_it_stays_as_it_is(head: tuple[str, str], caught: str, tmp_path: Path) -> None:
    source = ASKED.format(*head, caught, "return False")
    assert fixed(source, tmp_path).replace(", timeout=30", "") == source


@pytest.mark.parametrize(
    ("head", "caught", "done", "reason"),
    [
        (REQUESTS, "requests.ConnectionError", "tell_container()", "whether what the handler of"),
        (GIT, "subprocess.CalledProcessError as e", "return e.returncode", "the handler of `subprocess.Called"),
        (GIT, "FileNotFoundError", "raise ValueError('no git')", "its handler speaks of a program"),
        (URLLIB, "URLError as error", "return error.reason", "the handler of `URLError` reads"),
        (
            ("import requests\nfrom requests.exceptions import ConnectionError", "requests.get(url)"),
            "ConnectionError",
            "return False",
            "",
        ),
        (
            ("from requests import get\nfrom requests.exceptions import ConnectionError", "get(url)"),
            "ConnectionError",
            "return False",
            "its handler would not hear of a limit, and `Timeout` is not imported",
        ),
    ],
)
def test_a_handler_that_a_limit_may_not_fit_gets_none(
    head: tuple[str, str], caught: str, done: str, reason: str, tmp_path: Path
) -> None:
    source = ASKED.format(*head, caught, done)
    if not reason:
        assert "except (ConnectionError, requests.Timeout):" in fixed(source, tmp_path)
        return
    assert refusal(source, tmp_path).startswith(reason)


def test_errors_of_the_system_that_have_a_handler_of_their_own_are_no_limits(tmp_path: Path) -> None:
    other = "requests.ConnectionError:\n        raise\n    except OSError"
    source = ASKED.format(*REQUESTS, other, "raise ValueError('no certificate')")
    assert "except (requests.ConnectionError, requests.Timeout):\n        raise\n" in fixed(source, tmp_path)


def test_the_handlers_of_a_client_are_those_of_the_function_that_uses_it(tmp_path: Path) -> None:
    source = (
        "import redis\n\n\ndef is_locked(host):\n    client = redis.Redis(host=host)\n    try:\n"
        "        return client.exists('lock')\n    except redis.ConnectionError:\n        return False\n"
    )
    assert "except (redis.ConnectionError, redis.TimeoutError):" in fixed(source, tmp_path)
    twice = source + "    try:\n        client.ping()\n    except redis.ConnectionError:\n        return False\n"
    assert refusal(twice, tmp_path) == "several handlers would have to hear of the limit, too"


def test_a_program_that_takes_too_long_is_taken_for_one_that_failed(tmp_path: Path) -> None:
    source = ASKED.format(*GIT, "subprocess.CalledProcessError", "return False")
    slow = fixed(source, tmp_path, Limit("0.1")).replace("['git', 'ls-remote', url]", "['sleep', '9']")
    (tmp_path / "mended.py").write_text(slow, encoding="utf-8")
    assert runpy.run_path(str(tmp_path / "mended.py"))["is_there"]("x") is False
