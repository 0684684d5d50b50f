"""Folders become the files worth reading: ignore-aware, link-proof, never outside the root."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chunklint.discovery.ignores import Ignore, compile_lines, ignored, read_ignore_file
from chunklint.discovery.repository import git_top, info_exclude, is_repository
from chunklint.discovery.watching import looked_at
from chunklint.languages import language_of
from chunklint.model import Notification, Severity
from chunklint.records import record
from chunklint.suggest import did_you_mean


class MissingPath(Exception):  # noqa: N818 - it names what happened, as FileNotFoundError's base does not
    """A path that was asked for and does not exist; the message names a likely one."""


@record
class Discovered:
    """What to scan.

    Attributes:
        root: The folder that paths are relative to, absolute: the git top level where there is one.
        files: Paths with "/" relative to the root, sorted, each once.
        notifications: What was asked for, or looked worth reading, and is not among the files.
    """

    root: Path
    files: tuple[str, ...]
    notifications: tuple[Notification, ...]


def discover(  # noqa: PLR0913 - keyword-only, each a setting of its own
    paths: Sequence[Path],
    *,
    cwd: Path,
    exclude: Sequence[str],
    respect_gitignore: bool,
    force_exclude: bool,
    max_bytes: int,
    exclude_base: Path | None = None,
) -> Discovered:
    """The files to scan below the paths, relative ones taken from `cwd`.

    A path that is named is scanned even if excluded or ignored, unless `force_exclude`. `exclude` holds gitignore
    patterns; anchored ones start from `exclude_base` (the root when None). Raises MissingPath.
    """
    wanted = [_settle(cwd, path) for path in paths]
    root = root_of(wanted, cwd=cwd)
    walk = _Walk(root, _excludes(root, exclude, exclude_base), respect_gitignore, max_bytes)
    for path in wanted:
        _take(walk, path, force_exclude)
    return Discovered(root, tuple(sorted(walk.files)), tuple(sorted(walk.notifications)))


def keep(
    root: Path,
    paths: Iterable[str],
    *,
    exclude: Sequence[str],
    respect_gitignore: bool,
    exclude_base: Path | None = None,
) -> tuple[str, ...]:
    """Those of the paths, relative to the root, that a walk would keep. They need not exist: staged or piped files."""
    walk = _Walk(root, _excludes(root, exclude, exclude_base), respect_gitignore, 0)
    kept = {path for path in paths if language_of(path) is not None and walk.reachable(path, folder=False)}
    return tuple(sorted(kept))


def root_of(paths: Sequence[Path], *, cwd: Path) -> Path:
    """The git top level of the first path; where there is none or it does not hold all paths, their common folder."""
    folders = [_folder_of(cwd / path) for path in paths] or [Path(os.path.realpath(cwd))]
    top = git_top(folders[0])
    if top is not None and all(folder.is_relative_to(top) for folder in folders):
        return top
    here = Path(os.path.realpath(cwd))
    if all(folder.is_relative_to(here) for folder in folders):
        return here
    return Path(os.path.commonpath(folders))


def _folder_of(path: Path) -> Path:
    """The folder itself, or the one that holds the file."""
    real = Path(os.path.realpath(path))
    return real if _is_folder(real) else Path(os.path.realpath(path.parent))


def _settle(cwd: Path, path: Path) -> Path:
    """The absolute path without links in its folders; a link to a file stays what it is. Raises MissingPath."""
    full = cwd / path
    if not os.path.lexists(full):
        raise MissingPath(f"{path} {_trouble_with(full)}")
    if _is_folder(full):
        return Path(os.path.realpath(full))
    return Path(os.path.realpath(full.parent)) / full.name


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - unlike Path.is_dir it never raises


def _trouble_with(missing: Path) -> str:
    """Why a path is not there, as the end of a sentence."""
    try:
        names = [entry.name for entry in missing.parent.iterdir()]
    except OSError:
        return (
            "does not exist" if _is_folder(missing.parent) else f"does not exist: there is no folder {missing.parent}"
        )
    if missing.name in names:
        return "cannot be reached: its folder may not be searched"
    return f"does not exist{did_you_mean(missing.name, names)}"


def _excludes(root: Path, patterns: Sequence[str], base: Path | None) -> Ignore:
    """The patterns as an ignore file that stands in the base, which may lie below, at or above the root."""
    start = Path(os.path.realpath(base)) if base is not None else root
    if start.is_relative_to(root):
        inner = start.relative_to(root).as_posix()
        return compile_lines(patterns, base="" if inner == "." else inner)
    if root.is_relative_to(start):
        return compile_lines(patterns, lead=root.relative_to(start).as_posix() + "/")
    return compile_lines(patterns)


@dataclass(slots=True)
class _Walk:
    root: Path
    excludes: Ignore
    respect_gitignore: bool
    max_bytes: int
    files: set[str] = field(default_factory=set)
    notifications: set[Notification] = field(default_factory=set)
    in_git: bool = field(init=False)
    chains: dict[str, tuple[Ignore, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.in_git = is_repository(self.root)

    def note(self, path: str, message: str, severity: Severity = Severity.NOTE) -> None:
        self.notifications.add(Notification(_printable(path), message, severity))

    def chain(self, folder: str) -> tuple[Ignore, ...]:
        """The ignore files in force inside a folder, the strongest first."""
        if not self.respect_gitignore:
            return ()
        if folder not in self.chains:
            self.chains[folder] = self._chain(folder)
        return self.chains[folder]

    def _chain(self, folder: str) -> tuple[Ignore, ...]:
        place = self.root / folder
        own = read_ignore_file(place / ".gitignore", folder)
        # A repository's patterns end at its border: a clone in a folder of clones knows nothing of the others.
        if is_repository(place):
            return tuple(one for one in (own, info_exclude(place, folder)) if one is not None)
        above = self.chain(_parent(folder)) if folder else ()
        return above if own is None else (own, *above)

    def dropped(self, path: str, chain: tuple[Ignore, ...], *, folder: bool) -> bool:
        return bool(self.excludes.verdict(path, folder=folder)) or ignored(chain, path, folder=folder)

    def reachable(self, path: str, *, folder: bool) -> bool:
        """Whether a walk from the root would come by this entry."""
        steps = path.split("/")
        for depth in range(1, len(steps) + 1):
            part, above = "/".join(steps[:depth]), "/".join(steps[: depth - 1])
            if self.dropped(part, self.chain(above), folder=folder or depth < len(steps)):
                return False
        return True

    def descend(self, start: str) -> None:
        pending = [start]
        while pending:
            folder = pending.pop()
            place = f"{self.root}/{folder}"
            looked_at(place)
            try:
                with os.scandir(place) as found:
                    entries = list(found)
            except OSError as error:
                message = f"The folder cannot be read ({error.strerror}); it was not scanned."
                self.note(folder or ".", message, Severity.ERROR)
                continue
            names = {entry.name for entry in entries}
            if folder != start and "pyvenv.cfg" in names:
                continue
            if folder != start and self.in_git and ".git" in names:
                self.note(folder, "Skipped: a git repository of its own. Name it on the command line to scan it.")
                continue
            if ".gitignore" not in names and ".git" not in names and folder != start:
                # A chain is otherwise read from the disk, folder by folder.
                self.chains[folder] = self.chain(_parent(folder))
            chain = self.chain(folder)
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                # A link is neither: what it points to is scanned where it lies, or lies outside and is none of ours.
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git" and not self.dropped(path, chain, folder=True):
                        pending.append(path)
                elif language_of(entry.name) is not None and not self.dropped(path, chain, folder=False):
                    self._add_entry(path, entry)

    def _add_entry(self, path: str, entry: os.DirEntry[str]) -> None:
        if not entry.is_file(follow_symlinks=False):
            return
        try:
            size = entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            # It went away since the folder was listed.
            return
        except OSError as error:
            self.note(path, f"The file cannot be read ({error.strerror}); it was not judged.", Severity.ERROR)
            return
        self.add(path, size)

    def add(self, path: str, size: int) -> None:
        """Take a regular file, unless it is too large or cannot be named in a report."""
        if _printable(path) != path:
            self.note(path, "The file's name is not valid UTF-8; it was not scanned. Rename it.", Severity.ERROR)
        elif size > self.max_bytes:
            self.note(path, f"Skipped: {size} bytes, over the limit of {self.max_bytes} (max-file-size).")
        else:
            self.files.add(path)


def _take(walk: _Walk, path: Path, force_exclude: bool) -> None:
    """Walk a path that was named, or add the file that it is."""
    inner = path.relative_to(walk.root).as_posix()
    inner = "" if inner == "." else inner
    status = os.lstat(path)
    folder = stat.S_ISDIR(status.st_mode)
    if force_exclude and inner and not walk.reachable(inner, folder=folder):
        return
    if folder:
        walk.descend(inner)
    elif not stat.S_ISREG(status.st_mode):
        walk.note(inner, f"Skipped: {_kind(status.st_mode)}, not a regular file.")
    elif language_of(inner) is None:
        walk.note(inner, "Skipped: no language that chunklint reads has this suffix.")
    else:
        walk.add(inner, status.st_size)


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0]


def _printable(path: str) -> str:
    """The path with bytes that are no UTF-8 written as escapes, so that every reporter can encode it."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
