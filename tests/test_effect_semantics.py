"""What the semantics of effects answer that no fixture shows: facts, positions, and words that mean no leak."""

from __future__ import annotations

import pickle

import pytest

from chunklint.languages.base import SourceFile, descendants
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.semantics.ecmascript.functions import arguments_of, called_name
from chunklint.semantics.ecmascript.handler_timers import resets
from chunklint.semantics.ecmascript.idle_flags import idle_flags
from chunklint.semantics.ecmascript.leaks import leaks
from chunklint.semantics.ecmascript.outside_effects import opened_by_renders
from chunklint.semantics.ecmascript.page import left_by_class
from chunklint.semantics.ecmascript.react import effects
from chunklint.semantics.ecmascript.shared_answers import Answer, Keeper, answers, overtaken, questions
from chunklint.semantics.ecmascript.shared_leaks import offers

STORE = """import { create } from "zustand";
export const useShelf = create()((set, get) => ({
  pick: (shelf) => set({ shelf }),
  load: async () => { const { shelf } = get(); set({ books: await api.books(shelf) }); },
  open: async (wide, shelf) => { const found = await api.books(shelf); set({ books: found }); },
}));
"""
PAGE = """import { useEffect } from "react";
import { useShelf } from "./shelf";
export function Page({ shelf }) {
  const { pick, load, open } = useShelf();
  useEffect(() => { pick(shelf); load(); open(true, shelf); }, [shelf, pick, load, open]);
  return null;
}
"""


def read(source: str, path: str = "component.tsx") -> SourceFile:
    return ECMASCRIPT.parse(path, source)


def in_effect(work: str, dependencies: str = "[id]") -> SourceFile:
    effect = f"useEffect(() => {{ {work} }}, {dependencies});"
    return read(
        f'import {{ useEffect, useRef }} from "react";\nexport function Page({{ id, f }}) {{ {effect} return null; }}'
    )


def test_a_store_answers_by_argument_or_by_what_it_keeps() -> None:
    found = list(answers(read(STORE, "shelf.ts")))
    keepers = [(fact.member, fact.only) for fact in found if isinstance(fact, Keeper) and fact.only]
    late = [(fact.member, set(fact.positions), set(fact.keys), fact.sets) for fact in found if isinstance(fact, Answer)]
    assert keepers == [("pick", "shelf")]
    assert late == [("load", set(), {"shelf"}, "books"), ("open", {1}, set(), "books")]


def test_a_question_is_joined_with_the_store_that_answers_it() -> None:
    facts = {
        "src/shelf.ts": tuple(answers(read(STORE, "src/shelf.ts"))),
        "src/Page.tsx": tuple(questions(read(PAGE, "src/Page.tsx"))),
    }
    kept = pickle.loads(pickle.dumps(facts))  # noqa: S301 - what workers send each other
    assert [(question.text, dependency) for _, question, _, dependency in overtaken(kept)] == [
        ("load", "shelf"),
        ("open", "shelf"),
    ]


def test_a_store_tells_what_each_function_changes_at_once() -> None:
    source = """import { create } from "zustand";
    export const useCart = create((set) => ({
      add: (item) => set((state) => ({ items: [...state.items, item], count: state.count + 1 })),
      fetch: async () => { set({ busy: true }); const found = await api.items(); set({ items: found }); },
    }));
    """
    found = answers(read(source, "cart.ts"))
    assert {fact.member: set(fact.keys) for fact in found if isinstance(fact, Keeper)} == {
        "add": {"items", "count"},
        "fetch": {"busy"},
    }


def test_a_question_without_its_store_stays_open() -> None:
    assert not list(overtaken({"src/Page.tsx": tuple(questions(read(PAGE, "src/Page.tsx")))}))


def test_a_class_offers_what_its_methods_start() -> None:
    source = "export class Clock { start() { this.id = setInterval(this.tick, 9); } name() { return 1; } }"
    assert [(offer.name, offer.member) for offer in offers(read(source, "clock.ts"))] == [("Clock", "start")]


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ("let on = true; if (on) f(id); return () => { on = false; };", [("on", True)]),
        ("let on = true; f(id); return () => { on = false; };", [("on", False)]),
        ("let on = true; f(() => on); return () => { on = false; };", []),
        ("let on = true; f(id); return () => { if (on) f(); on = false; };", []),
        ("let on = true; f(id); const end = () => { on = false; }; return end;", [("on", False)]),
        ("let on = true; if (on) f(id);", []),
    ],
)
def test_a_flag_is_idle_when_no_late_work_asks_it(work: str, expected: list[tuple[str, bool]]) -> None:
    file = in_effect(work)
    (effect,) = effects(file)
    assert [(name, asked) for _, name, asked in idle_flags(file, effect)] == expected


@pytest.mark.parametrize(
    ("word", "stays"), [("modal-open", True), ("lightbox", True), ("theme-dark", False), ("js", False)]
)
def test_what_the_whole_application_wears_is_not_left_behind(word: str, stays: bool) -> None:
    file = read(f"document.body.classList.add('{word}');")
    call = next(node for node in descendants(file.root, "call_expression") if called_name(file, node) == "add")
    found = left_by_class(file, ("document", "body", "classList", "add"), arguments_of(call))
    assert (found is not None) is stays


@pytest.mark.parametrize(
    ("dependencies", "ends", "expected"),
    [("[id]", "[]", ["feed.current"]), ("[]", "[]", []), ("[id]", "[id]", []), ("[id]", None, [""])],
)
def test_a_ref_is_overwritten_when_only_the_unmount_releases(
    dependencies: str, ends: str | None, expected: list[str]
) -> None:
    cleaning = f"useEffect(() => () => feed.current.close(), {ends});" if ends is not None else ""
    file = read(
        f"""import {{ useEffect, useRef }} from "react";
export function Page({{ id }}) {{
  const feed = useRef(null);
  useEffect(() => {{ feed.current = new WebSocket(id); }}, {dependencies});
  {cleaning}
  return null;
}}"""
    )
    assert [leak.overwrites for leak in leaks(file, effects(file)[0])] == expected


def test_a_render_opens_only_what_stands_in_the_component_itself() -> None:
    file = read(
        "export function Page({ id }) { const a = new WebSocket(id); const b = () => new WebSocket(id); return null; }"
    )
    assert [opened.acquired.node.start_byte for opened in opened_by_renders(file)] == [
        file.source.index(b"new WebSocket")
    ]


def test_a_timer_that_empties_another_state_is_no_reset() -> None:
    file = read(
        """import { useState } from "react";
export function Page() {
  const [a, setA] = useState(null);
  const [b, setB] = useState(null);
  const mark = (id) => { setA(id); setTimeout(() => setB(null), 900); setTimeout(() => setA(null), 900); };
  return <p>{a}</p>;
}"""
    )
    assert [(found.state, found.subject) for found in resets(file)] == [("a", "id")]
