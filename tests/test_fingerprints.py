"""GitHub's published vectors, the letter of its algorithm, and what our own key must survive."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chunklint.fingerprints import complete, excerpt_offset, line_hashes
from chunklint.model import Finding, Location, Severity, Span

GREETINGS = " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End"
GREETINGS_HASHES = (
    "e9496ae3ebfced30:1 fb7c023a8b9ccb3f:1 ce8ba1a563dcdaca:1 e20e36e16fcb0cc8:1 b3edc88f2938467e:1 "
    "c8e28b0b4002a3a0:1 c129715d7a2bc9a3:1"
)
VECTORS = [
    ("", "c129715d7a2bc9a3:1"),
    (" a\nb\n  \t\tc\n d", "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1"),
    (
        GREETINGS,
        "8b7cf3e952e7aeb2:1 b1ae1287ec4718d9:1 bff680108adb0fcc:1 c6805c5e1288b612:1 b86d3392aea1be30:1 "
        "e6ceba753e1a442:1",
    ),
    (GREETINGS + "\n", GREETINGS_HASHES),
    ((GREETINGS + "\n").replace("\n", "\r"), GREETINGS_HASHES),
    ((GREETINGS + "\n").replace("\n", "\r\n"), GREETINGS_HASHES),
    (" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", GREETINGS_HASHES),
    (
        "Lorem ipsum dolor sit amet.\n" * 10,
        "a7f2ff13bc495cf2:1 a7f2ff13bc495cf2:2 a7f2ff13bc495cf2:3 a7f2ff13bc495cf2:4 a7f2ff13bc495cf2:5 "
        "a7f2ff13bc495cf2:6 a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1 "
        "c129715d7a2bc9a3:1",
    ),
    (
        "x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n",
        "e54938cc54b302f1:1 bb609acbe9138d60:1 1131fd5871777f34:1 5c482a0f8b35ea28:1 54517377da7028d2:1 "
        "2c644846cb18d53e:1 f1b89f20de0d133:1 c129715d7a2bc9a3:1",
    ),
]


@pytest.mark.parametrize(("text", "expected"), VECTORS)
def test_hashes_are_those_that_github_computes(text: str, expected: str) -> None:
    hashes = expected.split()
    assert line_hashes(text, range(1, len(hashes) + 2)) == dict(enumerate(hashes, start=1))


def by_the_letter(text: str) -> dict[int, str]:
    """GitHub's algorithm as described: one unit at a time through a ring buffer. The fast version's oracle."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    units = [int.from_bytes(encoded[i : i + 2], "little") for i in range(0, len(encoded), 2)]
    window, lines = [0] * 100, [0] * 100
    value, index, line = 0, 0, 0
    start, after_cr = True, False
    counts: dict[int, int] = {}
    hashes: dict[int, str] = {}

    def emit() -> None:
        counts[value] = counts.get(value, 0) + 1
        hashes[lines[index]] = f"{value:x}:{counts[value]}"
        lines[index] = 0

    def push(unit: int) -> None:
        nonlocal value, index
        value = (37 * value + unit - pow(37, 100, 2**64) * window[index]) % 2**64
        window[index] = unit
        index = (index + 1) % 100

    for unit in [*units, 65535]:
        if unit in (32, 9) or (after_cr and unit == 10):
            after_cr = False
            continue
        after_cr = unit == 13
        seen = 10 if after_cr else unit
        if lines[index]:
            emit()
        if start:
            start = False
            line += 1
            lines[index] = line
        start = seen == 10
        push(seen)
    for _ in range(100):
        if lines[index]:
            emit()
        push(0)
    return hashes


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(["\r", "\n", "\r\n", " ", "\t", "\0", "\x0c", "\u2028", "\ufeff", "\U0001f600"]),
        st.text(max_size=8),
        st.integers(90, 260).map(lambda length: "x" * length),
    ),
    max_size=60,
).map("".join)


@given(TEXTS)
@example("aF\nb!\naF\nb!\n" + "z" * 120)  # 37 * ord("a") + ord("F") == 37 * ord("b") + ord("!")
@example("\r \n\r\t\r\n\n")
@example("x" * 99 + "\n" + "y" * 100 + "\n" + "z" * 101 + "\n" + "w" * 300)
def test_the_fast_version_agrees_with_the_letter_of_the_algorithm(text: str) -> None:
    expected = by_the_letter(text)
    assert line_hashes(text, expected) == expected


