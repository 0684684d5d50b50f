"""Edits of a text: whether two stand in each other's way, what they make of it, and where they move its places to."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

from chunklint.model import Edit, Hunk, Span
from chunklint.records import record

# Lines around a change: enough to know the place, few enough to see the change.
_CONTEXT = 2

# As `git diff` says it, and as `git apply` wants it.
_NO_FINAL_NEWLINE = "\\ No newline at end of file\n"

# What the name of a file is put in quotes for, in the head of a diff.
_QUOTED = re.compile(r'[\x00-\x1f"\\\x7f]')


@record(order=True)
class Splice:
    """What is to stand between two offsets of a text."""

    start: int
    end: int
    text: str

    def clashes(self, other: Splice) -> bool:
        """Whether only one of the two can be had: they share a character or a border and are not the same."""
        return self != other and self.start <= other.end and other.start <= self.end


class Claims:
    """Splices of a text that do not clash, in order."""

    def __init__(self) -> None:
        self._splices: list[Splice] = []

    def claim(self, splices: Sequence[Splice]) -> bool:
        """Add some, unless one of them clashes with one that is there."""
        if any(splice.clashes(other) for splice in splices for other in self._beside(splice)):
            return False
        for splice in splices:
            if splice not in self._beside(splice):
                insort(self._splices, splice)
        return True

    def _beside(self, splice: Splice) -> Sequence[Splice]:
        """The only ones that it can clash with: those that are there lie apart from each other."""
        at = bisect_left(self._splices, splice)
        return self._splices[max(at - 1, 0) : at + 1]


class Grid:
    """A text's lines and columns, counted from 1 in code points, as offsets and back. Only LF ends a line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self._starts = list(accumulate((len(line) + 1 for line in self.lines), initial=0))

    def offset(self, line: int, column: int) -> int:
        """The offset of a place. Raises ValueError when the text has no such place."""
        if 1 <= line <= len(self.lines) and column >= 1:
            offset = self._starts[line - 1] + self._mark(line) + column - 1
            if offset < self._starts[line]:
                return offset
        raise ValueError(f"the text has no place {line}:{column}")

    def nearest(self, line: int, column: int) -> int:
        """The offset of a place, or of the nearest one that the text has: a finding may be about no place at all."""
        line = min(max(line, 1), len(self.lines))
        return min(self._starts[line - 1] + self._mark(line) + max(column, 1), self._starts[line]) - 1

    def place(self, offset: int) -> tuple[int, int]:
        """The line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, max(offset - self.start_of(line) - self._mark(line), 0) + 1

    @property
    def last(self) -> int:
        """The last line that has anything in it to show: not the one that only a final line end opens."""
        return max(len(self.lines) - (self.lines[-1] == ""), 1)

    def start_of(self, line: int) -> int:
        """The offset of a line's first character, which may be a byte order mark."""
        return self._starts[line - 1]

    def _mark(self, line: int) -> int:
        """A byte order mark is no column."""
        return 1 if line == 1 and self.text.startswith("\ufeff") else 0

    def splices(self, edits: Iterable[Edit]) -> tuple[Splice, ...]:
        """The edits in order, with the line ends of the lines that they begin in.

        Raises ValueError when one lies outside of the text or two overlap.
        """
        found = sorted(self._splice(edit) for edit in edits)
        for one, two in pairwise(found):
            if one.end > two.start:
                raise ValueError(f"two edits overlap at {self.place(two.start)}")
        return tuple(found)

    def edits(self, splices: Iterable[Splice]) -> tuple[Edit, ...]:
        """The splices as edits."""
        return tuple(Edit(Span(*self.place(one.start), *self.place(one.end)), one.text) for one in splices)

    def _splice(self, edit: Edit) -> Splice:
        span = edit.span
        start, end = self.offset(span.start_line, span.start_column), self.offset(span.end_line, span.end_column)
        if end < start:
            raise ValueError(f"an edit ends before it starts, at {span.start_line}:{span.start_column}")
        text = edit.text.replace("\r\n", "\n")
        return Splice(start, end, text.replace("\n", "\r\n") if self._ends_in_crlf(span.start_line) else text)

    def _ends_in_crlf(self, line: int) -> bool:
        """Whether a line ends so; for the last one, which has no end, whether the one above does."""
        return self.lines[max(min(line, len(self.lines) - 1), 1) - 1].endswith("\r")


