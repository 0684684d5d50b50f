"""What the semantics say of TypeScript and JavaScript: names, functions, React, resources. esprima reads along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import esprima
import pytest

from chunklint.languages.base import SourceFile, descendants
from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.semantics.ecmascript.functions import called_name, function_of, returned
from chunklint.semantics.ecmascript.modules import exports, module_files
from chunklint.semantics.ecmascript.names import FUNCTIONS, bindings, qualified, resolve
from chunklint.semantics.ecmascript.react import Cleanup, Deps, cleanup_of, effects, hook_calls, jsx_elements
from chunklint.semantics.ecmascript.releases import ACQUIRING, Kind
from chunklint.semantics.ecmascript.resources import acquisitions
from chunklint.semantics.ecmascript.shared_leaks import offers, starts

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
PLAIN = tuple(sorted(path for suffix in ("js", "jsx") for path in FIXTURES.rglob(f"*.{suffix}")))


def read(source: str, path: str = "component.tsx") -> SourceFile:
    return ECMASCRIPT.parse(path, source)


def name_in(file: SourceFile, text: str) -> Any:
    """The last identifier of that text."""
    return [node for node in descendants(file.root, "identifier") if file.text(node) == text][-1]


def esprima_nodes(node: Any) -> Iterator[Any]:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending.extend(current)
        elif hasattr(current, "type"):
            yield current
            pending.extend(value for key, value in vars(current).items() if key not in ("range", "loc"))


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.name)
def test_esprima_counts_the_same_calls_functions_and_elements(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    theirs = [node.type for node in esprima_nodes(esprima.parseModule(source, {"jsx": True}))]
    file = read(source, path.name)
    functions = ("ArrowFunctionExpression", "FunctionExpression", "FunctionDeclaration")

    assert len(list(descendants(file.root, "call_expression"))) == theirs.count("CallExpression")
    assert len(list(descendants(file.root, "new_expression"))) == theirs.count("NewExpression")
    assert len(list(descendants(file.root, *FUNCTIONS))) == sum(map(theirs.count, functions))
    assert len(jsx_elements(file)) == theirs.count("JSXElement")


def test_there_are_plain_fixtures_for_esprima() -> None:
    assert len(PLAIN) >= 2


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ('import {useEffect as fx} from "react"; fx', "fx", ("react", "useEffect")),
        ('import fx from "react"; fx', "fx", ("react", "default")),
        ('const {io: dial} = require("socket.io-client"); dial', "dial", ("socket.io-client", "io")),
        ("const useEffect = 1; useEffect", "useEffect", None),
        ('import {on} from "bus"; function f(on) { return on; }', "on", None),
    ],
)
def test_a_name_is_known_by_its_module(source: str, name: str, expected: tuple[str, str] | None) -> None:
    file = read(source)
    assert qualified(file, name_in(file, name)) == expected


def test_a_namespace_member_is_known_by_its_module() -> None:
    file = read('import * as React from "react"; React.useEffect(run);')
    call = next(descendants(file.root, "call_expression"))
    callee = call.child_by_field_name("function")
    assert callee is not None
    assert qualified(file, callee) == ("react", "useEffect")


@pytest.mark.parametrize(
    ("pattern", "name", "keys"),
    [
        ("{start}", "start", ("start",)),
        ("{start: go}", "go", ("start",)),
        ("[, set]", "set", ("1",)),
        ("{a: [b = 1]}", "b", ("a", "0")),
        ("{...rest}", "rest", ("...",)),
    ],
)
def test_a_pattern_binds_a_name_by_its_keys(pattern: str, name: str, keys: tuple[str, ...]) -> None:
    file = read(f"const {pattern} = source();")
    assert bindings(file, file.root)[name].keys == keys


def test_the_innermost_scope_wins() -> None:
    file = read("const id = 1; function f() { { const id = 2; } for (const id of ids) { use(id); } }")
    found = resolve(file, name_in(file, "id"))
    assert found is not None
    assert found.kind == "loop"


def test_a_var_belongs_to_its_function() -> None:
    file = read("function f() { if (x) { var timer = 1; } return timer; }")
    found = resolve(file, name_in(file, "timer"))
    assert found is not None
    assert found.scope.parent is not None
    assert found.scope.parent.type == "function_declaration"


def test_a_default_export_of_an_import_is_passed_on() -> None:
    found = exports(read("import Home from './Home';\nexport default Home;\n"))["default"]
    assert (found.node, found.module, found.imported) == (None, "./Home", "default")


def test_exports_carry_their_origin() -> None:
    file = read(
        "export const a = 1; const b = 2; export {b as c};"
        ' export {d} from "./d"; export * from "./e"; export default b;'
    )
    found = exports(file)
    assert {name: (export.module, export.imported) for name, export in found.items()} == {
        "a": ("", ""),
        "c": ("", ""),
        "d": ("./d", "d"),
        "*": ("./e", "*"),
        "default": ("", ""),
    }


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("./poll", "web/src/hooks/poll.ts"),
        ("../hooks", "web/src/hooks/index.tsx"),
        ("@/hooks/poll", "web/src/hooks/poll.ts"),
        ("./poll.js", "web/src/hooks/poll.ts"),
        ("react", None),
        ("../../../outside", None),
    ],
)
def test_a_specifier_means_a_known_file(specifier: str, expected: str | None) -> None:
    known = {"web/src/hooks/poll.ts", "web/src/hooks/index.tsx"}
    assert module_files("web/src/hooks/useA.ts", specifier, known) == expected


@pytest.mark.parametrize(
    "definition",
    [
        "function go() { return 7; }",
        "const go = () => 7;",
        "const go = useCallback(() => 7, []);",
        "const go = React.useMemo(() => () => 7, []);",
        "const make = () => () => 7; const go = make();",
        "const first = () => 7; const go = first as () => number;",
    ],
)
def test_a_name_leads_to_its_function(definition: str) -> None:
    file = read(f"{definition} go;")
    function = function_of(file, name_in(file, "go"))
    assert function is not None
    assert [file.text(value) for value in returned(function)] == ["7"]


def test_names_that_define_each_other_lead_nowhere() -> None:
    file = read("const a = b; const b = a; a;")
    assert function_of(file, name_in(file, "a")) is None


@pytest.mark.parametrize(
    ("deps", "runs"),
    [
        ("", Deps.NONE),
        (", []", Deps.EMPTY),
        (", [a]", Deps.SOME),
        (", [setA, box, LIMIT]", Deps.EMPTY),
        (", deps", Deps.SOME),
    ],
)
def test_stable_dependencies_do_not_run_an_effect_again(deps: str, runs: Deps) -> None:
    file = read(
        "const LIMIT = 3;\n"
        f"function Panel() {{ const [a, setA] = useState(0); const box = useRef(null); useEffect(() => {{}}{deps}); }}"
    )
    assert [effect.runs for effect in effects(file)] == [runs]


@pytest.mark.parametrize(
    ("callback", "expected"),
    [
        ("() => { return () => stop(); }", Cleanup.PRESENT),
        ("() => store.subscribe(show)", Cleanup.PRESENT),
        ("() => { return stop; }", Cleanup.PRESENT),
        ("() => { if (x) { return () => stop(); } }", Cleanup.PRESENT),
        ("() => { if (x) return; start(); }", Cleanup.ABSENT),
        ("() => { list.map((x) => { return x; }); }", Cleanup.ABSENT),
        ("() => void start()", Cleanup.ABSENT),
        ("() => window.addEventListener('x', y)", Cleanup.ABSENT),
        ("() => (timer.current = setTimeout(x, 9))", Cleanup.ABSENT),
        ("() => { return undefined; }", Cleanup.ABSENT),
        ("async () => { return () => stop(); }", Cleanup.DROPPED),
    ],
)
def test_a_cleanup_is_what_the_callback_returns(callback: str, expected: Cleanup) -> None:
    file = read(f"function Panel() {{ useEffect({callback}, []); }}")
    assert [cleanup_of(file, effect) for effect in effects(file)] == [expected]


def test_an_effect_of_another_library_is_not_reacts() -> None:
    file = read('import {useEffect} from "haunted"; function Panel() { useEffect(() => {}, []); }')
    assert effects(file) == ()


def test_a_hook_is_found_under_its_alias() -> None:
    file = read('import {useState as useCell} from "react"; useCell(() => 1); useOther(() => 2);')
    assert [called_name(file, call) for call in hook_calls(file, "useState")] == ["useCell"]


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("window.setInterval(f, 9)", [Kind.INTERVAL]),
        ("const setInterval = mine; setInterval(f, 9)", []),
        ("setTimeout(f, 16)", []),
        ("setTimeout(f, 2_000)", [Kind.TIMEOUT]),
        ("new window.WebSocket(url)", [Kind.CONNECTION]),
        ("const handler = () => setInterval(f, 9)", []),
        ("load().then(() => setInterval(f, 9))", [Kind.INTERVAL]),
        ("rows.forEach((row) => bus.on('x', row))", [Kind.SUBSCRIPTION]),
        ("$('#x').on('click', f)", []),
        ("window.onresize = () => f()", [Kind.GLOBAL]),
        ("document.body.style.overflow = 'hidden'", [Kind.GLOBAL]),
        ("document.body.style.overflow = ''", []),
        ("window.addEventListener('x', f, {once: true})", []),
        ("const o = new ResizeObserver(f); o.observe(node)", [Kind.OBSERVER]),
        ("function step() { draw(); requestAnimationFrame(step); } step()", [Kind.LOOP]),
        ("function step() { if (left()) requestAnimationFrame(step); } step()", []),
    ],
)
def test_running_a_function_acquires(body: str, kinds: list[Kind]) -> None:
    file = read(f"import bus from './bus'; function run() {{ {body}; }}", "run.ts")
    function = next(descendants(file.root, "function_declaration"))
    assert [found.kind for found in acquisitions(file, function)] == kinds


def test_functions_that_call_each_other_are_walked_once() -> None:
    file = read("function a() { b(); setInterval(f, 9); } function b() { a(); }")
    function = next(descendants(file.root, "function_declaration"))
    assert len(list(acquisitions(file, function))) == 1


def test_every_word_of_the_guard_is_needed_by_something() -> None:
    assert len(set(ACQUIRING)) == len(ACQUIRING)
    assert all(word and not word.isspace() for word in ACQUIRING)


def test_a_hook_offers_what_its_functions_start() -> None:
    file = read("export function usePoll() { const go = () => { setInterval(ask, 9); }; return { go }; }", "poll.ts")
    assert [(offer.name, offer.member, offer.hands_back) for offer in offers(file)] == [("usePoll", "go", False)]


def test_an_effect_starts_what_a_hook_of_another_file_returns() -> None:
    file = read(
        'import {usePoll} from "./poll";\n'
        "function Panel() { const poll = usePoll();"
        " useEffect(() => { poll.go(); }, []); useEffect(() => poll.go(), []); }"
    )
    assert [(start.module, start.name, start.member) for start in starts(file)] == [("./poll", "usePoll", "go")]


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    file = read("function Panel() { useEffect(() => {" + "f(" * 2000 + ")" * 2000 + "}); }")
    for effect in effects(file):
        assert list(acquisitions(file, effect.callback)) == []