def test_only_the_wanted_lines_come_back_and_suffixes_count_the_others() -> None:
    text = "Lorem ipsum dolor sit amet.\n" * 10
    assert line_hashes(text, {4, 2}) == {2: "a7f2ff13bc495cf2:2", 4: "a7f2ff13bc495cf2:4"}
    assert line_hashes(text, {0, -1, 99}) == {}


def finding(
    line: int, *, code: str = "CL101", symbol: str = "f", end: tuple[int, int] = (0, 9), column: int = 1
) -> Finding:
    span = Span(line, column, max(end[0], line), end[1])
    return Finding(code, Location("a.py", span, symbol), "Bad.", Severity.ERROR)


def keys(*findings: Finding, text: str) -> list[str]:
    return [done.key for done in complete(findings, text)]


def test_a_key_survives_moved_lines_reindentation_and_line_ends() -> None:
    original = keys(finding(2), text="a = 1\nrun(f'{x}')\n")
    assert keys(finding(4), text="# new\n\na = 1\nrun(f'{x}')\nb = 2\n") == original
    assert keys(finding(2), text="a = 1\r\n\t  run( f'{x}' )\r\n") == original


def test_a_key_changes_with_the_rule_the_symbol_and_the_text() -> None:
    text = "run(f'{x}')\nrun(f'{y}')\n"
    found = [finding(1), finding(2), finding(1, code="CL102"), finding(1, symbol="g")]
    assert len({keys(one, text=text)[0] for one in found}) == len(found)


def test_a_bare_head_line_is_told_apart_by_the_lines_below_it() -> None:
    first, second = finding(1, end=(3, 2)), finding(4, end=(6, 2))
    text = "run(\n  'a'\n)\nrun(\n  'b'\n)\n"
    assert keys(second, text=text) == [keys(first, second, text=text)[1]]


def test_identical_findings_are_numbered_in_file_order_whatever_order_they_come_in() -> None:
    text = "go(x)\ngo(x)\ngo(x)\n"
    in_order = keys(finding(1), finding(2), finding(3), text=text)
    assert len(set(in_order)) == 3
    assert keys(finding(3), finding(1), finding(2), text=text) == [in_order[2], in_order[0], in_order[1]]


def test_an_excerpt_holds_the_lines_of_the_span_and_at_most_eight() -> None:
    text = "\ufeffone\r\ntwo\u2028still two\r\nthree\n" + "more\n" * 20
    assert complete([finding(1, end=(2, 4))], text)[0].excerpt == ("one", "two\u2028still two")
    assert complete([finding(1, end=(2, 1))], text)[0].excerpt == ("one",)
    assert len(complete([finding(3, end=(20, 2))], text)[0].excerpt) == 8
    assert complete([finding(99)], text)[0].excerpt == ()


def test_a_minified_line_does_not_flood_and_keeps_the_finding_in_sight() -> None:
    column = 50_001
    text = "x" * (column - 1) + "HERE" + "y" * 50_000 + "\n"
    (shown,) = complete([finding(1, column=column, end=(1, column + 4))], text)[0].excerpt
    assert len(shown) <= 400
    assert shown[column - 1 - excerpt_offset(column) :].startswith("HERE")
    assert shown[0] == shown[-1] == "…"


def test_completed_findings_carry_the_hash_of_their_start_line() -> None:
    text, hashes = VECTORS[-1][0], VECTORS[-1][1].split()
    done = complete([finding(line) for line in (7, 3, 1)], text)
    assert [one.line_hash for one in done] == [hashes[6], hashes[2], hashes[0]]
    assert complete([finding(40)], text)[0].line_hash == ""


def test_the_offset_of_an_excerpt_grows_with_the_column_and_leaves_a_lead() -> None:
    offsets = [excerpt_offset(column) for column in range(1, 2000)]
    assert offsets[0] == 0
    assert all(later >= earlier for earlier, later in pairwise(offsets))
    assert all(0 <= column - 1 - offset < 400 for column, offset in enumerate(offsets, start=1))
