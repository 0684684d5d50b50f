"""Which files are found, what they say, and that no tree, however strange, ends in a traceback or a hang."""

from __future__ import annotations

import codecs
import os
import socket
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chunklint.config import DEFAULT_EXCLUDE
from chunklint.discovery import (
    Discovered,
    GitError,
    MissingPath,
    Source,
    decode,
    discover,
    keep,
    read_source,
    staged,
)
from chunklint.languages import language_of
from chunklint.model import Notification, Severity

LIMIT = 1_000_000


def git(folder: Path, *arguments: str) -> bytes:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, env=environment
    ).stdout


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return root


def find(
    root: Path,
    *paths: str,
    exclude: tuple[str, ...] = (),
    force: bool = False,
    git_aware: bool = True,
    limit: int = LIMIT,
) -> Discovered:
    return discover(
        [Path(path) for path in paths or (".",)],
        cwd=root,
        exclude=exclude,
        respect_gitignore=git_aware,
        force_exclude=force,
        max_bytes=limit,
    )


def seen_by_git(root: Path) -> tuple[str, ...]:
    listed = git(root, "ls-files", "-z", "-co", "--exclude-standard").decode().split("\0")
    return tuple(sorted(path for path in listed if path and language_of(path) is not None))


def test_a_nasty_tree_is_read_as_git_reads_it(tmp_path: Path) -> None:
    git(tmp_path, "init")
    names = (
        "a.py", "data/keep.py", "data/drop.py", "data/deep/keep.py", "logs/x.py", "logs/keep/y.py", "build/x.py",
        "src/build/y.ts", "src/a b.py", "src/#hash.py", "src/!bang.py", "src/[x].tsx", "src/x.tsx", "pkg/tmp/a.sql",
        "pkg/tmp/b.sql", "pkg/sub/c.py", "pkg/sub/d.py", "pkg/generated/e.py", "q/one/z.py", "q/one/two/z.py",
        "only/here/f.js", "other/only/here/f.js", "trail.py", "info.py", "ü/ä.py", "src/line\nbreak.py",
    )  # fmt: skip
    plant(tmp_path, dict.fromkeys(names, "x = 1\n"))
    plant(
        tmp_path,
        {
            ".gitignore": "data/**\n!data/keep.py\n/build\nlogs/*\n!logs/keep/\n\\#hash.py\n\\!bang.py\n"
            "src/\\[x\\].tsx\nonly/here\ntrail.py   \n# a.py\n\nq/**/z.py\n!q/one/two/z.py\n[bad\n",
            "pkg/.gitignore": "*.sql\n!b.sql\n/sub/*\ngenerated/\n",
            "pkg/sub/.gitignore": "!d.py\n",
            "pkg/generated/.gitignore": "!e.py\n",
            ".git/info/exclude": "info.py\n",
        },
    )
    assert find(tmp_path).files == seen_by_git(tmp_path)


SEGMENT = st.sampled_from(["a", "b", "ab", "*", "a*", "*b", "**", "?", "[ab]"])
PATTERN = st.builds(
    lambda negated, lead, parts, tail: negated + lead + "/".join(parts) + tail,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(SEGMENT, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", ".py", "*.py"]),
)
FOLDERS = ("", "a/", "b/", "a/b/", "b/ab/", "a/b/a/")
TREE = {f"{folder}{name}.py": "" for folder in FOLDERS for name in ("a", "b", "ab")}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(FOLDERS), st.lists(PATTERN, min_size=1, max_size=4), min_size=1, max_size=3))
def test_any_nested_ignore_files_are_read_as_git_reads_them(
    tmp_path_factory: pytest.TempPathFactory, ignores: dict[str, list[str]]
) -> None:
    root = tmp_path_factory.mktemp("repo")
    git(root, "init")
    plant(root, TREE)
    plant(root, {f"{folder}.gitignore": "\n".join(lines) for folder, lines in ignores.items()})
    assert find(root).files == seen_by_git(root)


def test_ignore_files_count_outside_of_git_too(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "b.py": "", ".gitignore": "b.py"})
    assert find(tmp_path).files == ("a.py",)
    assert find(tmp_path, git_aware=False).files == ("a.py", "b.py")


