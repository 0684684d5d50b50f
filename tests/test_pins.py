"""Which versions a project asks for, from every kind of manifest, and which manifest counts for a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from chunklint.discovery import read_pins
from chunklint.semantics.pins import Pin, Pins, pins_in, version

LOCK = '# comment\n\n[[package]]\nname = "Redis_Py.x"\nversion = "5.2.1"\noptional = false\n'
POETRY = (
    '[tool.poetry.dependencies]\npython = "^3.11"\nredis = {version = "^5.0", extras = ["hiredis"]}\nany = "*"\n'
    '[tool.poetry.group.dev.dependencies]\nfakeredis = "^2.31.0"\n'
)
PROJECT = (
    '[project]\nname = "x"\ndependencies = ["redis[hiredis]>=5,<6; python_version > \'3\'", "httpx"]\n'
    '[project.optional-dependencies]\ncache = ["limits~=4.2"]\n'
    '[dependency-groups]\ndev = ["pytest>=8", {include-group = "x"}]\n'
)
REQUIREMENTS = (
    "-r base.txt\n# redis==1\nredis==5.0.1 \\\n    --hash=sha256:00\nhttpx >= 0.27 # why\nx @ https://e.org/x.whl\n\n"
)
SETUP = "[metadata]\nname = x\n[options]\ninstall_requires =\n    redis>=4,<5\n\n    httpx\npackages = find:\n"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("poetry.lock", LOCK, {"redis-py-x": "5.2.1"}),
        ("uv.lock", "version = 1\r\n\r\n" + LOCK.replace("\n", "\r\n"), {"redis-py-x": "5.2.1"}),
        ("pyproject.toml", POETRY, {"python": "^3.11", "redis": "^5.0", "any": "", "fakeredis": "^2.31.0"}),
        ("pyproject.toml", PROJECT, {"redis": ">=5,<6", "httpx": "", "limits": "~=4.2", "pytest": ">=8"}),
        ("requirements-dev.txt", REQUIREMENTS, {"redis": "==5.0.1", "httpx": ">= 0.27"}),
        ("setup.cfg", SETUP, {"redis": ">=4,<5", "httpx": ""}),
        ("Pipfile", '[packages]\nredis = "==4.1"\n', {"redis": "==4.1"}),
        ("Pipfile.lock", '{"default": {"redis": {"version": "==4.1"}, "x": {}}}', {"redis": "4.1"}),
        ("Pipfile.lock", "[", {}),
        ("pyproject.toml", "[project\n", {}),
        ("pyproject.toml", 'project = 3\ntool = [1]\ndependency-groups = {a = "b"}\n', {}),
        ("setup.cfg", "install_requires =" + " \t\n" * 5000, {}),
    ],
)
def test_every_kind_of_manifest_is_read(path: str, text: str, expected: dict[str, str]) -> None:
    assert {pin.package: pin.spec for pin in pins_in(path, text)} == expected


@pytest.mark.parametrize(
    ("spec", "lowest"),
    [
        ("==5.0.1", (5, 0, 1)),
        ("^5.0", (5, 0)),
        ("~=4.6.0", (4, 6, 0)),
        (">=4.5,<6", (4, 5)),
        (">4,!=5", (4,)),
        ("<8", ()),
        ("5.*", (5,)),
        ("", ()),
    ],
)
def test_the_lowest_version_of_a_range_is_what_a_claim_must_hold_for(spec: str, lowest: tuple[int, ...]) -> None:
    assert Pin("redis", spec, "pyproject.toml").lowest == lowest


def test_a_version_is_its_release() -> None:
    assert version("8.1.0rc1") == (8, 1, 0)
    assert version("v2") == (2,)
    assert version("main") == ()
    assert version("1" * 5000) == (int("1" * 9),)


def test_a_range_allows_what_is_below_a_bound_and_a_lock_does_not() -> None:
    assert Pin("redis", ">=5", "pyproject.toml").allows_before("8")
    assert not Pin("redis", "8.0.0", "uv.lock", locked=True).allows_before("8")
    assert Pin("redis", "8.0.0", "uv.lock", locked=True).allows_before("8.1")


@pytest.mark.parametrize(
    ("pin", "sentence"),
    [
        (Pin("redis", "5.2.1", "poetry.lock", locked=True), "poetry.lock pins redis 5.2.1"),
        (Pin("redis", "==5.2.1", "requirements.txt"), "requirements.txt pins redis 5.2.1"),
        (Pin("redis", "==5.*", "requirements.txt"), "requirements.txt allows redis ==5.*"),
        (Pin("redis", "", "setup.cfg"), "setup.cfg allows redis of any version"),
    ],
)
def test_a_pin_says_where_it_stands(pin: Pin, sentence: str) -> None:
    assert pin.describe() == sentence


def test_the_nearest_lock_counts_before_the_nearest_range() -> None:
    locked, near, far = (
        Pin("redis", "5.0.8", "uv.lock", locked=True),
        Pin("redis", ">=8", "backend/pyproject.toml"),
        Pin("redis", ">=4", "pyproject.toml"),
    )
    assert Pins({"": (locked, far), "backend": (near,)}).of("backend/app/a.py", "Redis") is locked
    assert Pins({"": (far,), "backend": (near,)}).of("backend/app/a.py", "redis") is near
    assert Pins({"": (far,), "backend": (near,)}).of("frontend/a.py", "redis") is far
    assert Pins({"backend": (near,)}).of("frontend/a.py", "redis") is None


def test_the_manifests_above_a_file_are_read_and_no_others(tmp_path: Path) -> None:
    for folder, text in (("", "redis==5"), ("api", "redis==6"), ("web", "redis==7"), ("api/requirements", "limits==4")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "requirements.txt").write_text(text, encoding="utf-8")
    found = read_pins(tmp_path, ["api/app/cache.py"])
    assert {folder: [pin.spec for pin in pins] for folder, pins in found.by_folder.items()} == {
        "": ["==5"],
        "api": ["==6", "==4"],
    }


def test_a_manifest_that_is_a_link_or_no_text_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "requirements.txt").write_text("redis==5", encoding="utf-8")
    root = tmp_path / "root"
    root.mkdir()
    (root / "requirements.txt").symlink_to(outside / "requirements.txt")
    (root / "requirements").symlink_to(outside)
    (root / "requirements-dev.txt").write_bytes(b"\0redis==5")
    assert read_pins(root, ["app/a.py"]).by_folder == {}
