"""Tickets out of a Markdown document, as teams write them: headings, fields, lists, phases and review tickets."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from chunklint.records import record
from chunklint.tickets.plan import Flag, Plan, Review, Task

# `TICKET-001: title`, `[ABC-7] title`, `#12 - title`: an id, then the rest.
_TICKET = re.compile(r"^\W*?((?<!\w)[A-Z][A-Z0-9_]*-\d+|#\d+)\]?(?!\w)[\s:.)\]–—-]*(.*)$")  # noqa: RUF001 - dashes as people type them
_ID = re.compile(r"(?<![\w-])(?:[A-Z][A-Z0-9_]*-\d+|#\d+)(?!\w)")
_FIELD = re.compile(r"^([A-Za-z][A-Za-z /()-]{1,40}?)\s*:\s*(.*)$", re.DOTALL)
_HOURS = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:h(?:ours?|rs?)?)?\s*(?:(?:-|–|—|to)\s*(\d+(?:\.\d+)?))?\s*(h|d|day)?",  # noqa: RUF001
    re.IGNORECASE,
)
_PHASE = re.compile(r"^(phase|stage|sprint|milestone|wave|iteration)\b", re.IGNORECASE)
_CODE = re.compile(r"`([^`]+)`")
_PATH = re.compile(r"^(?=.*[/.])[\w./@~+-]+$")
_HOURS_A_DAY = 8


class DocumentError(Exception):
    """The document holds no tickets, or contradicts itself; every mistake is told with its line."""


@record
class _Block:
    """A heading (level 1 to 6), a list item (0) or a line of a paragraph (-1)."""

    level: int
    text: str
    line: int


@dataclass(slots=True)
class _Section:
    """One ticket as it is being read."""

    id: str
    title: str
    level: int
    line: int
    fields: dict[str, tuple[str, int]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)


def read_document(
    name: str, text: str, *, exists: Callable[[str], bool], flags: Callable[[str, str], tuple[str, ...]]
) -> Plan:
    """The plan that a document describes. `name` is how messages call it.

    `exists` tells whether a relative path is a file of the project, and so which part of an absolute path matters.
    `flags` names the rules that can see a red flag, given the ticket's id and the flag. Raises DocumentError.
    """
    blocks = list(_blocks(text))
    sections = list(_sections(blocks))
    if not sections:
        raise DocumentError(
            f"{name}: there is no ticket in it; a ticket is a heading that begins with its id, as in `## ABC-12: title`"
        )
    mistakes = [*_repeated(sections)]
    order = list(_phases(blocks))
    shorten = _shortener([path for one in sections for path in _paths(one)], exists)
    tickets: list[Task] = []
    reviews: list[Review] = []
    ids = {one.id for one in sections if not _reviewed(one)}
    for one in sections:
        hours, complaint = _hours(one)
        mistakes += complaint
        priority = _field(one, "priority", "severity", "importance").split("(")[0].strip().lower()
        reviewed = _reviewed(one)
        if not reviewed:
            phase = next((title for ticket, title in order if ticket == one.id), "")
            files = tuple(dict.fromkeys(map(shorten, _paths(one))))
            tickets.append(
                Task(one.id, one.title, priority, hours, phase, files, _listed(one, "criteria", "done when"))
            )
            continue
        if reviewed not in ids:
            mistakes.append(f"{one.line}: {one.id} reviews {reviewed}, which is no ticket of this document")
        found = tuple(Flag(words, flags(reviewed, words)) for words in _listed(one, "red flag"))
        checklist, criteria = _listed(one, "checklist", " review"), _listed(one, "criteria")
        reviews.append(Review(one.id, one.title, reviewed, priority, hours, checklist, criteria, found))
    if mistakes:
        raise DocumentError("\n".join(f"{name}:{mistake}" for mistake in mistakes))
    rank = {ticket: position for position, (ticket, _) in enumerate(order)}
    tickets.sort(key=lambda one: rank.get(one.id, len(rank)))
    return Plan(tuple(tickets), tuple(reviews), tuple(dict.fromkeys(title for _, title in order)))


def _blocks(text: str) -> Iterator[_Block]:
    """The document flattened; code blocks are not in it, and neither are lists' numbers and boxes."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt().enable("table").parse(text)
    items = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        items += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if token.type != "inline" or token.map is None:
            continue
        heading = before is not None and before.type == "heading_open"
        level = int(before.tag[1]) if heading and before is not None else 0 if items else -1
        for offset, row in enumerate(token.content.split("\n")):
            yield _Block(level, _plain(row), token.map[0] + 1 + offset)


