"""What the words of an import say about the file that it means, where no settings of the project tell which that is."""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath


def may_mean(user: str, module: str, path: str) -> bool:
    """Whether the default export of a specifier may be that of a file: one in its folder, or by the last names."""
    if module.startswith("."):
        return _lies_at(user, module, path)
    stem = PurePosixPath(path).with_suffix("")
    last = PurePosixPath(module.removesuffix("/index")).name.partition(".")[0]
    named = last in ("", "index", stem.name.partition(".")[0])
    return named or (stem.name == "index" and last == stem.parent.name)


def means_another(user: str, module: str, path: str) -> bool:
    """Whether a specifier names a file that is called like another one, and lies elsewhere."""
    if module.startswith("."):
        return not _lies_at(user, module, path)
    own = PurePosixPath(path).with_suffix("")
    parts = PurePosixPath(module).with_suffix("").parts
    return len(parts) > 2 and parts[-1] == own.name and parts[-2] != own.parent.name


def _lies_at(user: str, module: str, path: str) -> bool:
    """Whether a file is what a relative specifier leads to, or lies in the folder that it leads to."""
    base = posixpath.normpath(posixpath.join(posixpath.dirname(user), module))
    return base in (".", path) or path.startswith((f"{base}/", f"{base}."))
