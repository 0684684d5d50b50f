"""Plain values: dataclasses that are quick to define.

`dataclass(frozen=True, slots=True)` writes and compiles six methods for each class, half a millisecond that every start
would pay eighty times over. All but `__init__` do the same for any class, so here they exist once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")

_LISTED = "__record_fields__"
_VALUES = "__record_values__"


@overload
def record(cls: type[T]) -> type[T]: ...


@overload
def record(*, order: bool = False, slots: bool = True) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[Any] | None = None, *, order: bool = False, slots: bool = True) -> Any:
    """Make a class a dataclass with slots whose objects are equal, hashed and (`order`) sorted by their values.

    Type checkers hold its fields to be read-only, as in a frozen dataclass; at run time nothing stands in the way.
    Fields with `compare=False` or `repr=False` are left out as there. A class with a `cached_property` needs
    `slots=False`.
    """
    if cls is None:
        return lambda one: _made(one, order=order, slots=slots)
    return _made(cls, order=order, slots=slots)


def _made(cls: type[Any], *, order: bool, slots: bool) -> type[Any]:
    # A dataclass without a docstring gets its signature for one, which takes long to find out.
    cls.__doc__ = cls.__doc__ or cls.__name__
    made = dataclass(slots=slots, eq=False, repr=False)(cls)
    known = fields(made)
    compared = [one.name for one in known if one.compare]
    setattr(made, _LISTED, tuple(one.name for one in known if one.repr))
    setattr(made, _VALUES, attrgetter(*compared) if compared else type)
    for name, method in (_COMPARISONS | _ORDER if order else _COMPARISONS).items():
        setattr(made, name, method)
    return made


def _equal(self: Any, other: Any) -> Any:
    cls = self.__class__
    if other.__class__ is not cls:
        return NotImplemented
    return cls.__record_values__(self) == cls.__record_values__(other)


def _hash(self: Any) -> int:
    return hash(self.__class__.__record_values__(self))


def _repr(self: Any) -> str:
    cls = self.__class__
    return f"{cls.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in cls.__record_fields__)})"


def _less(self: Any, other: Any) -> Any:
    cls = self.__class__
    if other.__class__ is not cls:
        return NotImplemented
    return cls.__record_values__(self) < cls.__record_values__(other)


def _at_most(self: Any, other: Any) -> Any:
    cls = self.__class__
    if other.__class__ is not cls:
        return NotImplemented
    return cls.__record_values__(self) <= cls.__record_values__(other)


_COMPARISONS = {"__eq__": _equal, "__hash__": _hash, "__repr__": _repr}
# Of a pair whose left side does not answer, Python asks the right side, so two methods give all four comparisons.
_ORDER = {"__lt__": _less, "__le__": _at_most}
