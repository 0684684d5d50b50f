"""The plan of a clean-up: tickets, the phases they are done in, and the reviews that close them. One TOML file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from chunklint.records import record

Shape = TypeVar("Shape")


class PlanError(Exception):
    """The file cannot be read as a plan; the message names the file, the entry and what is wrong with it."""


@record
class Flag:
    """A red flag of a review, and the rules that can see it; with none, a person must look."""

    text: str
    rules: tuple[str, ...] = ()


@record
class Task:
    """One ticket.

    Attributes:
        hours: The estimate, from and to; (0, 0) without one.
        phase: The heading under which the plan lists it, "" for none.
        files: Paths that it names, relative to the repository where they could be made so.
        criteria: What must be true when it is done.
    """

    id: str
    title: str
    priority: str = ""
    hours: tuple[float, float] = (0, 0)
    phase: str = ""
    files: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()


@record
class Review:
    """The ticket that asks for the review of another one."""

    id: str
    title: str
    ticket: str
    priority: str = ""
    hours: tuple[float, float] = (0, 0)
    checklist: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()


@record
class Plan:
    """Tickets in the order of the plan, their reviews, and the phases in order."""

    tickets: tuple[Task, ...] = ()
    reviews: tuple[Review, ...] = ()
    phases: tuple[str, ...] = ()

    def ticket(self, name: str) -> Task | None:
        """The ticket of an id, whatever its case."""
        return next((one for one in self.tickets if one.id.casefold() == name.casefold()), None)

    def review(self, ticket: str) -> Review | None:
        """The review of a ticket's id."""
        return next((one for one in self.reviews if one.ticket.casefold() == ticket.casefold()), None)

    @property
    def hours(self) -> tuple[float, float]:
        """The estimates of all tickets together, from and to; reviews are not counted."""
        return sum(one.hours[0] for one in self.tickets), sum(one.hours[1] for one in self.tickets)


def read_plan(file: Path) -> Plan:
    """The plan in a TOML file. Raises PlanError, FileNotFoundError."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanError(f"{file} cannot be read: {error}") from error
    unknown = sorted(document.keys() - {"phases", "ticket", "review"})
    if unknown:
        raise PlanError(f"{file}: unknown key `{unknown[0]}`; it may have phases, [[ticket]] and [[review]]")
    plan = Plan(
        tuple(_each(file, document, "ticket", Task)),
        tuple(_each(file, document, "review", Review)),
        _texts(f"{file}: phases", document.get("phases", [])),
    )
    _check(file, plan)
    return plan


def rendered(plan: Plan) -> str:
    """The plan as TOML that reads back the same."""
    head = [
        "# The tickets of this project. Written by `chunklint tickets import`; yours to edit from here on.",
        "# `rules` of a red flag are those that can see it. Without any, a person has to look.",
        "",
        f"phases = {_toml(plan.phases)}",
    ]
    tickets = (line for one in plan.tickets for line in _entry("ticket", one))
    reviews = (line for one in plan.reviews for line in _entry("review", one))
    return "\n".join([*head, *tickets, *reviews]) + "\n"


def _entry(kind: str, one: Task | Review) -> Iterator[str]:
    yield ""
    yield f"[[{kind}]]"
    for field in fields(one):
        value = getattr(one, field.name)
        if field.name == "flags":
            for flag in value:
                yield f"[[{kind}.flags]]"
                yield f"text = {_toml(flag.text)}"
                yield f"rules = {_toml(flag.rules)}"
        elif value not in ("", (), (0, 0)):
            yield f"{field.name} = {_toml(value)}"


def _toml(value: Any) -> str:
    """A value as TOML; long lists get a line an entry, so that a diff shows what changed."""
    if isinstance(value, tuple) and value and isinstance(value[0], str) and len(value) > 1:
        return "[\n" + "".join(f"    {_toml(one)},\n" for one in value) + "]"
    plain = list(value) if isinstance(value, tuple) else value
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def _each(file: Path, document: Mapping[str, Any], kind: str, shape: type[Shape]) -> Iterator[Shape]:
    entries = document.get(kind, [])
    if not isinstance(entries, list):
        raise PlanError(f"{file}: write [[{kind}]], with two brackets: there may be several")
    for number, entry in enumerate(entries, start=1):
        name = entry.get("id") if isinstance(entry, dict) else None
        where = f"{file}: [[{kind}]] {name or number}"
        if not isinstance(entry, dict):
            raise PlanError(f"{where}: expected a table")
        yield _made(where, entry, shape)


def _made(where: str, entry: Mapping[str, Any], shape: type[Shape]) -> Shape:
    known = {field.name for field in fields(shape)}  # type: ignore[arg-type]  # Both shapes are dataclasses.
    unknown = sorted(entry.keys() - known)
    if unknown:
        raise PlanError(f"{where}: unknown key `{unknown[0]}`; it may have {', '.join(sorted(known))}")
    needed = [name for name in ("id", "title", "ticket") if name in known and not entry.get(name)]
    if needed:
        raise PlanError(f"{where}: `{needed[0]}` is missing")
    return shape(**{key: _value(f"{where}: {key}", key, value) for key, value in entry.items()})


def _value(where: str, key: str, value: Any) -> Any:
    match key:
        case "hours":
            return _hours(where, value)
        case "flags":
            return tuple(_made(f"{where} {number}", flag, Flag) for number, flag in enumerate(value, start=1))
        case "files" | "criteria" | "checklist" | "rules":
            return _texts(where, value)
        case _ if not isinstance(value, str):
            raise PlanError(f"{where}: expected text, not {value!r}")
    return value


def _hours(where: str, value: Any) -> tuple[float, float]:
    sound = isinstance(value, list) and len(value) == 2 and all(isinstance(one, (int, float)) for one in value)
    if not sound or not 0 <= value[0] <= value[1]:
        raise PlanError(f"{where}: expected two numbers, from and to, as in [2, 3], not {value!r}")
    return value[0], value[1]


def _texts(where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise PlanError(f"{where}: expected a list of texts, not {value!r}")
    return tuple(value)


def _check(file: Path, plan: Plan) -> None:
    seen: set[str] = set()
    for name in (*(one.id for one in plan.tickets), *(one.id for one in plan.reviews)):
        if name.casefold() in seen:
            raise PlanError(f"{file}: the id {name} is given twice")
        seen.add(name.casefold())
    for review in plan.reviews:
        if plan.ticket(review.ticket) is None:
            raise PlanError(f"{file}: [[review]] {review.id} is of {review.ticket}, which no [[ticket]] has as its id")