def applied(text: str, splices: Sequence[Splice]) -> str:
    """The text with disjoint splices, in order, done."""
    pieces: list[str] = []
    at = 0
    for splice in splices:
        pieces += (text[at : splice.start], splice.text)
        at = splice.end
    return "".join((*pieces, text[at:]))


def moved(offset: int, splices: Iterable[Splice]) -> tuple[int, int]:
    """Where what stood at an offset may stand once the splices are done, as the first and the last offset.

    They differ where a splice replaced the place or inserted before it: it is then not known to which of the two what
    stands there belongs.
    """
    shift = 0
    for splice in splices:
        if splice.start > offset:
            break
        if splice.end >= offset:
            return splice.start + shift, splice.start + shift + len(splice.text)
        shift += len(splice.text) - (splice.end - splice.start)
    return offset + shift, offset + shift


def hunks(grid: Grid, splices: Sequence[Splice]) -> tuple[Hunk, ...]:
    """The lines that the splices touch, before and after, with some around them; near ones in one hunk."""
    return tuple(_hunk(grid, group, first, last) for group, first, last in _groups(grid, splices))


def _groups(grid: Grid, splices: Sequence[Splice]) -> Iterator[tuple[list[Splice], int, int]]:
    """Splices whose surroundings meet, and the 1-based first and last line of these."""
    group: list[Splice] = []
    first = last = 0
    for splice in splices:
        top = max(grid.place(splice.start)[0] - _CONTEXT, 1)
        end = grid.place(splice.end)[0]
        bottom = max(min(end + _CONTEXT, grid.last), end)
        if group and top > last + 1:
            yield group, first, last
            group = []
        if not group:
            first = top
        group.append(splice)
        last = max(last, bottom) if len(group) > 1 else bottom
    if group:
        yield group, first, last


def _hunk(grid: Grid, splices: Sequence[Splice], first: int, last: int) -> Hunk:
    start = grid.offset(first, 1)
    before = "\n".join(grid.lines[first - 1 : last])[start - grid.start_of(first) :]
    after = applied(before, [Splice(one.start - start, one.end - start, one.text) for one in splices])
    old, new = (tuple(line.removesuffix("\r") for line in text.split("\n")) for text in (before, after))
    return Hunk(first, old, new)


def rows(hunk: Hunk) -> Iterator[tuple[str, int, str]]:
    """The lines of a hunk as a diff: "-", "+" or " ", the line's number (0 for an added one) and the line."""
    matcher = difflib.SequenceMatcher(a=hunk.before, b=hunk.after, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        for index in range(start, end):
            yield " " if kind == "equal" else "-", hunk.line + index, hunk.before[index]
        if kind != "equal":
            for line in hunk.after[new_start:new_end]:
                yield "+", 0, line


def unified(path: str, before: str, after: str) -> list[str]:
    """The lines of a unified diff, with their ends, as `git apply` takes them; [] when nothing differs."""
    found: list[str] = []
    old, new = _header_name(f"a/{path}"), _header_name(f"b/{path}")
    for row in difflib.unified_diff(_with_ends(before), _with_ends(after), old, new):
        found += [row] if row.endswith("\n") else [f"{row}\n", _NO_FINAL_NEWLINE]
    return found


def _header_name(path: str) -> str:
    """A path in the head of a diff as git writes it: in quotes where it must be, before a tab where it has blanks."""
    if _QUOTED.search(path):
        return '"' + _QUOTED.sub(lambda found: f"\\{ord(found[0]):03o}", path) + '"'
    return f"{path}\t" if " " in path else path


def _with_ends(text: str) -> list[str]:
    *lines, rest = text.split("\n")
    return [*(f"{line}\n" for line in lines), *([rest] if rest else [])]
