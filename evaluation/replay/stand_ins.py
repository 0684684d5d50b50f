"""Stands in for the application that a migration imports, so that the migration runs without it.

A module that the application's folders hold is imported for real. One that is missing, or that fails to import, becomes
a module whose every attribute is a class that can be called, subclassed, iterated (it is empty) and used as a column
type (it is text). Only modules that a file of the application asks for are made up: a library that probes for an
optional module finds it missing as ever.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import sqlalchemy as sa

_MACHINERY = (__file__, importlib.__file__)


class _Made(type):
    """Gives a stand-in every attribute one asks it for, except those that libraries probe for."""

    def __getattr__(cls, name: str) -> Any:
        return _attribute(cls.__name__, name)

    def __iter__(cls) -> Iterator[Any]:
        return iter(())

    def __getitem__(cls, key: object) -> Any:
        return cls

    def __str__(cls) -> str:
        return cls.__name__


class StandIn(sa.types.UserDefinedType[Any], metaclass=_Made):
    """Something that the application would have had: a class, and through its instances a value."""

    cache_ok = True

    def __init__(self, *arguments: object, **options: object) -> None:
        """Takes whatever the application's own would have taken."""

    def get_col_spec(self, **options: object) -> str:
        """Its spelling when a table uses it as a column's type."""
        return "TEXT"

    def __getattr__(self, name: str) -> Any:
        return _attribute(type(self).__name__, name)

    def __call__(self, *arguments: Any, **options: object) -> Any:
        """Itself; as a decorator, what it decorates."""
        return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __getitem__(self, key: object) -> Any:
        return self

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to release."""

    def __index__(self) -> int:
        return 0

    def __str__(self) -> str:
        return type(self).__name__


def _attribute(owner: str, name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"{owner} has no {name}; it stands in for a part of the application")
    return _Made(name, (StandIn,), {})


def install(folders: Sequence[Path]) -> set[str]:
    """Lets this process import from `folders`. Returns the names of the modules made up so far; it grows."""
    roots = tuple(str(folder) for folder in folders)
    made_up: set[str] = set()
    sys.meta_path.insert(0, _Application(roots, made_up))
    sys.meta_path.append(_Absent(roots, made_up))
    return made_up


class _Application(importlib.abc.MetaPathFinder):
    """Finds the application's own modules, and forgives them if they fail to import."""

    def __init__(self, roots: tuple[str, ...], made_up: set[str]) -> None:
        self._roots = roots
        self._made_up = made_up

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Called by the import system before any other finder; an installed package goes before a folder."""
        if fullname in sys.stdlib_module_names:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path)
        if found is None and path is None:
            found = importlib.machinery.PathFinder.find_spec(fullname, self._roots)
        if found is None or not (found.origin or "").startswith(self._roots):
            return None if found is None or found.origin else found
        if found.loader is not None:
            found.loader = _Forgiving(found.loader, self._made_up)
        return found


class _Absent(importlib.abc.MetaPathFinder):
    """Makes a module up when a file of the application asks for one that no other finder knows."""

    def __init__(self, roots: tuple[str, ...], made_up: set[str]) -> None:
        self._roots = roots
        self._made_up = made_up

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Called by the import system after every other finder."""
        if not _asker().startswith(self._roots):
            return None
        self._made_up.add(fullname)
        return importlib.machinery.ModuleSpec(fullname, _Maker(), is_package=True)


class _Maker(importlib.abc.Loader):
    """Makes a module up."""

    def exec_module(self, module: ModuleType) -> None:
        _make_up(module)


class _Forgiving(importlib.abc.Loader):
    """Runs a module of the application, and makes up whatever it could not define."""

    def __init__(self, real: importlib.abc.Loader, made_up: set[str]) -> None:
        self._real = real
        self._made_up = made_up

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        try:
            self._real.exec_module(module)
        except (Exception, SystemExit):  # noqa: BLE001 - a stranger's module may raise anything
            self._made_up.add(module.__name__)
            _make_up(module)


def _make_up(module: ModuleType) -> None:
    name = module.__name__
    module.__getattr__ = lambda attribute: _attribute(name, attribute)  # type: ignore[method-assign]


def _asker() -> str:
    """The file whose import statement is being carried out."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_machinery(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


def _is_machinery(filename: str) -> bool:
    return filename in _MACHINERY or filename.startswith("<frozen importlib")
