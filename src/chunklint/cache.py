"""What earlier scans found out of each file, kept so that files that have not changed need not be read again.

One SQLite file for each scanned root holds, for every set of rules, what each path gave and the content that gave it.
Nothing in a store is believed that does not bear the checksum of its key; what is damaged or foreign is rebuilt. A
store lies in the user's own cache folder and decodes to plain data only: see docs/decisions/0018.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import shutil
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from chunklint.plaindata import plain_class

if TYPE_CHECKING:
    import sqlite3

# Another number for another layout; a store of another layout is rebuilt.
_LAYOUT = 1
_APPLICATION = 0x43484C54

_DAYS_KEPT = 30
_MOST_RULE_SETS = 6
_MOST_BYTES = 256 * 1024 * 1024
_BUSY_SECONDS = 2.0

# File systems count time in steps. A file that was written this shortly before it was read may have been written
# again within the same step, so its times prove nothing.
SETTLED_NS = 2_000_000_000

_TABLES = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_LAYOUT};
CREATE TABLE stats (path TEXT PRIMARY KEY, signature TEXT, content BLOB) WITHOUT ROWID;
CREATE TABLE results (rules BLOB, path TEXT, content BLOB, used INTEGER, value BLOB, PRIMARY KEY (rules, path));
"""

# Other programs' databases may lie in a folder that the user names.
_STORES = "chunklint-*.sqlite"
_CLONES = "chunklint-*.git"

# Answers that rest on many files stand among the results under names that no file has.
_ANSWERS = "//"

_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This is a cache of chunklint; it may be deleted at any time.\n"


def content_key(data: bytes) -> bytes:
    """What identifies a content."""
    return hashlib.blake2b(data, digest_size=20).digest()


def default_folder() -> Path:
    """The user's own folder for caches, outside of anything that is scanned."""
    home = Path.home()
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "chunklint"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "chunklint" / "cache"
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "chunklint"


def store_of(folder: Path, root: Path) -> Path:
    """The file in a folder of caches that holds what is known of a root."""
    return folder / f"chunklint-{hashlib.blake2b(os.fsencode(root), digest_size=12).hexdigest()}.sqlite"


def clean(folder: Path) -> int:
    """Remove all stores in a folder, and the repositories fetched into it; returns how many. Raises OSError."""
    stores = [path for path in folder.glob(_STORES) if path.is_file() and not path.is_symlink()]
    for store in stores:
        _remove(store)
    clones = [path for path in folder.glob(_CLONES) if path.is_dir() and not path.is_symlink()]
    for clone in clones:
        shutil.rmtree(clone)
    return len(stores) + len(clones)


class Memory(Protocol):
    """What a scan can ask of earlier ones, and tell later ones."""

    def load(self) -> None:
        """Get ready to be asked."""

    def recall(self, paths: Iterable[str], contents: Mapping[str, bytes], max_bytes: int) -> Iterator[tuple[str, Any]]:
        """The paths whose content has not changed, each with the value kept for it."""

    def keep(self, found: Iterable[tuple[str, bytes, Any]]) -> None:
        """Take new values, each with its path and the content it came from."""


