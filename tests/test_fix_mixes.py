"""Fixes of TSX and Python files together: any of them, in any order, end alike, whatever their lines end in."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chunklint.config import Settings
from chunklint.discovery import Discovered
from chunklint.fixing import mend
from chunklint.loader import BUILTIN, load
from chunklint.project import Examined, Request, examined

RULES = [rule for rule in load([BUILTIN]) if rule.code in {"CL501", "CL502", "CL801", "CL802"}]
OPTIONS = {rule.code: rule.options for rule in RULES if rule.options is not None}

EFFECTS = (
    '    window.addEventListener("resize", () => setAt(1)); window.addEventListener("scroll", () => setAt(2));',
    "    setInterval(() => setAt(3), 1000); // é 🦊",
    "    load(id).then((found) => setAt(found));",
    "    load(id)\n      .then(async (found) =>\n        setAt(await found.json())\n      );",
    '    window.addEventListener("blur", onBlur);\n    return () => window.removeEventListener("blur", () => {});',
    "    if (id) setTimeout(() => setAt(4), 900);\n    else setAt(6);",
    "    setAt(5);",
)
CALLS = (
    "axios.get(`/ü/${id}`); axios.post(`/ü`);",
    "axios.post('/a', { id }, { timeout: 0, /* none */ });",
    "axios.put(\n    '/a', // the address\n    { id } // the body\n  );",
    "axios.delete('/a', { params: { id }, ...shared });",
)
LINES = ("requests.get(url)", "requests.post(url, data=requests.get(url).text)", "x = 'é🦊', requests.get(url)")
ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def panels(draw: st.DrawFn) -> str:
    effects = draw(st.lists(st.sampled_from(EFFECTS), max_size=3))
    calls = draw(st.lists(st.sampled_from(CALLS), max_size=3))
    hooks = "".join(f"  useEffect(() => {{\n{one}\n  }}, [id]);\n" for one in effects)
    text = (
        'import axios from "axios";\nimport { useEffect, useState } from "react";\nconst shared = { headers: {} };\n'
        f"export function Panel({{ id, load, onBlur }}) {{\n  const [at, setAt] = useState(0);\n{hooks}"
        f"  const send = () => {{\n  {' '.join(calls)}\n  }};\n  return <p onClick={{send}}>it's // {{at}}</p>;\n}}"
    )
    return with_ends(draw, text)


@st.composite
def modules(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=3))
    return with_ends(draw, "import requests\n\n\ndef rate(url):\n" + "".join(f"    {one}\n" for one in lines))


def with_ends(draw: st.DrawFn, text: str) -> str:
    """The text, perhaps with a mark and a final line end, and with ends of both kinds."""
    usual, other = draw(ENDS), draw(ENDS)
    head, _, tail = text.partition(") {\n" if ") {\n" in text else "):\n")
    between = text[len(head) : len(text) - len(tail)].rstrip("\n")
    text = head.replace("\n", other) + between + usual + tail.replace("\n", usual)
    return draw(st.sampled_from(["", "\ufeff"])) + text + draw(st.sampled_from(["", usual]))


def scanned(root: Path, texts: dict[str, str]) -> Examined:
    for name, text in texts.items():
        (root / name).write_bytes(text.encode())
    request = Request(Discovered(root, tuple(sorted(texts)), ()), {})
    return examined(request, Settings(None, root, options=OPTIONS), RULES, [BUILTIN], jobs=1)


def after(start: Examined, texts: dict[str, str], wanted: object = None) -> dict[str, str]:
    chosen = start.report().findings if wanted is None else wanted
    done = mend(start, chosen, unsafe=True)  # type: ignore[arg-type]
    return {**texts, **{change.path: change.after.decode() for change in done.changes}}


@given(panels(), panels(), modules(), st.data())
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_fixes_in_any_order_end_in_the_same_files(
    tmp_path: Path, one: str, two: str, module: str, data: st.DataObject
) -> None:
    texts = {"one.tsx": one, "two.jsx": two, "rate.py": module}
    whole = after(scanned(tmp_path, texts), texts)
    assert after(scanned(tmp_path, whole), whole) == whole
    now = texts
    for _ in range(6):
        start = scanned(tmp_path, now)
        left = start.report().findings
        if not left:
            break
        now = after(start, now, data.draw(st.lists(st.sampled_from(left), min_size=1, max_size=3, unique=True)))
    codes = [
        sorted(one.code for one in scanned(tmp_path, after(scanned(tmp_path, texts), texts)).report().findings)
        for texts in (whole, now)
    ]
    assert codes[0] == codes[1]
    for name, text in whole.items():
        if "\r" not in texts[name]:
            assert "\r" not in text
        elif "\n" not in texts[name].replace("\r\n", ""):
            assert "\n" not in text.replace("\r\n", "")