def test_the_root_is_the_git_top_level_even_from_a_folder_below(tmp_path: Path) -> None:
    git(tmp_path, "init")
    plant(tmp_path, {"app/a.py": "", "web/b.tsx": "", ".gitignore": "/web/b.tsx"})
    found = find(tmp_path / "app", ".", "../web")
    assert (found.root, found.files) == (tmp_path.resolve(), ("app/a.py",))


def test_paths_of_two_repositories_share_the_folder_above(tmp_path: Path) -> None:
    for name in ("one", "two"):
        plant(tmp_path, {f"{name}/a.py": "", f"{name}/b.py": "", f"{name}/.gitignore": "/b.py"})
        git(tmp_path / name, "init")
    found = find(tmp_path / "one", ".", "../two")
    assert (found.root, found.files) == (tmp_path.resolve(), ("one/a.py", "two/a.py"))


def test_a_linked_worktree_shares_the_exclude_file_of_its_repository(tmp_path: Path) -> None:
    main = plant(tmp_path / "main", {"a.py": ""})
    git(main, "init")
    git(main, "add", ".")
    git(main, "commit", "-m", "a")
    git(main, "worktree", "add", str(tmp_path / "linked"))
    plant(tmp_path, {"main/.git/info/exclude": "b.py\n", "linked/b.py": ""})
    assert find(tmp_path / "linked").files == ("a.py",)


def test_a_repository_inside_a_repository_is_noted_and_scanned_only_when_named(tmp_path: Path) -> None:
    git(tmp_path, "init")
    plant(tmp_path, {"a.py": "", "inner/b.py": ""})
    git(tmp_path / "inner", "init")
    found = find(tmp_path)
    assert found.files == ("a.py",)
    assert [note.path for note in found.notifications] == ["inner"]
    assert find(tmp_path, "inner").files == ("b.py",)


def test_vendored_and_generated_files_are_left_out_by_default(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "a.py": "", "node_modules/x/i.js": "", "web/node_modules/i.js": "", "vendor/v.py": "", "dist/d.js": "",
            "lib.min.js": "", "m_pb2.py": "", "t.d.ts": "", "odd/pyvenv.cfg": "", "odd/lib/x.py": "",
            "env/client.ts": "",
        },
    )  # fmt: skip
    assert find(tmp_path, exclude=DEFAULT_EXCLUDE).files == ("a.py", "env/client.ts")
    assert "dist/d.js" in find(tmp_path, exclude=(*DEFAULT_EXCLUDE, "!dist")).files


def test_exclude_patterns_start_from_their_base(tmp_path: Path) -> None:
    plant(tmp_path, {"old/a.py": "", "back/old/b.py": "", "back/c.py": "", "c.tsx": "", ".git/HEAD": ""})

    def files(base: Path, *patterns: str) -> tuple[str, ...]:
        return discover(
            [tmp_path], cwd=tmp_path, exclude=patterns, respect_gitignore=True, force_exclude=False,
            max_bytes=LIMIT, exclude_base=base,
        ).files  # fmt: skip

    assert files(tmp_path / "back", "/old", "*.tsx") == ("back/c.py", "old/a.py")
    assert files(tmp_path.parent, f"/{tmp_path.name}/old", "back/c.py") == ("back/c.py", "back/old/b.py", "c.tsx")


def test_a_named_file_is_scanned_although_ignored_unless_exclusion_is_forced(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "gone/", "gone/a.py": "", "vendor/b.py": "", "c.py": ""})
    named = ("gone/a.py", "vendor/b.py", "c.py")
    assert find(tmp_path, *named, exclude=("vendor",)).files == ("c.py", "gone/a.py", "vendor/b.py")
    assert find(tmp_path, *named, exclude=("vendor",), force=True).files == ("c.py",)
    assert find(tmp_path, "gone", "vendor", exclude=("vendor",)).files == ("gone/a.py", "vendor/b.py")
    kept = keep(tmp_path, [*named, "not/there.py"], exclude=("vendor",), respect_gitignore=True)
    assert kept == ("c.py", "not/there.py")


def test_a_missing_path_is_named_with_a_likely_one(tmp_path: Path) -> None:
    plant(tmp_path, {"backend/a.py": ""})
    with pytest.raises(MissingPath, match=r"bakend does not exist; did you mean `backend`\?"):
        find(tmp_path, "bakend")


def test_an_oversized_file_is_noted_and_a_file_named_twice_comes_once(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "x" * 11, "b.py": "x" * 10})
    found = find(tmp_path, ".", "b.py", limit=10)
    assert found.files == ("b.py",)
    (note,) = found.notifications
    assert (note.path, note.severity) == ("a.py", Severity.NOTE)
    assert "11 bytes" in note.message
    assert "max-file-size" in note.message


