"""Files that chunklint writes: whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class FileChangedError(OSError):
    """A file is not any more what it was when it was read."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EAGAIN, "it has changed since it was read", path)


def write(target: Path, text: str) -> None:
    """Write a text file whole or not at all; a link at the target is replaced, never followed. Raises OSError.

    A device or a pipe (/dev/stdout, a process substitution) is written to: replacing it would destroy it.
    """
    data = text.encode("utf-8", "backslashreplace")
    if _is_stream(target):
        with target.open("wb") as stream:
            stream.write(data)
        return
    _replace(target, data, 0o666 & ~_umask())


def rewrite(root: Path, path: str, before: bytes, after: bytes) -> None:
    """Change the content of a file below the root from what it was read as, whole or not at all; its mode stays.

    Raises FileChangedError when it has another content by now, OSError when it or a folder above it is a link, or when
    it is not to be written. Its owner stays, too, as far as that is for us to say.
    """
    target = root / path
    if target.parent.resolve() != root.resolve() / Path(path).parent:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    with os.fdopen(os.open(target, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or file.read(len(before) + 1) != before:
            raise FileChangedError(path)
    # A replacement asks nobody but the folder, and root may write everywhere; what the file says counts.
    if not status.st_mode & _WRITABLE or not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    _replace(target, after, stat.S_IMODE(status.st_mode), status)


def _replace(target: Path, data: bytes, mode: int, owned_as: os.stat_result | None = None) -> None:
    """Put a new file in the place of the target: whoever looks sees the old one or the new one."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            # Without it the name may reach the disk before the data does, and a power cut leaves an empty file.
            os.fsync(file.fileno())
        if owned_as is not None and hasattr(os, "chown"):
            # In a container root often works on what is a user's. Where it is not for us to say, the file is ours.
            with suppress(OSError):
                os.chown(name, owned_as.st_uid, owned_as.st_gid)
        Path(name).chmod(mode)
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