@dataclass(slots=True)
class Cache:
    """The store of one root, for one set of rules.

    Attributes:
        folder: Where stores lie; made when needed.
        root: The folder that paths are relative to.
        rules: Identifies the rules, their options and the programs that ran them.
        settled_ns: How old a file must be for its times to prove anything.
    """

    folder: Path
    root: Path
    rules: bytes
    settled_ns: int = SETTLED_NS
    _signatures: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _results: dict[str, tuple[bytes, int, bytes]] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def load(self) -> None:
        """Read what is known. Whatever is wrong with the store, nothing is known then."""
        try:
            with closing(self._open()) as store:
                self._signatures = {
                    path: (signature, content)
                    for path, signature, content in store.execute("SELECT path, signature, content FROM stats")
                }
                rows = store.execute("SELECT path, content, used, value FROM results WHERE rules = ?", (self.rules,))
                self._results = {path: (content, used, value) for path, content, used, value in rows}
        except _errors():
            self._signatures, self._results = {}, {}

    def recall(self, paths: Iterable[str], contents: Mapping[str, bytes], max_bytes: int) -> Iterator[tuple[str, Any]]:
        """The paths whose content has not changed, each with the value kept for it.

        `contents` overrides the disk. A file is read only when its size, times or inode are not as they were.
        """
        for path in paths:
            content = content_key(contents[path]) if path in contents else self._content_on_disk(path, max_bytes)
            kept = self._results.get(path)
            if content is None or kept is None or kept[0] != content:
                continue
            value = _decoded(kept[2], self._seal(path, content))
            if value is not None:
                self._used.add(path)
                yield path, value

    def _content_on_disk(self, path: str, max_bytes: int) -> bytes | None:
        """The content of a regular file as far as it must be known: a path without a value need not be read."""
        try:
            status = (self.root / path).lstat()
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(status.st_mode) or status.st_size > max_bytes:
            return None
        now = signature(status)
        if _age(status) > self.settled_ns:
            self._seen[path] = now
        known = self._signatures.get(path)
        if known is not None and known[0] == now:
            return known[1]
        if path not in self._results:
            return None
        try:
            return content_key((self.root / path).read_bytes())
        except OSError:
            return None

    def keep(self, found: Iterable[tuple[str, bytes, Any]]) -> None:
        """Keep new values, each with its path and the content it came from; a store that cannot be written is left."""
        today = int(time.time() // 86_400)
        rows = [
            (self.rules, path, content, today, _encoded(value, self._seal(path, content)))
            for path, content, value in found
            if _is_text(path)
        ]
        contents = {path: self._results[path][0] for path in self._used} | {row[1]: row[2] for row in rows}
        stats = [
            (path, signature, contents[path])
            for path, signature in self._seen.items()
            if path in contents and self._signatures.get(path) != (signature, contents[path])
        ]
        stale = [(today, self.rules, path) for path in self._used if self._results[path][1] != today]
        if not (rows or stats or stale):
            return
        with suppress(*_errors()), closing(self._open()) as store:
            with store:
                store.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)", rows)
                store.executemany("INSERT OR REPLACE INTO stats VALUES (?, ?, ?)", stats)
                store.executemany("UPDATE results SET used = ? WHERE rules = ? AND path = ?", stale)
            _prune(store, today, self.rules)

    def peek(self, name: str) -> Any:
        """What was put under a name, without a look at the rest of the store; None when there is nothing."""
        place = _ANSWERS + name
        try:
            with closing(self._open()) as store:
                rows = store.execute("SELECT value FROM results WHERE rules = ? AND path = ?", (self.rules, place))
                found = rows.fetchone()
        except _errors():
            return None
        return _decoded(found[0], self._seal(place, b"")) if found is not None else None

    def put(self, name: str, value: Any) -> None:
        """Keep a value under a name, in place of the one before."""
        self.keep_answers([(name, b"", value)])

    def answer(self, question: str, key: bytes) -> Any:
        """What was answered when the same was asked of the same, or None. A store that was not loaded knows nothing."""
        kept = self._results.get(_ANSWERS + question)
        if kept is None or kept[0] != key:
            return None
        return _decoded(kept[2], self._seal(_ANSWERS + question, key))

    def keep_answers(self, found: Iterable[tuple[str, bytes, Any]]) -> None:
        """Keep the latest answer to each question, each with what it was asked of."""
        today = int(time.time() // 86_400)
        rows = [
            (self.rules, _ANSWERS + question, key, today, _encoded(value, self._seal(_ANSWERS + question, key)))
            for question, key, value in found
        ]
        if rows:
            with suppress(*_errors()), closing(self._open()) as store, store:
                store.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)", rows)

    def _seal(self, path: str, content: bytes) -> bytes:
        return b"\0".join((self.rules, path.encode("utf-8", "surrogatepass"), content))

    def _open(self) -> sqlite3.Connection:
        """The store, rebuilt when it is damaged or not ours. Raises one of `_errors()`."""
        file = store_of(self.folder, self.root)
        if not self.folder.is_dir():
            _make(self.folder)
        if file.is_symlink():
            raise OSError(f"{file} is a link")
        if not file.exists():
            _forget_old_stores(self.folder)
        try:
            return _connected(file)
        except _damages():
            _remove(file)
            return _connected(file)


def _errors() -> tuple[type[Exception], ...]:
    import sqlite3

    # A path that is no Unicode cannot be text in SQLite; other shapes than expected in a row are a foreign store.
    return (OSError, sqlite3.Error, UnicodeError, TypeError, ValueError)


def _damages() -> tuple[type[Exception], ...]:
    import sqlite3

    return (sqlite3.DatabaseError, _ForeignStore)


class _ForeignStore(Exception):  # noqa: N818 - it names what was found
    pass


