"""Fixes of TypeScript and JavaScript: what they write, what they leave alone, and that the result really lets go."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from chunklint.fixing.mending import Mended
from chunklint.loader import BUILTIN, load
from mends import first_refusal, fixed_text, mended_file

RULES = [rule for rule in load([BUILTIN]) if rule.code in {"CL501", "CL502", "CL503", "CL702"}]
NEEDS_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="runs the fixed code, which takes node")


def mended(source: str, tmp_path: Path, name: str = "panel.jsx", *, unsafe: bool = True) -> Mended:
    return mended_file(tmp_path / name, source, RULES, unsafe=unsafe)


def fixed(source: str, tmp_path: Path, name: str = "panel.jsx", *, unsafe: bool = True) -> str:
    return fixed_text(mended(source, tmp_path, name, unsafe=unsafe))


def refusal(source: str, tmp_path: Path, name: str = "panel.jsx") -> str:
    return first_refusal(mended(source, tmp_path, name))


def mounted(source: str, name: str, given: str) -> str:
    """The source with a page that mounts its component with what a field changes: only that can come late."""
    return source + (
        "export function Page({ load, ask, api, tick }) {\n"
        f"  const [{given}, set] = useState('');\n"
        f"  const field = <input onChange={{(event) => set(event.target.value)}} />;\n"
        "  const ways = { load, ask, api, tick };\n"
        f"  return <div>{{field}}<{name} {given}={{{given}}} {{...ways}} /></div>;\n"
        "}\n"
    )


def in_effect(body: str, deps: str = "[]", given: str = "{ open, onClose }") -> str:
    return (
        'import { useEffect, useRef, useState } from "react";\n\n'
        f"export function Panel({given}) {{\n"
        "  const [shown, setShown] = useState(false);\n"
        "  const begun = useRef(false);\n"
        f"  useEffect(() => {{\n{body}  }}, {deps});\n"
        "  return <p ref={begun}>{shown}</p>;\n}\n"
    )


def test_a_file_with_windows_line_ends_and_tabs_keeps_them(tmp_path: Path) -> None:
    source = in_effect('    window.addEventListener("resize", onClose);\n').replace("  ", "\t").replace("\n", "\r\n")
    result = fixed(source, tmp_path)
    assert '\r\n\t\treturn () => window.removeEventListener("resize", onClose);\r\n\t}, []);' in result
    assert "\n" not in result.replace("\r\n", "")


def test_a_removal_that_is_too_long_for_a_line_gets_a_line_for_each_argument(tmp_path: Path) -> None:
    body = '    document.addEventListener("visibilitychange", onTheVisibilityOfThePage);\n'
    result = fixed(in_effect(body, given="{ onTheVisibilityOfThePage }"), tmp_path)
    assert "document.removeEventListener(\n" in result
    assert '"visibilitychange",\n' in result


def test_a_name_that_is_taken_is_not_given_again(tmp_path: Path) -> None:
    body = "    const interval = 1000;\n    setInterval(() => setShown(true), interval);\n"
    assert "const interval2 = setInterval(" in fixed(in_effect(body), tmp_path)


def test_the_comment_for_the_dependencies_stays_above_them(tmp_path: Path) -> None:
    body = (
        '    window.addEventListener("resize", onClose);\n    // eslint-disable-next-line react-hooks/exhaustive-deps\n'
    )
    result = fixed(in_effect(body), tmp_path)
    assert "onClose);\n    // eslint-disable-next-line react-hooks/exhaustive-deps\n  }, []);" in result


def test_a_re_run_that_ends_a_timer_early_is_not_safe(tmp_path: Path) -> None:
    body = "    if (open) setTimeout(() => setShown(open), 900);\n    else setShown(false);\n"
    assert mended(in_effect(body, "[open]"), tmp_path, unsafe=False).changes == ()
    assert "return () => clearTimeout(timeout);" in fixed(in_effect(body, "[open]"), tmp_path)


def test_an_effect_that_a_formatter_would_move_up_is_not_safe(tmp_path: Path) -> None:
    held = in_effect('    window.addEventListener("resize", onClose);\n')
    assert "removeEventListener" in fixed(held, tmp_path, unsafe=False)
    apart = held.replace("useEffect(() => {\n", "useEffect(\n    () =>\n").replace(
        "onClose);\n  }, []);", "onClose),\n    [],\n  );"
    )
    assert mended(apart, tmp_path, unsafe=False).changes == ()
    assert "removeEventListener" in fixed(apart, tmp_path)


def test_a_ref_that_the_effect_asks_first_is_emptied(tmp_path: Path) -> None:
    body = "    if (!poll.current) {\n      poll.current = setInterval(() => onClose(), 900);\n    }\n"
    source = in_effect(body, "[open]").replace("  useEffect", "  const poll = useRef(null);\n  useEffect")
    result = fixed(source, tmp_path)
    assert "        clearInterval(poll.current);\n        poll.current = null;\n" in result


@pytest.mark.parametrize(
    ("body", "deps", "reason"),
    [
        (
            "    if (begun.current) return;\n    begun.current = true;\n    setTimeout(() => onClose(), 1900);\n",
            "[]",
            "`begun.current` lets the effect begin once",
        ),
        (
            "    setTimeout(() => {\n      onClose();\n      submitForm(open);\n    }, 1900);\n",
            "[]",
            "the timer calls `submitForm`, which may be wanted",
        ),
        (
            "    setShown(true);\n    setTimeout(() => onClose(), 1900);\n",
            "[shown]",
            "the effect sets `shown`, which makes it run again",
        ),
        (
            "    setInterval(() => setShown(true), 900);\n    if (open) return;\n    onClose();\n",
            "[open]",
            "a `return` after it leaves the effect without a cleanup",
        ),
        (
            "    for (const one of open) {\n      setInterval(() => onClose(one), 900);\n    }\n",
            "[open]",
            "it is made in a branch or a function that the cleanup does not see",
        ),
        (
            "    open.then(() => {\n      setInterval(() => onClose(), 900);\n    });\n",
            "[open]",
            "it is acquired after a wait",
        ),
    ],
)
def test_an_effect_that_a_cleanup_would_break_is_left_alone(body: str, deps: str, reason: str, tmp_path: Path) -> None:
    assert refusal(in_effect(body, deps), tmp_path).startswith(reason)


def test_a_handler_that_would_lose_its_types_keeps_its_place(tmp_path: Path) -> None:
    source = (
        'import { useEffect } from "react";\nimport { bus } from "./bus";\n\n'
        "export function useNotes(show: (text: string) => void) {\n"
        '  useEffect(() => {\n    bus.on("note", (text) => show(text));\n  }, [show]);\n}\n'
    )
    assert refusal(source, tmp_path, "notes.ts").startswith(
        "its handler gets the types of its parameters from the call"
    )


@pytest.mark.parametrize(
    ("event", "sort"),
    [("beforeinput", "InputEvent"), ("transitionend", "TransitionEvent"), ("our-own", "Event")],
)
def test_a_handler_that_gets_a_name_gets_the_type_of_its_event(event: str, sort: str, tmp_path: Path) -> None:
    source = (
        'import { useEffect } from "react";\n\n'
        "export function useTold(tell: (event: Event) => void) {\n"
        f'  useEffect(() => {{\n    window.addEventListener("{event}", (event) => tell(event));\n  }}, [tell]);\n}}\n'
    )
    assert f"(event: {sort}) => tell(event)" in fixed(source, tmp_path, "told.ts")


def test_what_tells_of_a_mistake_is_not_lowered_like_what_tells_of_a_wait(tmp_path: Path) -> None:
    source = (
        'import { useEffect, useState } from "react";\n\n'
        "export function Plan({ query, ask }) {\n"
        "  const [plan, setPlan] = useState(null);\n  const [wrong, setWrong] = useState('');\n"
        "  useEffect(() => {\n    async function load() {\n"
        "      if (!query) {\n        setWrong('nothing is asked');\n        return;\n      }\n"
        "      const told = await ask(query);\n      setWrong('');\n      setPlan(told);\n    }\n    load();\n"
        "  }, [query]);\n  return <p title={wrong}>{plan}</p>;\n}\n"
    )
    result = fixed(mounted(source, "Plan", "query"), tmp_path)
    assert "if (ignore) return;" in result
    assert result.count("setWrong('')") == 1


def test_a_flag_that_the_file_knows_is_used_again(tmp_path: Path) -> None:
    source = (
        'import { useEffect, useState } from "react";\n\n'
        "export function Rows({ id, load }) {\n"
        "  const [rows, setRows] = useState([]);\n"
        "  useEffect(() => {\n"
        "    load(id).then((found) => setRows(found));\n"
        "  }, [id]);\n"
        "  return <ul>{rows}</ul>;\n}\n"
        "export function other() {\n  let cancelled = false;\n  return () => {\n    cancelled = true;\n  };\n}\n"
    )
    result = fixed(mounted(source, "Rows", "id"), tmp_path)
    assert "      if (!cancelled) setRows(found);\n" in result
    assert result.count("let cancelled = false;") == 2


def test_a_late_answer_is_dropped_on_every_way_out(tmp_path: Path) -> None:
    source = (
        'import { useEffect, useState } from "react";\n\n'
        "export function Rows({ id, api }) {\n"
        "  const [rows, setRows] = useState([]);\n"
        "  const [problem, setProblem] = useState(null);\n"
        "  const [busy, setBusy] = useState(false);\n"
        "  useEffect(() => {\n"
        "    const load = async () => {\n"
        "      setBusy(true);\n"
        "      try {\n"
        "        const answer = await api.rows(id);\n"
        "        setRows(answer.rows);\n"
        "      } catch (thrown) {\n"
        "        console.error(thrown);\n"
        "        setProblem(thrown);\n"
        "        setRows([]);\n"
        "      } finally {\n"
        "        setBusy(false);\n"
        "      }\n"
        "    };\n"
        "    load();\n"
        "  }, [id]);\n"
        "  return <ul title={problem}>{busy ? null : rows}</ul>;\n}\n"
    )
    result = fixed(mounted(source, "Rows", "id"), tmp_path)
    assert "await api.rows(id);\n        if (ignore) return;\n        setRows" in result
    assert "console.error(thrown);\n        if (ignore) return;\n        setProblem" in result
    assert "      } finally {\n        if (!ignore) setBusy(false);\n" in result


@pytest.mark.parametrize(("early", "lowers"), [("setBusy(false);\n        ", False), ("", True)])
def test_a_cleanup_lowers_only_what_no_run_would_lower(early: str, lowers: bool, tmp_path: Path) -> None:
    source = (
        'import { useEffect, useState } from "react";\n\n'
        "export function Rows({ api }) {\n"
        '  const [id, setId] = useState("");\n'
        "  const [rows, setRows] = useState([]);\n"
        "  const [busy, setBusy] = useState(true);\n"
        "  useEffect(() => {\n"
        "    const load = async () => {\n"
        "      if (!id) {\n"
        f"        {early}return;\n"
        "      }\n"
        "      setBusy(true);\n"
        "      const answer = await api.rows(id);\n"
        "      setRows(answer.rows);\n"
        "      setBusy(false);\n"
        "    };\n"
        "    load();\n"
        "  }, [id]);\n"
        "  return <ul onClick={() => setId(rows[0])}>{busy ? null : rows}</ul>;\n}\n"
    )
    assert ("ignore = true;\n      setBusy(false);" in fixed(source, tmp_path)) is lowers


def test_what_comes_after_a_wait_in_a_branch_asks_too(tmp_path: Path) -> None:
    source = (
        'import { useEffect, useState } from "react";\n\n'
        "export function Rows({ id, api }) {\n"
        "  const [rows, setRows] = useState([]);\n"
        "  const [busy, setBusy] = useState(false);\n"
        "  useEffect(() => {\n"
        "    const load = async () => {\n"
        "      try {\n"
        "        const answer = await api.rows(id);\n"
        "        setRows(answer.rows);\n"
        "      } catch (thrown) {\n"
        "        console.error(thrown);\n"
        "      }\n"
        "      setBusy(false);\n"
        "    };\n"
        "    load();\n"
        "  }, [id]);\n"
        "  return <ul>{busy ? null : rows}</ul>;\n}\n"
    )
    result = fixed(mounted(source, "Rows", "id"), tmp_path)
    assert "await api.rows(id);\n        if (ignore) return;\n" in result
    assert "      }\n      if (ignore) return;\n      setBusy(false);\n" in result


def test_an_effect_that_remembers_what_it_asked_would_not_ask_again(tmp_path: Path) -> None:
    source = (
        'import { useEffect, useRef, useState } from "react";\n\n'
        "export function Rows({ id, load, tick }) {\n"
        "  const [rows, setRows] = useState([]);\n"
        "  const asked = useRef(null);\n"
        "  useEffect(() => {\n"
        "    const isNew = asked.current !== id;\n"
        "    asked.current = id;\n"
        "    if (!isNew) return;\n"
        "    load(id).then((found) => setRows(found));\n"
        "  }, [id, tick]);\n"
        "  return <ul>{rows}</ul>;\n}\n"
    )
    why = refusal(mounted(source, "Rows", "id"), tmp_path)
    assert why.startswith("`asked.current` tells the effect what it has asked")


HARNESS = """
const live = new Set();
const tracked = (target) => ({
  __proto__: target,
  addEventListener: (event, handler, options) => live.add(`${event} ${named(handler)} ${phase(options)}`),
  removeEventListener: (event, handler, options) => live.delete(`${event} ${named(handler)} ${phase(options)}`),
});
const names = new Map();
const named = (handler) => names.get(handler) ?? names.set(handler, names.size).get(handler);
const phase = (options) => Boolean(typeof options === "object" ? options?.capture : options);
globalThis.window = tracked({ innerWidth: 7 });
globalThis.document = tracked({});
let rounds = 0;
for (const [set, clear] of [["setInterval", "clearInterval"], ["setTimeout", "clearTimeout"]]) {
  globalThis[set] = (work) => (live.add(`${set} ${++rounds}`), rounds);
  globalThis[clear] = (id) => live.delete(`${set} ${id}`);
}
globalThis.requestAnimationFrame = (work) => (live.add(`frame ${++rounds}`), rounds === 1 && work(), rounds);
globalThis.cancelAnimationFrame = (id) => (live.delete(`frame ${id}`), live.delete("frame 1"));
globalThis.EventSource = class { constructor() { live.add("source"); } close() { live.delete("source"); } };
const { cleanups, set } = await import("react");
const { usePanel } = await import("./panel.mjs");
usePanel();
await new Promise((resolve) => setImmediate(resolve));
const during = live.size;
for (const cleanup of cleanups) cleanup();
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify({ during, after: live.size, set }));
"""
REACT = """
export const cleanups = [];
export const set = [];
export function useEffect(effect) {
  const cleanup = effect();
  if (typeof cleanup === "function") cleanups.push(cleanup);
}
export const useState = (value) => [value, (next) => set.push(next)];
export const useRef = (current) => ({ current });
"""


def run(module: str, tmp_path: Path) -> dict[str, int]:
    """How many listeners, timers and connections a hook has while it is mounted and after its cleanups have run."""
    react = tmp_path / "node_modules" / "react"
    react.mkdir(parents=True, exist_ok=True)
    (react / "index.mjs").write_text(REACT, encoding="utf-8")
    (react / "package.json").write_text('{"name": "react", "exports": "./index.mjs"}', encoding="utf-8")
    (tmp_path / "panel.mjs").write_text(module, encoding="utf-8")
    (tmp_path / "main.mjs").write_text(HARNESS, encoding="utf-8")
    done = subprocess.run(["node", "main.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def hook(effect: str) -> str:
    return (
        'import { useEffect, useRef, useState } from "react";\n\n'
        "export function usePanel() {\n"
        "  const [size, setSize] = useState(0);\n"
        "  const timer = useRef(null);\n"
        f"  {effect}\n"
        "  return size;\n}\n"
    )


@NEEDS_NODE
@pytest.mark.parametrize(
    "effect",
    [
        'useEffect(() => {\n    window.addEventListener("resize", () => setSize(window.innerWidth));\n  }, []);',
        'useEffect(() => window.addEventListener("resize", () => setSize(1)), []);',
        'useEffect(() => { document.addEventListener("keydown", () => setSize(1), { capture: true }) }, []);',
        'useEffect(() => {\n    window.addEventListener("resize", () => setSize(1));\n'
        '    return () => window.removeEventListener("resize", () => setSize(1));\n  }, []);',
        'useEffect(() => {\n    const grow = () => setSize(1);\n    window.addEventListener("resize", grow, true);\n'
        '    return () => window.removeEventListener("resize", grow);\n  }, []);',
        "useEffect(() => {\n    setInterval(() => setSize(1), 1000);\n  }, []);",
        "useEffect(() => {\n    timer.current = setInterval(() => setSize(1), 1000);\n  }, []);",
        "useEffect(() => {\n    if (size === 0) {\n      setInterval(() => setSize(1), 1500);\n    }\n"
        "    setSize(2);\n  }, []);",
        "useEffect(() => {\n    const turn = () => {\n      setSize(1);\n      requestAnimationFrame(turn);\n    };\n"
        "    requestAnimationFrame(turn);\n  }, []);",
        'useEffect(() => {\n    const feed = new EventSource("/feed");\n'
        "    feed.onmessage = () => setSize(1);\n  }, []);",
    ],
)
def test_after_its_cleanup_a_fixed_effect_holds_nothing(effect: str, tmp_path: Path) -> None:
    before = run(hook(effect), tmp_path)
    after = run(fixed(hook(effect), tmp_path, "hook.js"), tmp_path)
    assert before["after"] > 0
    assert (after["during"], after["after"]) == (before["during"], 0)


@NEEDS_NODE
def test_a_poll_that_ends_during_its_wait_is_not_taken_up_again(tmp_path: Path) -> None:
    effect = (
        "useEffect(() => {\n    const ask = async () => {\n      await Promise.resolve();\n      setSize(1);\n"
        "      setTimeout(ask, 2000);\n    };\n    ask();\n  }, []);"
    )
    assert run(hook(effect), tmp_path)["after"] == 1
    assert run(fixed(hook(effect), tmp_path, "hook.js"), tmp_path)["after"] == 0


@NEEDS_NODE
def test_a_lost_cleanup_is_called_however_long_the_effect_waited(tmp_path: Path) -> None:
    effect = (
        'useEffect(async () => {\n    await Promise.resolve();\n    const feed = new EventSource("/feed");\n'
        "    return () => feed.close();\n  }, []);"
    )
    assert run(hook(effect), tmp_path)["after"] == 1
    assert run(fixed(hook(effect), tmp_path, "hook.js"), tmp_path)["after"] == 0


BUTTONS = """\
    const near = document.getElementById("near");
    const far = document.getElementById("far");
    near.addEventListener("click", () =>
      open(1),
    );
    far.addEventListener("click", () => open(2));
    return () => {
      near.removeEventListener("click", () =>
        open(1),
      );
      far.removeEventListener("click", () => open(2));
    };
