"""What identifies this chunklint on any machine: two of one edition find the same in the same files."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from chunklint.languages import GRAMMAR_PACKAGES
from chunklint.loader import BUILTIN

_PARSERS = ("tree_sitter", *GRAMMAR_PACKAGES, "sqlglot")


@cache
def edition() -> str:
    """A digest of the text of our modules and rules, wherever they are installed, and of the parsers' versions."""
    digest = hashlib.blake2b(digest_size=16)
    for folder in (Path(__file__).resolve().parent, BUILTIN):
        for file in sorted(folder.rglob("*.py")):
            data = file.read_bytes()
            # In a wheel the rules lie inside the package; there they must not count twice.
            if folder == BUILTIN or not file.is_relative_to(BUILTIN):
                digest.update(f"\0{file.relative_to(folder).as_posix()}\0{len(data)}\0".encode() + data)
    for package in _PARSERS:
        digest.update(f"\0{package} {_version(package)}".encode())
    return digest.hexdigest()


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package.replace("_", "-"))
    except PackageNotFoundError:
        return ""