def _connected(file: Path) -> sqlite3.Connection:
    import sqlite3

    store = sqlite3.connect(file, timeout=_BUSY_SECONDS)
    try:
        with store:
            store.execute("BEGIN IMMEDIATE")
            (ours,), (layout,) = (
                store.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
            )
            tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables and not ours:
                for statement in _TABLES.strip().splitlines():
                    store.execute(statement)
            elif (ours, layout) != (_APPLICATION, _LAYOUT) or tables != {"stats", "results"}:
                raise _ForeignStore(file)
    except sqlite3.OperationalError as error:
        store.close()
        # Another scan is writing: that is no damage.
        raise OSError(str(error)) from error
    except BaseException:
        store.close()
        raise
    return store


def _prune(store: sqlite3.Connection, today: int, rules: bytes) -> None:
    """Forget what was not used for long, all but the latest rule sets, and everything else when it is too much."""
    with store:
        store.execute("DELETE FROM results WHERE used < ?", (today - _DAYS_KEPT,))
        sets = store.execute("SELECT rules FROM results GROUP BY rules ORDER BY max(used) DESC, max(rowid) DESC")
        surplus = [row for row in sets.fetchall() if row != (rules,)][_MOST_RULE_SETS - 1 :]
        store.executemany("DELETE FROM results WHERE rules = ?", surplus)
        if _bytes(store) > _MOST_BYTES:
            store.execute("DELETE FROM results WHERE rules <> ?", (rules,))
        if _bytes(store) > _MOST_BYTES:
            store.execute("DELETE FROM results")
        store.execute("DELETE FROM stats WHERE path NOT IN (SELECT path FROM results)")
    (free,), (pages,) = (store.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count"))
    if free > pages // 2:
        store.execute("VACUUM")


def _bytes(store: sqlite3.Connection) -> int:
    (size,) = store.execute("SELECT coalesce(sum(length(value)), 0) FROM results").fetchone()
    return int(size)


def _is_text(path: str) -> bool:
    """Whether SQLite can hold a path: one whose bytes are no UTF-8 it cannot."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _make(folder: Path) -> None:
    """A folder of the user's own, which git and backup programs pass by."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    (folder / "CACHEDIR.TAG").write_text(_TAG, encoding="utf-8")


def _forget_old_stores(folder: Path) -> None:
    """Remove the stores of roots that were not scanned for long; most of them are gone."""
    oldest = time.time() - _DAYS_KEPT * 86_400
    for store in folder.glob(_STORES):
        if store.lstat().st_mtime < oldest:
            _remove(store)


def _remove(store: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)


def signature(status: os.stat_result) -> str:
    """What changes with every change of a file, be its modification time set back: nobody can set `ctime`."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {status.st_dev}"


def _age(status: os.stat_result) -> int:
    """Nanoseconds since the last change."""
    return time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns)


def unpacked(data: bytes) -> Any:
    """A value whose pickle was part of a value that was kept. Raises UnpicklingError for what is no plain data."""
    return _PlainData(io.BytesIO(data)).load()


def _encoded(value: Any, seal: bytes) -> bytes:
    data = pickle.dumps(value, protocol=5)
    return _checksum(data, seal) + data


def _decoded(blob: bytes, seal: bytes) -> Any:
    """The value, or None when the bytes are not what was kept under the seal."""
    checksum, data = blob[:_SUM], blob[_SUM:]
    if checksum != _checksum(data, seal):
        return None
    try:
        return unpacked(data)
    except Exception:  # noqa: BLE001 - unpickling raises anything; what cannot be read is found out again
        return None


_SUM = 16


def _checksum(data: bytes, seal: bytes) -> bytes:
    return hashlib.blake2b(seal + b"\0" + data, digest_size=_SUM).digest()


class _PlainData(pickle.Unpickler):
    """Makes dataclasses, named tuples and enums of our own modules and of loaded rules, and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """The class of plain data that a pickle names. Raises UnpicklingError for all else."""
        found = plain_class(module, name)
        if found is not None:
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")


def rules_key(folders: Sequence[Path], chosen: Iterable[str], programs: Sequence[Path]) -> bytes:
    """Identifies a set of rules: the text of its files, what is chosen of them, and the programs that run them.

    Programs are files or folders of Python files; their sizes and times stand for what they say.
    """
    digest = hashlib.blake2b(f"{sys.version}\0{sys.implementation.cache_tag}".encode(), digest_size=20)
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            data = file.read_bytes()
            digest.update(f"\0{file}\0{len(data)}\0".encode("utf-8", "surrogatepass") + data)
    for program in programs:
        for file in sorted(program.rglob("*.py")) if program.is_dir() else [program]:
            status = file.stat()
            digest.update(f"\0{file}\0{status.st_size}\0{status.st_mtime_ns}".encode("utf-8", "surrogatepass"))
    for item in chosen:
        digest.update(f"\0{item}".encode("utf-8", "surrogatepass"))
    return digest.digest()