"""


def test_two_handlers_that_are_fixed_at_once_get_two_names(tmp_path: Path) -> None:
    done = mended(in_effect(BUTTONS, "[open]"), tmp_path)
    assert fixed_text(done) == in_effect(
        """\
    const near = document.getElementById("near");
    const far = document.getElementById("far");
    const handleClick = () => open(1);
    near.addEventListener("click", handleClick);
    const handleClickEvent = () => open(2);
    far.addEventListener("click", handleClickEvent);
    return () => {
      near.removeEventListener("click", handleClick);
      far.removeEventListener("click", handleClickEvent);
    };
""",
        "[open]",
    )
    assert done.refused == ()


def test_a_cleanup_that_adds_what_it_is_to_remove_is_left_to_its_author(tmp_path: Path) -> None:
    body = """\
    window.addEventListener("blur", onClose);
    window.addEventListener("focus", open);
    return () => {
      window.removeEventListener("focus", open);
      window.addEventListener("blur", onClose);
    };
"""
    told = refusal(in_effect(body, "[open, onClose]"), tmp_path)
    assert told == "its cleanup adds it once more, where it most likely is to be removed"


@pytest.mark.parametrize(
    ("hooks", "timer", "reason"),
    [
        ("", "setInterval(() => props.save(), 900);", "the component has no hooks in a row"),
        (
            "  const [at, setAt] = useState(0);\n",
            "let timer;\n    timer = setInterval(() => setAt(at + 1), 900);",
            "what else becomes of its handle",
        ),
        (
            "  const [at, setAt] = useState(0);\n",
            "if (at) setInterval(() => setAt(at + 1), 900);",
            "what else becomes of its handle",
        ),
    ],
)
def test_a_timer_of_a_handler_that_no_ref_would_hold_stays(hooks: str, timer: str, reason: str, tmp_path: Path) -> None:
    source = (
        'import { useState } from "react";\n\nexport function Panel(props) {\n'
        f"{hooks}  if (!props.open) return null;\n  const begin = () => {{\n    {timer}\n  }};\n"
        "  return <p onClick={begin} />;\n}\n"
    )
    assert refusal(source, tmp_path).startswith(reason)


def test_an_interval_that_a_handler_names_is_held_behind_its_name(tmp_path: Path) -> None:
    source = (
        'import React from "react";\n\nexport function Panel({ follow, end }) {\n'
        "  const [at, setAt] = React.useState(0);\n"
        "  const begin = () => {\n    const popup = window.open(at);\n"
        "    const timer = setInterval(() => {\n      setAt(popup.closed);\n"
        "      if (popup.closed) clearInterval(timer);\n      end();\n    }, 900);\n  };\n"
        "  return <p onClick={begin} />;\n}\n"
    )
    result = fixed(source, tmp_path)
    assert "  const intervalRef = React.useRef(null);\n\n  React.useEffect(() => {\n" in result
    assert "    clearInterval(intervalRef.current);\n    const timer = setInterval(" in result
    assert "    }, 900);\n    intervalRef.current = timer;\n  };\n" in result


def test_a_timer_that_a_value_of_the_rendering_before_started_stays(tmp_path: Path) -> None:
    source = (
        'import { useEffect, useState } from "react";\nimport { usePrevious } from "./hooks";\n\n'
        "export function Panel({ wide }) {\n  const [shown, setShown] = useState(false);\n"
        "  const wideBefore = usePrevious(wide);\n  useEffect(() => {\n    if (wide !== wideBefore) {\n"
        "      setTimeout(() => setShown(wide), 900);\n    } else setShown(false);\n"
        "  }, [wide, wideBefore]);\n  return <p>{shown}</p>;\n}\n"
    )
    assert refusal(source, tmp_path).startswith("`wideBefore` changes with the next rendering")


@pytest.mark.parametrize(
    ("hook", "body", "deps"),
    [
        (
            "const [asked, setAsked] = useAddress();",
            "if (asked) { setAsked(''); window.addEventListener('resize', save); }",
            "asked",
        ),
        (
            "const location = useLocation();",
            "if (location) { navigate('/'); later(); } else { setAt(0); }",
            "location",
        ),
        (
            "const [done, setDone] = useState(false);",
            "if (done) return;\n    setDone(true);\n    window.addEventListener('resize', save);",
            "done",
        ),
    ],
)
def test_what_a_re_run_of_its_own_making_would_end_stays(hook: str, body: str, deps: str, tmp_path: Path) -> None:
    timer = "setTimeout(() => setAt(at + 1), 900)"
    source = (
        'import { useEffect, useState } from "react";\nimport { useAddress, useLocation, navigate } from "./hooks";\n\n'
        f"export function Panel({{ save }}) {{\n  {hook}\n"
        "  const [at, setAt] = useState(0);\n"
        f"  useEffect(() => {{\n    {body.replace('later()', timer)}\n  }}, [{deps}]);\n"
        f"  return <p title={{at}}>{{{deps}}}</p>;\n}}\n"
    )
    assert refusal(source, tmp_path).startswith(f"the effect sets `{deps}`, which makes it run again")


def test_a_listener_that_every_run_adds_again_is_removed_though_the_effect_runs_itself(tmp_path: Path) -> None:
    source = (
        'import { useEffect, useState } from "react";\n\nexport function Panel({ save }) {\n'
        "  const [done, setDone] = useState(false);\n  useEffect(() => {\n    setDone(true);\n"
        "    window.addEventListener('resize', save);\n  }, [done, save]);\n  return <p>{done}</p>;\n}\n"
    )
    assert "return () => window.removeEventListener('resize', save);" in fixed(source, tmp_path)


def test_timers_of_a_loop_are_too_many_for_a_ref(tmp_path: Path) -> None:
    source = (
        'import { useState } from "react";\n\nexport function Panel({ rows }) {\n'
        "  const [at, setAt] = useState(0);\n  const begin = () => {\n    for (const row of rows) {\n"
        "      setInterval(() => setAt(row), 900);\n    }\n  };\n  return <p onClick={begin}>{at}</p>;\n}\n"
    )
    assert refusal(source, tmp_path).startswith("a loop starts it")


def test_a_controller_that_the_cleanup_aborts_is_asked(tmp_path: Path) -> None:
    source = (
        'import { useEffect, useState } from "react";\nimport { abort } from "./abort";\n\n'
        "export function Panel({ load }) {\n"
        '  const [id, setId] = useState("");\n  const [row, setRow] = useState(null);\n  useEffect(() => {\n'
        "    const controller = new AbortController();\n    const run = async () => {\n"
        "      const answer = await load(id, controller.signal);\n      setRow(answer);\n    };\n    run();\n"
        "    return () => abort(controller);\n  }, [id, load]);\n"
        "  return <p onClick={() => setId(row)}>{row}</p>;\n}\n"
    )
    result = mended(source, tmp_path)
    if result.changes:
        assert "if (controller.signal.aborted) return;\n      setRow" in fixed_text(result)
        assert "ignore" not in fixed_text(result)


def test_an_emitter_without_an_off_is_left_by_what_on_returned(tmp_path: Path) -> None:
    source = (
        'import {useEffect, useState} from "react";\nimport {createNanoEvents} from "nanoevents";\n\n'
        "const emitter = createNanoEvents();\n\nexport function Panel() {\n  const [at, setAt] = useState(0);\n"
        '  useEffect(() => {\n    emitter.on("moved", (to) => setAt(to));\n  }, []);\n  return <p>{at}</p>;\n}\n'
    )
    result = mended(source, tmp_path)
    assert not result.changes or 'const unbind = emitter.on("moved", (to) => setAt(to));' in fixed_text(result)


def test_braces_are_written_as_the_file_writes_them(tmp_path: Path) -> None:
    source = (
        'import {useState} from "react";\n\nexport function Panel() {\n  const [at, setAt] = useState({});\n'
        "  const begin = () => {\n    setInterval(() => setAt({at}), 900);\n  };\n"
        "  return <p onClick={begin}>{at}</p>;\n}\n"
    )
    assert 'import {useEffect, useRef, useState} from "react";' in fixed(source, tmp_path)
