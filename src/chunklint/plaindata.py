"""What a scan finds out of files, as JSON: dataclasses, enums, tuples and the like, and nothing that could act.

Reading makes objects of classes that hold plain data only, and only of values that their annotations allow. No name in
what is read is ever called, as it could be in a pickle.
"""

from __future__ import annotations

import base64
import importlib
import json
import sys
from collections import abc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

# Importing these does nothing but define.
_OURS = ("chunklint.model", "chunklint.engine", "chunklint.semantics.")
_RULES = "chunklint_rules_"

# What is no text, number, truth value or None is a list that begins with one of these, or with the number of a class.
_TUPLE, _LIST, _SET, _MAP, _BYTES, _CLASSES = 0, 1, 2, 3, 4, 5


def plain_class(module: str, name: str) -> type | None:
    """The class of plain data that a name stands for: a dataclass, named tuple or enum of ours or of a loaded rule."""
    if not module.startswith((*_OURS, _RULES)) or "." in name:
        return None
    if module.startswith(_OURS):
        importlib.import_module(module)
    found = getattr(sys.modules.get(module), name, None)
    if isinstance(found, type) and (is_dataclass(found) or issubclass(found, (Enum, tuple))):
        return found
    return None


def encoded(values: Iterable[Any]) -> tuple[list[tuple[str, str]], list[Any]]:
    """The classes that occur, and the values as JSON's own types. Raises TypeError for what is no plain data."""
    numbers: dict[tuple[str, str], int] = {}

    def number_of(kind: type) -> int:
        key = (kind.__module__, kind.__qualname__)
        if plain_class(*key) is not kind:
            raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no plain data")
        return numbers.setdefault(key, _CLASSES + len(numbers))

    def code(value: Any) -> Any:
        kind: Any = type(value)
        if value is None or kind in {bool, int, float, str}:
            return value
        if kind is tuple or kind is list:
            return [_TUPLE if kind is tuple else _LIST, *map(code, value)]
        if kind in {set, frozenset}:
            # In an order that does not hang on how text is hashed in this process.
            return [_SET, *sorted(map(code, value), key=json.dumps)]
        if kind is dict:
            return [_MAP, *([code(key), code(item)] for key, item in value.items())]
        if kind is bytes:
            return [_BYTES, base64.b85encode(value).decode("ascii")]
        if isinstance(value, Enum):
            return [number_of(kind), value.name]
        if isinstance(value, tuple):
            return [number_of(kind), *map(code, value)]
        number = number_of(kind)
        return [number, *(code(getattr(value, name)) for name in _fields(kind))]

    coded = [code(value) for value in values]
    return list(numbers), coded


def decoder(classes: Iterable[tuple[str, str]]) -> Callable[[Any], Any]:
    """What makes values again of what `encoded` gave with these classes.

    It and what it returns raise ValueError for anything else.
    """
    kinds = [_known(module, name) for module, name in classes]

    def decode(coded: Any) -> Any:
        try:
            return _value(coded, kinds)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise ValueError(f"no plain data: {error}") from error

    return decode


def _value(coded: Any, kinds: Sequence[type]) -> Any:
    if coded is None or isinstance(coded, (bool, int, float, str)):
        return coded
    tag, *parts = coded
    match tag:
        case 3:
            return {_value(key, kinds): _value(item, kinds) for key, item in parts}
        case 4:
            return base64.b85decode(parts[0])
    if tag >= _CLASSES and issubclass(kinds[tag - _CLASSES], Enum):
        return kinds[tag - _CLASSES][parts[0]]
    values = [_value(part, kinds) for part in parts]
    match tag:
        case 0:
            return tuple(values)
        case 1:
            return values
        case 2:
            return frozenset(values)
    kind: Any = kinds[tag - _CLASSES]
    if issubclass(kind, tuple):
        return kind(*values)
    given = dict(zip(_fields(kind), values, strict=True))
    hints = _hints(kind)
    for name, value in given.items():
        if not _fits(value, hints.get(name, Any)):
            raise TypeError(f"{kind.__name__}.{name} cannot be {type(value).__name__}")
    return kind(**given)


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    try:
        return get_type_hints(kind)
    except NameError:
        # A type that its module imports for type checkers only; then nothing is known of any field.
        return {}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type, as far as the kinds of annotations that plain data has tell."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return value in inner
    if origin is tuple and inner[-1:] != (...,):
        return isinstance(value, tuple) and len(value) == len(inner) and all(map(_fits, value, inner))
    if isinstance(origin, type) and issubclass(origin, abc.Mapping):
        return isinstance(value, dict) and all(_fits(k, inner[0]) and _fits(v, inner[1]) for k, v in value.items())
    if isinstance(origin, type) and issubclass(origin, abc.Collection):
        return isinstance(value, origin) and all(_fits(one, inner[0]) for one in value)
    if hint is float:
        return isinstance(value, (int, float))
    if hint is Any or not isinstance(hint, type) or getattr(hint, "_is_protocol", False):
        return True
    return isinstance(value, hint)


def _known(module: str, name: str) -> type:
    try:
        found = plain_class(module, name)
    except (ImportError, ValueError) as error:
        raise ValueError(f"there is no {module}") from error
    if found is None:
        raise ValueError(f"{module}.{name} is no plain data")
    return found


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.init)
