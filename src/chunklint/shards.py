"""What one of N scans found out of its files, for a later one to join: a file of JSON, and nothing in it can act.

A shard is a memory like the cache: it says what files of a certain content gave. So a merge that lacks one, or whose
files are others, judges them itself, and its report is always that of a whole scan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chunklint import discovery, files
from chunklint.cache import content_key, unpacked
from chunklint.edition import edition
from chunklint.engine import Judged, RuleSet
from chunklint.loader import BUILTIN
from chunklint.model import Notification
from chunklint.plaindata import decoder, encoded
from chunklint.records import record

# Another number for another layout.
_LAYOUT = 1


class ShardError(Exception):
    """A file that cannot be merged; the message says why."""


@record
class _Shard:
    file: Path
    number: int
    count: int
    values: Mapping[str, tuple[bytes, Judged]]


@dataclass(slots=True)
class Writer:
    """A memory that knows nothing and keeps everything."""

    kept: list[tuple[str, bytes, Any]] = field(default_factory=list)

    def load(self) -> None:
        """There is nothing to read."""

    def recall(self, paths: Iterable[str], contents: Mapping[str, bytes], max_bytes: int) -> Iterator[tuple[str, Any]]:
        """Nothing."""
        return iter(())

    def keep(self, found: Iterable[tuple[str, bytes, Any]]) -> None:
        """Remember what is to be written. What was packed is opened, since a pickle must not travel."""
        self.kept.extend((path, content, _opened(one)) for path, content, one in found)

    def write(self, target: Path, shard: tuple[int, int], rules: RuleSet) -> None:
        """Write the shard. Raises OSError, and ShardError when a rule's facts cannot travel."""
        found = sorted(self.kept, key=lambda one: one[0])
        try:
            classes, values = encoded(value for _, _, value in found)
        except TypeError as error:
            raise ShardError(f"a fact cannot travel: {error}") from error
        document = {
            "chunklint-shard": _LAYOUT,
            "rules": _rules_key(rules),
            "shard": shard,
            "classes": classes,
            "files": [[path, content.hex(), value] for (path, content, _), value in zip(found, values, strict=True)],
        }
        files.write(target, json.dumps(document, separators=(",", ":")) + "\n")


@record
class Reader:
    """A memory of what shards say of the files below a root."""

    root: Path
    values: Mapping[str, tuple[bytes, Judged]]

    def load(self) -> None:
        """All is read already."""

    def recall(self, paths: Iterable[str], contents: Mapping[str, bytes], max_bytes: int) -> Iterator[tuple[str, Any]]:
        """The files that have the content that a shard has seen, each with what it gave."""
        for path in paths:
            known = self.values.get(path)
            if known is None:
                continue
            data = contents[path] if path in contents else discovery.read_bytes(self.root, path, max_bytes)
            if not isinstance(data, Notification) and content_key(data) == known[0]:
                yield path, known[1]

    def keep(self, found: Iterable[tuple[str, bytes, Any]]) -> None:
        """Shards stay as they are."""


def _opened(one: Judged) -> Judged:
    facts = {code: unpacked(found) if isinstance(found, bytes) else found for code, found in one.facts.items()}
    return replace(one, facts=facts)


def name_of(shard: tuple[int, int]) -> str:
    """What the file of a shard is called."""
    return f"chunklint-shard-{shard[0]}-of-{shard[1]}.json"


def part(paths: Iterable[str], shard: tuple[int, int]) -> tuple[str, ...]:
    """The paths of shard I of N, by a hash of each: where a file goes does not hang on which others there are."""
    number, count = shard
    return tuple(path for path in paths if _digest(path.encode("utf-8", "surrogatepass")) % count == number - 1)


def read(shards: Sequence[Path], rules: RuleSet) -> tuple[dict[str, tuple[bytes, Judged]], tuple[int, ...]]:
    """What all shards say, and the numbers of those that are missing.

    Raises ShardError for what is no shard, was made with other rules, or does not belong with the others.
    """
    found = [_read(file, rules) for file in shards]
    first = found[0]
    taken: dict[int, Path] = {}
    for one in found:
        if one.count != first.count:
            raise ShardError(f"{first.file} is one of {first.count} shards, {one.file} one of {one.count}")
        if one.number in taken:
            raise ShardError(f"{taken[one.number]} and {one.file} are both shard {one.number}")
        taken[one.number] = one.file
    values = {path: value for one in found for path, value in one.values.items()}
    return values, tuple(number for number in range(1, first.count + 1) if number not in taken)


def _read(file: Path, rules: RuleSet) -> _Shard:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ShardError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ShardError(f"{file} is no shard: it is no JSON") from error
    if not isinstance(document, dict) or document.get("chunklint-shard") != _LAYOUT:
        raise ShardError(f"{file} is no shard that this version of chunklint can read")
    if document.get("rules") != _rules_key(rules):
        raise ShardError(f"{file} was made by another chunklint, or with other rules or options; use the same here")
    try:
        number, count = document["shard"]
        decode = decoder((module, name) for module, name in document["classes"])
        values = {path: (bytes.fromhex(content), decode(value)) for path, content, value in document["files"]}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ShardError(f"{file} is damaged: {error}") from error
    whole = isinstance(number, int) and isinstance(count, int) and 1 <= number <= count
    if not whole or not all(_is_of(path, one) for path, (_, one) in values.items()):
        raise ShardError(f"{file} is damaged")
    return _Shard(file, number, count, values)


def _is_of(path: str, one: Any) -> bool:
    """Whether a value is what a file gave, with its facts open: a pickle is not taken from elsewhere."""
    return (
        isinstance(one, Judged)
        and {one.path} == {path, *(finding.location.path for finding in one.findings)}
        and not any(isinstance(found, bytes) for found in one.facts.values())
    )


def _rules_key(rules: RuleSet) -> str:
    """Identifies the rules and their options on any machine."""
    digest = hashlib.blake2b(edition().encode(), digest_size=16)
    for item in (*sorted(rules.codes), *(f"{code} {options!r}" for code, options in rules.options)):
        digest.update(f"\0{item}".encode("utf-8", "surrogatepass"))
    for folder in rules.folders:
        for file in sorted(folder.rglob("*.py")) if folder != BUILTIN else ():
            digest.update(f"\0{file.relative_to(folder).as_posix()}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _digest(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest())