def _plain(row: str) -> str:
    """A line without emphasis and task boxes."""
    return re.sub(r"^\[[ xX]\]\s*", "", row.strip().replace("**", "").replace("__", "")).strip()


def _sections(blocks: Sequence[_Block]) -> Iterator[_Section]:
    current: _Section | None = None
    listing = ""
    for block in blocks:
        head = _TICKET.match(block.text) if block.level > 0 else None
        if current is not None and 0 < block.level <= current.level:
            yield current
            current = None
        if head is not None and current is None:
            current, listing = _Section(head[1], _title(head[2]), block.level, block.line), ""
        elif current is not None:
            listing = _note(current, block, listing)
    if current is not None:
        yield current


def _title(text: str) -> str:
    return text.replace("`", "").strip() or "untitled"


def _note(section: _Section, block: _Block, listing: str) -> str:
    """Take a block into its section; returns the list that the items after it belong to."""
    found = _FIELD.match(block.text)
    if found is not None and found[2] and (block.level != 0 or _is_known(found[1])):
        section.fields.setdefault(found[1].strip().lower(), (found[2].strip(), block.line))
    if block.level == 0 and listing:
        section.lists.setdefault(listing, []).append(block.text)
    opens = block.level > 0 or (block.level < 0 and block.text.endswith(":"))
    return block.text.rstrip(":").strip().lower() if opens else listing


def _is_known(name: str) -> bool:
    words = ("priority", "severity", "estimate", "effort", "hours", "phase", "reviews", "corresponds")
    return any(word in name.lower() for word in words)


def _field(section: _Section, *names: str) -> str:
    return next((value for key, (value, _) in section.fields.items() if any(name in key for name in names)), "")


def _listed(section: _Section, *names: str) -> tuple[str, ...]:
    found = (items for key, items in section.lists.items() if any(name in key for name in names))
    return tuple(dict.fromkeys(item.rstrip(":") for items in found for item in items))


def _paths(section: _Section) -> list[str]:
    """The paths in lists of files: in code, or the whole of an item."""
    items = [item for key, found in section.lists.items() if "file" in key for item in found]
    spelled = [code for item in items for code in _CODE.findall(item) or [item]]
    return [path for path in spelled if _PATH.match(path) and not path.endswith(".")]


def _shortener(paths: Sequence[str], exists: Callable[[str], bool]) -> Callable[[str], str]:
    """Make absolute paths of somebody's machine relative: by what exists here, else by the folder they all share."""
    absolute = [path for path in paths if path.startswith("/")]
    shared = os.path.commonpath([str(PurePosixPath(path).parent) for path in absolute]) if absolute else ""

    def shorten(path: str) -> str:
        if not path.startswith("/"):
            return path.removeprefix("./")
        parts = PurePosixPath(path).parts[1:]
        tails = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((tail for tail in tails if exists(tail)), path.removeprefix(shared).lstrip("/"))

    return shorten


def _reviewed(section: _Section) -> str:
    """The id of the ticket that this one reviews, "" when it is no review."""
    named = _ID.search(_field(section, "corresponds", "reviews", "review of"))
    return named[0] if named is not None else ""


def _hours(section: _Section) -> tuple[tuple[float, float], list[str]]:
    named = next(((v, line) for k, (v, line) in section.fields.items() if re.search("estimate|effort|hours", k)), None)
    if named is None:
        return (0, 0), []
    text, line = named
    found = _HOURS.search(text)
    if found is None:
        return (0, 0), [f"{line}: the estimate {text!r} of {section.id} has no number of hours in it"]
    unit = _HOURS_A_DAY if (found[3] or "").lower().startswith("d") else 1
    least = float(found[1]) * unit
    most = float(found[2]) * unit if found[2] else least
    if most < least:
        return (0, 0), [f"{line}: the estimate {text!r} of {section.id} runs backwards"]
    return (_whole(least), _whole(most)), []


def _whole(number: float) -> float:
    return int(number) if number.is_integer() else number


def _repeated(sections: Sequence[_Section]) -> Iterator[str]:
    first: dict[str, int] = {}
    for one in sections:
        if one.id in first:
            yield f"{one.line}: {one.id} is there already, in line {first[one.id]}"
        first.setdefault(one.id, one.line)


def _phases(blocks: Sequence[_Block]) -> Iterator[tuple[str, str]]:
    """Each ticket that is listed under a phase, and the phase's heading, in order."""
    phase = ""
    for block in blocks:
        if block.level > 0:
            phase = block.text.strip() if _PHASE.match(block.text) else ""
        elif phase and block.level == 0:
            yield from ((ticket, phase) for ticket in _ID.findall(block.text)[:1])
