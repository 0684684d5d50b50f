"""Files that chunklint writes: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(target: Path, text: str) -> None:
    """Write a text file whole or not at all; a link at the target is replaced, never followed. Raises OSError.

    A device or a pipe (/dev/stdout, a process substitution) is written to: replacing it would destroy it.
    """
    if _is_stream(target):
        with target.open("w", encoding="utf-8", newline="\n", errors="backslashreplace") as stream:
            stream.write(text)
        return
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
            file.write(text)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _is_stream(target: Path) -> bool:
    streams = (Path("/dev"), Path("/proc"))
    return (target.exists() and not target.is_file()) or any(target.is_relative_to(folder) for folder in streams)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