def test_links_fifos_and_sockets_are_never_opened(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"a.py": "", "sub/b.py": ""})
    plant(tmp_path, {"outside/secret.py": ""})
    (root / "link.py").symlink_to("a.py")
    (root / "out.py").symlink_to("../outside/secret.py")
    (root / "out").symlink_to("../outside", target_is_directory=True)
    (root / "sub/loop").symlink_to("..", target_is_directory=True)
    (root / "self.py").symlink_to("self.py")
    os.mkfifo(root / "pipe.py")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root)  # a socket's path must be short
        try:
            server.bind("sock.py")
        finally:
            os.chdir(here)
        assert find(root).files == ("a.py", "sub/b.py")
        assert find(root).notifications == ()
        named = find(root, "link.py", "self.py", "pipe.py", "sock.py")
    assert named.files == ()
    assert [(note.path, note.severity) for note in named.notifications] == [
        (name, Severity.NOTE) for name in ("link.py", "pipe.py", "self.py", "sock.py")
    ]


def test_an_ignore_file_that_is_a_fifo_or_a_link_is_not_read(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "sub/b.py": "", "patterns": "*"})
    os.mkfifo(tmp_path / ".gitignore")
    (tmp_path / "sub/.gitignore").symlink_to("../patterns")
    assert find(tmp_path).files == ("a.py", "sub/b.py")


def test_an_ignore_pattern_cannot_make_matching_explode(tmp_path: Path) -> None:
    name = "a" * 200 + ".py"
    plant(tmp_path, {name: "", ".gitignore": "*a" * 40 + "*b\n" + "a*" * 40 + "c\n"})
    assert find(tmp_path).files == (name,)


@pytest.mark.skipif(os.name == "nt", reason="Windows names are Unicode")
def test_a_name_that_is_no_utf8_is_an_error_that_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.py")).touch()
    found = find(tmp_path)
    assert found.files == ()
    assert [(note.path, note.severity) for note in found.notifications] == [("\\xff.py", Severity.ERROR)]


def read(root: Path, name: str, limit: int = LIMIT) -> Source | Notification:
    return read_source(root, name, limit)


def test_what_changes_during_the_scan_becomes_a_notification(tmp_path: Path) -> None:
    plant(tmp_path, {"real.py": "x = 1", "big.py": "x" * 20})
    (tmp_path / "link.py").symlink_to("real.py")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    severities = {}
    for name in ("gone.py", "link.py", "folder.py", "pipe.py", "big.py"):
        result = read(tmp_path, name, 10)
        assert isinstance(result, Notification)
        severities[name] = result.severity
    assert severities.pop("gone.py") is Severity.ERROR
    assert set(severities.values()) == {Severity.NOTE}
    assert read(tmp_path, "real.py") == Source("x = 1")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "closed/b.py": ""})
    (tmp_path / "a.py").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        result = read(tmp_path, "a.py")
        assert isinstance(result, Notification)
        assert result.severity is Severity.ERROR
        assert [note.path for note in find(tmp_path).notifications] == ["closed"]
    finally:
        (tmp_path / "closed").chmod(0o700)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("é = 1".encode(), "é = 1"),
        (codecs.BOM_UTF8 + b"x", "\ufeffx"),
        ("é".encode("utf-16"), "é"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "é"),
        ("é".encode("utf-32"), "é"),
        ("# coding: latin-1\né".encode("latin-1"), "# coding: latin-1\né"),
        ("#!/bin/python\n# -*- coding: cp1252 -*-\n€".encode("cp1252"), "#!/bin/python\n# -*- coding: cp1252 -*-\n€"),
        (b"a\r\nb", "a\r\nb"),
    ],
)
def test_text_is_decoded_without_remark(data: bytes, text: str) -> None:
    is_utf8 = data.decode("utf-8", "replace") == text
    source = decode(data, "a.py")
    assert source == Source(text, is_utf8=is_utf8, encoding=source.encoding)
    assert source.encoding in ("utf-8", "utf-8-sig") or data.decode(source.encoding).lstrip("\ufeff") == text


