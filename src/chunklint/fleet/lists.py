"""Which repositories: a file with one a line, or a folder that holds them."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from pathlib import Path

from chunklint.records import record

# Transports that run a program named in the URL, or read from what happens to be open.
_REFUSED = ("ext::", "fd::")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://|:)")
_SCP = re.compile(r"(?:[^/@:\s]+@)?[^/@:\s]{2,}:[^:]")
_SECRET = re.compile(r"(?<=://)[^/@\s]*@")


class ListError(Exception):
    """A list that cannot be used; the message names every line at fault."""


@record
class Repository:
    """One repository to scan.

    Attributes:
        source: An absolute path, or a URL as the user's git takes it.
        revision: What to scan of it, as git names revisions.
        written: The source as the list has it, which is the same on every machine.
        name: What its files are called in the output folder; no other repository of the list has it.
    """

    source: str
    revision: str
    written: str = field(compare=False)
    name: str = ""

    @property
    def remote(self) -> bool:
        """Whether it must be fetched."""
        return is_url(self.source)

    @property
    def shown(self) -> str:
        """The source as it is written, without user names and passwords."""
        return without_secret(self.written)


def is_url(text: str) -> bool:
    """Whether git would reach for another machine or a helper, as with `https://...` and `git@host:path`."""
    return bool(_SCHEME.match(text) or _SCP.match(text))


def without_secret(text: str) -> str:
    """The text with the user part of every URL in it left out."""
    return _SECRET.sub("", text)


def read_list(file: Path, revision: str) -> tuple[Repository, ...]:
    """The repositories of a file, each once, in its order; `revision` for those that name none. Raises ListError.

    A line is `SOURCE` or `SOURCE@REVISION`; what follows a `#` at the beginning or after a blank is a comment. Local
    paths start from the file's folder.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ListError(f"{file} cannot be read: {error}") from error
    found: list[Repository] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, 1):
        text = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if not text:
            continue
        if complaint := _complaint(text):
            wrong.append(f"{file}:{number}: {complaint}")
            continue
        source, written, own = _split(text, file.parent)
        if complaint := _complaint_of_revision(own):
            wrong.append(f"{file}:{number}: {complaint}")
        found.append(Repository(source, own or revision, written))
    if wrong:
        raise ListError("\n".join(wrong))
    if not found:
        raise ListError(f"{file} names no repository; write one a line, a path or a URL")
    return _named(found)


def below(folder: Path, revision: str) -> tuple[Repository, ...]:
    """Every git repository below a folder, by path; what lies inside of one is not looked at. Raises ListError."""
    if not folder.is_dir():
        raise ListError(f"{folder} is no folder")
    tops: list[Path] = []
    for place, folders, _ in os.walk(folder):
        if is_repository(Path(place)):
            tops.append(Path(place))
            folders.clear()
        folders.sort()
    if not tops:
        raise ListError(f"there is no git repository below {folder}")
    return _named([Repository(str(top.resolve()), revision, top.relative_to(folder).as_posix()) for top in tops])


def is_repository(folder: Path) -> bool:
    """Whether a folder is the top of a work tree, or a bare repository."""
    return (folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())


def part(repositories: Iterable[Repository], shard: tuple[int, int]) -> tuple[Repository, ...]:
    """The repositories of shard I of N, by a hash of their name: the others may come and go."""
    number, count = shard
    return tuple(one for one in repositories if _digest(one.name) % count == number - 1)


def check_revision(revision: str) -> None:
    """Raise ListError for what cannot be a revision."""
    if complaint := _complaint_of_revision(revision):
        raise ListError(complaint)


def _complaint(text: str) -> str:
    if not text.isprintable() or " " in text:
        return f"{text!r} has blanks or characters that do not print; write one repository a line"
    if text.startswith("-"):
        return f"{text!r} begins with a dash; a path may begin with ./"
    if text.casefold().startswith(_REFUSED):
        return f"{without_secret(text)!r} would run a program; give a URL or a path"
    return ""


def _complaint_of_revision(revision: str) -> str:
    if not revision.isprintable() or re.search(r"^[-^]|[ :?*\[\\]|\.\.", revision):
        return f"{revision!r} names no single revision; give a branch, a tag or a commit"
    return ""


def _split(text: str, folder: Path) -> tuple[str, str, str]:
    """The source, how it is written, and the revision after the first `@` of its path, "" when it has none."""
    if not is_url(text):
        return _split_path(text, folder)
    scheme = _SCHEME.match(text)
    start = text.find("/", scheme.end()) if scheme else text.index(":")
    at = text.find("@", start) if start >= 0 else -1
    while at > 0 and text[at - 1] == "/":
        at = text.find("@", at + 1)
    return (text, text, "") if at < 0 else (text[:at], text[:at], text[at + 1 :])


def _split_path(text: str, folder: Path) -> tuple[str, str, str]:
    def absolute(path: str) -> Path:
        return (folder / Path(path).expanduser()).resolve()

    if "@" not in text or absolute(text).exists():
        return str(absolute(text)), text, ""
    cuts = [at for at, char in enumerate(text) if char == "@"]
    at = next((at for at in cuts if absolute(text[:at]).exists()), cuts[-1])
    return str(absolute(text[:at])), text[:at], text[at + 1 :]


def _named(found: Iterable[Repository]) -> tuple[Repository, ...]:
    """Each repository once, with a name; those that would share one get a part of a hash, whatever their order."""
    unique = tuple(dict.fromkeys(found))
    names = Counter(_plain(one).casefold() for one in unique)

    def name(one: Repository) -> str:
        plain = _plain(one)
        return plain if names[plain.casefold()] == 1 else f"{plain}-{_digest(f'{one.shown}@{one.revision}') >> 32:08x}"

    return tuple(replace(one, name=name(one)) for one in unique)


def _plain(one: Repository) -> str:
    """The last part of a path, the last two of a URL, in characters that any file system takes."""
    parts: Iterator[str] = (part for part in re.split(r"[/\\:]", without_secret(one.source)) if part)
    kept = list(parts)[-2 if one.remote else -1 :]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(kept).removesuffix(".git"))
    return name.strip(".-")[:100].strip(".-") or "repository"


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
