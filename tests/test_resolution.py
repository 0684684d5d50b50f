"""What modules are called: settings that people write, and settings that somebody wrote to do harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from chunklint.discovery import read_resolution
from chunklint.semantics.ecmascript.resolution import settings_in


@pytest.mark.parametrize(
    "text",
    [
        '{"a": ["x"]}',
        '\ufeff{"a": ["x",],}',
        '{\n  // why, and "how"\n  "a": ["x", /* none */ ], // end\n}',
        '{"a": ["x"] /* , */, /* one */ /* two */ // three\n}',
    ],
)
def test_settings_are_json_with_comments_and_commas_too_many(text: str) -> None:
    assert settings_in(text) == {"a": ["x"]}


def test_what_looks_like_a_comment_in_a_string_is_none() -> None:
    assert settings_in('{"@/*": ["./src/*"], "b": "// , ]"}') == {"@/*": ["./src/*"], "b": "// , ]"}


@pytest.mark.parametrize(
    "text", ['{"a": 1,' + "/**/" * 5000 + "x", "/*" * 200_000, '"' * 100_001, "[" * 100_000, "," * 100_000]
)
def test_settings_made_to_hang_a_reader_are_no_settings(text: str) -> None:
    assert settings_in(text) == {}


@pytest.mark.parametrize("told", ["{outside}/tsconfig.json", "../outside/tsconfig.json"])
def test_settings_outside_of_the_project_are_not_read(told: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "tsconfig.json").write_text('{"compilerOptions": {"paths": {"secret": ["./here"]}}}')
    root = tmp_path / "project"
    root.mkdir()
    target = told.format(outside=outside)
    (root / "tsconfig.json").write_text(f'{{"references": [{{"path": "{target}"}}], "extends": "{target}"}}')
    assert read_resolution(root, ["main.ts"]).aliases == ()


@pytest.mark.parametrize(
    ("needed", "may_be"),
    [
        ('{"dependencies": {"next": "16.0.0", "react-native": "0.85.0"}}', True),
        ('{"dependencies": {"react": "19.0.0"}}', True),
        ('{"dependencies": {"expo-router": "56.0.0"}}', False),
        ('{"devDependencies": {"@react-router/dev": "7.0.0"}}', False),
        ('{"dependencies": ["expo-router"]}', True),
    ],
)
def test_names_of_nexts_files_mean_nothing_in_another_framework(needed: str, may_be: bool, tmp_path: Path) -> None:
    (tmp_path / "mobile").mkdir()
    (tmp_path / "mobile" / "package.json").write_text('{"name": "mobile", ' + needed[1:])
    resolution = read_resolution(tmp_path, ["mobile/app/error.tsx", "mobile/package.json"])
    assert resolution.may_be_next("mobile/app/error.tsx") is may_be
    assert resolution.may_be_next("web/app/error.tsx")


@pytest.mark.parametrize(
    ("compiled_at", "path", "compiled"),
    [
        ("package.json", "apps/site/Page.tsx", True),
        ("apps/package.json", "apps/Page.tsx", True),
        # Neither the root nor the package that the file belongs to.
        ("apps/package.json", "apps/site/Page.tsx", False),
        ("apps/package.json", "Page.tsx", False),
    ],
)
def test_the_compiler_of_a_package_or_of_the_root_builds_a_file(
    compiled_at: str, path: str, compiled: bool, tmp_path: Path
) -> None:
    (tmp_path / "apps/site").mkdir(parents=True)
    for manifest in ("package.json", "apps/package.json", "apps/site/package.json"):
        plugin = '{"babel-plugin-react-compiler": "1.0.0"}' if manifest == compiled_at else "{}"
        (tmp_path / manifest).write_text(f'{{"name": "{manifest}", "devDependencies": {plugin}}}', encoding="utf-8")
    assert read_resolution(tmp_path, [path]).is_compiled(path) is compiled


@pytest.mark.parametrize(
    ("asked", "of_root", "major"),
    [
        ("^17.0.2", "", 17),
        ("~18.2", "^17.0.2", 18),
        ("17.x", "", 17),
        ("19.0.0-rc.1", "", 19),
        ("", "17.0.2", 17),
        ("^16.8 || ^17.0", "", 0),
        (">=17", "", 0),
        ("catalog:", "", 0),
    ],
)
def test_the_version_of_react_is_that_of_the_package_or_of_the_root(
    asked: str, of_root: str, major: int, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    for folder, version in ((tmp_path, of_root), (tmp_path / "site", asked)):
        needs = f'{{"react": "{version}"}}' if version else "{}"
        (folder / "package.json").write_text(f'{{"name": "one", "dependencies": {needs}}}', encoding="utf-8")
    assert read_resolution(tmp_path, ["site/Page.tsx"]).react_of("site/Page.tsx") == major


@pytest.mark.parametrize(
    ("readme", "copied"),
    [
        ("# SaaS Boilerplate with Tailwind\n\nPacked with features.", True),
        ('<p align="center"><img src="a.png" alt="A template"></p>\n\n# Shop\n\nSells **tea** to anyone.', False),
        ("# Chat\n\nA chat built with Next.js. This template provides a UI for agents.", True),
        (
            "# Forms\n\n## Launch\n\n![A starter kit](a.png)\n\nA [starter kit](https://x.example) that helps.",
            True,
        ),
        ("# Sign-in User Interface Reference Implementation\n\nIt shows all flows.", True),
        ("# React + Vite\n\nThis template provides a minimal setup to get React working in Vite.", False),
        ("# Site\n\nThis is not a starter template.", False),
        ("# Invoices\n\nA template editor for invoices: choose a template.", False),
        ("# Templates for mails\n\nMails without boilerplate.", False),
        ("# Shop\n\n" + "Sells tea. " * 80 + "It began as a template for shops.", False),
        ("", False),
    ],
)
def test_a_readme_says_in_its_first_words_that_the_repository_is_to_be_copied(
    readme: str, copied: bool, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text(readme)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "README.md").write_text("# Starter kit\n")
    assert read_resolution(tmp_path, ["web/src/main.tsx"]).copied is copied