def test_bytes_that_are_no_utf8_are_replaced_and_noted_with_their_line() -> None:
    source = decode(b"ok\n\xff\n", "a.tsx")
    assert source.text == "ok\n\ufffd\n"
    assert [(note.line, note.severity) for note in source.notifications] == [(2, Severity.NOTE)]


@pytest.mark.parametrize(
    "name", ["zlib", "punycode", "unicode_escape", "utf-7", "utf-16", "no-such", "undefined", "rot13"]
)
def test_a_cookie_that_names_no_encoding_of_source_is_noted_and_not_used(name: str) -> None:
    source = decode(f"# coding: {name}\nx = '\\x41'\n".encode(), "a.py")
    assert source.text == f"# coding: {name}\nx = '\\x41'\n"
    assert [note.line for note in source.notifications] == [1]


def test_a_cookie_counts_in_python_alone() -> None:
    assert decode("# coding: latin-1\né".encode(), "a.sql").text.endswith("é")


@pytest.mark.parametrize(
    ("data", "reason", "notes"),
    [
        (b"MZ\0\0", "binary", 1),
        (b"x" * 30_000, "minified", 1),
        (b"// @generated by relay\nx\n", "generated", 0),
        (b"#!/bin/x\n# Code generated by tool. DO NOT EDIT.\n", "generated", 0),
        (b"/*\n * This file is auto-generated.\n * Do not edit it.\n */\n", "generated", 0),
        (b"x = '@generated'\n", "", 0),
        (b"# a\n# b\n# c\n# d\n# e\n# @generated\n", "", 0),
        (b"# ### commands auto generated by Alembic - please adjust! ###\n", "", 0),
        (b"x" * 19_000, "", 0),
        (b"y = 1\n" * 10_000, "", 0),
    ],
)
def test_what_nobody_wrote_is_skipped_with_its_reason(data: bytes, reason: str, notes: int) -> None:
    source = decode(data, "a.py")
    assert (source.skipped, len(source.notifications)) == (reason, notes)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_decoded_and_printed(data: bytes) -> None:
    for prefix in (b"", b"# coding: cp932\n", codecs.BOM_UTF16_LE):
        decode(prefix + data, "a.py").text.encode()


def test_staged_files_have_the_content_of_the_index(tmp_path: Path) -> None:
    git(tmp_path, "init")
    plant(tmp_path, {"kept.py": "old\n", "gone.py": "", "moved.py": "same\n" * 9, "still.py": ""})
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "a")
    plant(tmp_path, {"kept.py": "staged\n", "new\nline.py": "new", "a.txt": "", "twin.py": "new", "big.py": "x" * 50})
    (tmp_path / "link.py").symlink_to("kept.py")
    git(tmp_path, "mv", "moved.py", "there.py")
    git(tmp_path, "rm", "gone.py")
    git(tmp_path, "add", ".")
    plant(tmp_path, {"kept.py": "only on disk\n", "untracked.py": ""})
    contents, notes = staged(tmp_path, 49)
    assert contents == {
        "kept.py": b"staged\n", "new\nline.py": b"new", "there.py": b"same\n" * 9, "twin.py": b"new"
    }  # fmt: skip
    assert [note.path for note in notes] == ["big.py"]


def test_staged_works_before_the_first_commit_and_with_nothing_staged(tmp_path: Path) -> None:
    git(tmp_path, "init")
    assert staged(tmp_path, LIMIT) == ({}, ())
    plant(tmp_path, {"a.py": "x"})
    git(tmp_path, "add", ".")
    assert staged(tmp_path, LIMIT) == ({"a.py": b"x"}, ())


def test_staged_outside_of_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GitError, match="cannot read what is staged"):
        staged(tmp_path, LIMIT)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="git is not on PATH"):
        staged(tmp_path, LIMIT)


def test_the_repository_cannot_make_staged_run_a_program(tmp_path: Path) -> None:
    git(tmp_path, "init")
    plant(tmp_path, {"a.py": "x", ".gitattributes": "*.py diff=evil\n"})
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "a")
    plant(tmp_path, {"a.py": "y"})
    git(tmp_path, "add", ".")
    touch = f"touch {tmp_path / 'ran'}; false"
    for key in ("core.fsmonitor", "diff.external", "diff.evil.textconv", "diff.evil.command", "core.pager"):
        git(tmp_path, "config", key, touch)
    assert staged(tmp_path, LIMIT)[0] == {"a.py": b"y"}
    assert not (tmp_path / "ran").exists()
