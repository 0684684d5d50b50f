"""What a Python expression refers to: names, scopes, types and the definitions that reach a use."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tree_sitter import Node

from chunklint.api import descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.python.names import (
    annotated_type,
    arguments,
    calls_of,
    enclosing_function,
    local_function,
    qualified_name,
    type_of,
)
from chunklint.semantics.python.scopes import Kind, attribute_bindings, bindings_in, reaching, resolve, scope_of


def read(source: str) -> PythonFile:
    return PYTHON.parse("module.py", dedent(source))


def last(file: PythonFile, text: str) -> Node:
    """The last, innermost node that spells the text."""
    return [node for node in descendants(file.root) if node.is_named and file.text(node) == text][-1]


def named(source: str, text: str) -> str | None:
    file = read(source)
    return qualified_name(last(file, text), file)


def typed(source: str, text: str) -> str | None:
    file = read(source)
    return type_of(last(file, text), file)


def values(source: str, name: str) -> list[str]:
    """The values (or kinds, where there is none) of the bindings that reach the last use of a name."""
    file = read(source)
    return [file.text(one.value) if one.value else str(one.kind) for one in reaching(last(file, name), file)]


@pytest.mark.parametrize(
    ("source", "expression", "expected"),
    [
        ("import requests\nrequests.get", "requests.get", "requests.get"),
        ("import requests as r\nr.get", "r.get", "requests.get"),
        ("import urllib.request\nurllib.request.urlopen", "urllib.request.urlopen", "urllib.request.urlopen"),
        ("import urllib.request as u\nu.urlopen", "u.urlopen", "urllib.request.urlopen"),
        ("import a.b, a.c\na.c.f", "a.c.f", "a.c.f"),
        ("from requests import get\nget", "get", "requests.get"),
        ("from requests import get as fetch\nfetch", "fetch", "requests.get"),
        ("from . import views\nviews.show", "views.show", ".views.show"),
        ("from ..pkg.views import show\nshow", "show", "..pkg.views.show"),
        ("from .views import (show,\n  hide)\nhide", "hide", ".views.hide"),
        ("import requests\nfetch = requests.get\nfetch", "fetch", "requests.get"),
        ("open", "open", "builtins.open"),
        ("unknown", "unknown", None),
        ("def f(): pass\nf", "f", "<module>.f"),
        ("class A:\n  def f(self): pass\nA.f", "A.f", "<module>.A.f"),
        ("(get)", "get", None),
        ("from x import *\nget", "get", None),
    ],
)
def test_an_expression_has_the_name_of_what_it_refers_to(source: str, expression: str, expected: str | None) -> None:
    assert named(source, expression) == expected


def test_an_import_inside_a_function_is_seen_there_and_nowhere_else() -> None:
    source = """
        def f():
            import requests
            requests.get
        def g():
            requests.put
    """
    assert named(source, "requests.get") == "requests.get"
    assert named(source, "requests.put") is None


def test_an_optional_import_keeps_its_name() -> None:
    source = """
        try:
            import redis
        except ImportError:
            redis = None
        redis.Redis
    """
    assert named(source, "redis.Redis") == "redis.Redis"


def test_two_different_imports_of_one_name_have_no_common_name() -> None:
    source = """
        try:
            from fast import get
        except ImportError:
            from slow import get
        get
    """
    assert named(source, "get") is None


def test_a_parameter_hides_the_module_of_its_name() -> None:
    assert named("import requests\ndef f(requests):\n    requests.get", "requests.get") is None


def test_a_local_variable_hides_the_import_even_before_its_assignment() -> None:
    assert named("import json\ndef f():\n    json.loads\n    json = 1", "json.loads") is None


def test_a_loop_variable_hides_the_import() -> None:
    assert named("import item\nfor item in ():\n    item.get", "item.get") is None


def test_a_match_capture_hides_the_import() -> None:
    source = """
        import item
        def f(x):
            match x:
                case {"a": item}:
                    return item.get
    """
    assert named(source, "item.get") is None


def test_a_class_pattern_binds_nothing_by_its_class_name() -> None:
    source = """
        from shapes import Point
        def f(x):
            match x:
                case Point():
                    return Point.origin
    """
    assert named(source, "Point.origin") == "shapes.Point.origin"


@pytest.mark.parametrize(
    ("source", "expression", "expected"),
    [
        ("import httpx\nc = httpx.Client()\nc", "c", "httpx.Client"),
        ("import httpx\nwith httpx.Client() as c:\n    c", "c", "httpx.Client"),
        ("import httpx\nwith (open('a') as a, httpx.Client() as c):\n    c", "c", "httpx.Client"),
        ("import httpx\nwith open('a') as a, httpx.Client() as c:\n    c", "c", "httpx.Client"),
        ("import httpx\nasync def f():\n  async with httpx.AsyncClient() as c:\n    c", "c", "httpx.AsyncClient"),
        ("import httpx\nif (c := httpx.Client()):\n    c", "c", "httpx.Client"),
        ("import httpx\nc: httpx.Client\nc", "c", "httpx.Client"),
        ("import httpx\ndef f(c: httpx.Client): c", "c", "httpx.Client"),
        ("import httpx\ndef f(c: 'httpx.Client'): c", "c", "httpx.Client"),
        ("import httpx\ndef f(c: httpx.Client | None = None): c", "c", "httpx.Client"),
        ("import httpx\ndef f(c: None | httpx.Client): c", "c", "httpx.Client"),
        ("import httpx\ndef f(c: 'httpx.Client | None'): c", "c", "httpx.Client"),
        ("from typing import Optional\nimport httpx\ndef f(c: Optional[httpx.Client]): c", "c", "httpx.Client"),
        ("import typing, httpx\ndef f(c: typing.Optional[httpx.Client]): c", "c", "httpx.Client"),
        ("import httpx\ndef f(c: Annotated[httpx.Client, Depends(get)]): c", "c", "httpx.Client"),
        ("import httpx\nDep = Annotated[httpx.Client, Depends(get)]\ndef f(c: Dep): c", "c", "httpx.Client"),
        ("import httpx\ntype Dep = Annotated[httpx.Client, 1]\ndef f(c: Dep): c", "c", "httpx.Client"),
        ("import httpx\ndef f(c: list[httpx.Client]): c", "c", None),
        ("import httpx\ndef f(c: httpx.Client | int): c", "c", None),
        ("import httpx\ndef f(*c: httpx.Client): c", "c", None),
        ("import httpx\ndef f(**c: httpx.Client): c", "c", None),
        ("import redis\nc = redis.Redis.from_url('x')\nc", "c", "redis.Redis"),
        ("import redis\nc = redis.from_url('x')\nc", "c", "redis.Redis"),
        ("import redis\nc = a and redis.Redis() or None\nc", "c", "redis.Redis"),
        ("import redis\nc = redis.Redis() if a else None\nc", "c", "redis.Redis"),
        ("import redis\nc = None\nif a:\n    c = redis.Redis()\nc", "c", "redis.Redis"),
        ("import redis, httpx\nc = redis.Redis() if a else httpx.Client()\nc", "c", None),
        ("import redis\ndef make() -> redis.Redis: ...\nc = make()\nc", "c", "redis.Redis"),
        ("import redis\ndef make() -> Iterator[redis.Redis]: ...\ndef f(c=Depends(make)): c", "c", "redis.Redis"),
        ("import redis\nasync def make() -> redis.Redis: ...\nc = await make()\nc", "c", "redis.Redis"),
        ("a, b = make()\na", "a", None),
        ("class Client: ...\nc = Client()\nc", "c", "<module>.Client"),
    ],
)
def test_a_value_has_the_type_of_its_constructor_or_annotation(
    source: str, expression: str, expected: str | None
) -> None:
    assert typed(source, expression) == expected


def test_a_method_is_named_by_the_class_of_its_instance() -> None:
    assert named("import httpx\nc = httpx.Client()\nc.get", "c.get") == "httpx.Client.get"
    assert named("import httpx\nhttpx.Client().get", "httpx.Client().get") == "httpx.Client.get"


def test_an_attribute_of_self_has_the_type_that_any_method_gives_it() -> None:
    source = """
        import redis
        class Cache:
            def __init__(self):
                self.client = None
            def connect(self):
                self.client = redis.Redis()
            def read(self):
                return self.client.get
    """
    assert named(source, "self.client.get") == "redis.Redis.get"


def test_an_attribute_of_self_takes_the_type_of_the_parameter_it_is_given() -> None:
    source = """
        import redis
        class Cache:
            def __init__(self, client: redis.Redis):
                self.client = client
            def read(self):
                return self.client.get
    """
    assert named(source, "self.client.get") == "redis.Redis.get"


def test_an_attribute_annotated_in_the_class_body_has_that_type() -> None:
    source = """
        import redis
        class Cache:
            client: redis.Redis
            def read(self):
                return self.client.get
    """
    assert named(source, "self.client.get") == "redis.Redis.get"


def test_an_attribute_of_another_class_is_not_mistaken_for_ours() -> None:
    source = """
        import redis
        class A:
            def __init__(self): self.client = redis.Redis()
        class B:
            def read(self): return self.client.get
    """
    assert named(source, "self.client.get") is None


def test_an_attribute_of_a_base_class_in_the_module_is_found() -> None:
    source = """
        import redis
        class A:
            def __init__(self): self.client = redis.Redis()
        class B(A):
            def read(self): return self.client.get
    """
    assert named(source, "self.client.get") == "redis.Redis.get"


def test_classes_that_inherit_in_a_circle_come_to_an_end() -> None:
    assert named("class A(B):\n  def f(self): self.x.y\nclass B(A): ...", "self.x.y") is None


def test_a_decorator_a_default_and_an_annotation_belong_to_the_scope_outside() -> None:
    file = read("""
        import json
        @json.wraps
        def f(a=json.first, b: json.second = 1) -> json.third:
            json = 1
    """)
    for expression in ("json.wraps", "json.first", "json.second", "json.third"):
        assert qualified_name(last(file, expression), file) == expression


def test_bases_belong_to_the_scope_outside_and_class_names_stay_out_of_methods() -> None:
    file = read("""
        import json
        class A(json.Base):
            json = 1
            own = json
            def f(self):
                return json.loads
    """)
    assert qualified_name(last(file, "json.Base"), file) == "json.Base"
    assert qualified_name(last(file, "json.loads"), file) == "json.loads"


def test_a_comprehension_has_its_own_scope_but_for_its_first_iterable() -> None:
    file = read("import item\nnames = [item.inner for item in item.outer if item.kept]")
    assert qualified_name(last(file, "item.outer"), file) == "item.outer"
    assert qualified_name(last(file, "item.inner"), file) is None
    assert qualified_name(last(file, "item.kept"), file) is None


def test_a_comprehension_variable_does_not_leak() -> None:
    assert named("import item\n[item for item in ()]\nitem.get", "item.get") == "item.get"


def test_a_walrus_in_a_comprehension_binds_in_the_function_around() -> None:
    assert values("def f():\n    [y := x for x in ()]\n    return y", "y") == ["x"]


def test_a_for_loop_reads_its_iterable_before_it_binds() -> None:
    assert named("import item\nfor item in item.children: pass", "item.children") == "item.children"


def test_a_global_declaration_makes_the_assignment_the_modules() -> None:
    source = """
        import redis
        client = None
        def start():
            global client
            client = redis.Redis()
        def use():
            return client.get
    """
    assert named(source, "client.get") == "redis.Redis.get"


def test_a_nonlocal_declaration_makes_the_assignment_the_outer_functions() -> None:
    source = """
        import redis
        client = 1
        def outer():
            client = None
            def start():
                nonlocal client
                client = redis.Redis()
            start()
            return client.get
    """
    assert named(source, "client.get") == "redis.Redis.get"


def test_a_local_name_beside_a_global_of_that_name_stays_local() -> None:
    assert values("x = 1\ndef f():\n    x = 2\n    return x", "x") == ["2"]


def test_a_later_assignment_hides_an_earlier_one() -> None:
    assert values("x = 1\nx = 2\nuse(x)", "x") == ["2"]


def test_an_assignment_after_the_use_does_not_reach_it() -> None:
    assert values("def f():\n    x = 1\n    use(x)\n    x = 2\n    del y", "x") != ["2"]
    file = read("x = 1\nuse(x)\nx = 2")
    use = next(node for node in descendants(file.root, "argument_list")).named_children[0]
    assert [file.text(one.value) for one in reaching(use, file) if one.value] == ["1"]


def test_both_branches_of_an_if_reach_the_use_after_it() -> None:
    assert values("if c:\n    x = 1\nelse:\n    x = 2\nuse(x)", "x") == ["1", "2"]


def test_a_value_before_an_if_survives_it() -> None:
    assert values("x = 1\nif c:\n    x = 2\nuse(x)", "x") == ["1", "2"]


def test_a_binding_in_one_branch_does_not_reach_the_other() -> None:
    assert values("x = 0\nif c:\n    x = 1\nelif d:\n    x = 2\nelse:\n    use(x)", "x") == ["0"]


def test_a_binding_in_a_try_leaves_the_one_before_it_alive() -> None:
    assert values("x = 1\ntry:\n    x = 2\nexcept E:\n    pass\nuse(x)", "x") == ["1", "2"]


def test_a_name_of_an_exception_hides_nothing_after_its_handler() -> None:
    assert "1" in values("e = 1\ntry:\n    pass\nexcept E as e:\n    pass\nuse(e)", "e")


def test_an_assignment_late_in_a_loop_reaches_its_beginning() -> None:
    file = read("x = 1\nwhile c:\n    use(x)\n    x = 2")
    use = next(node for node in descendants(file.root, "argument_list")).named_children[0]
    assert [file.text(one.value) for one in reaching(use, file) if one.value] == ["1", "2"]


def test_an_assignment_reads_the_value_before_it() -> None:
    file = read("x = 1\nx = f(x)")
    use = next(node for node in descendants(file.root, "argument_list")).named_children[0]
    assert [file.text(one.value) for one in reaching(use, file) if one.value] == ["1"]


def test_an_augmented_assignment_adds_to_what_came_before() -> None:
    assert values("x = 1\nx += 2\nuse(x)", "x") == ["1", "2"]


def test_a_closure_sees_every_binding_of_the_outer_scope() -> None:
    assert values("def f():\n    x = 1\n    def g():\n        return x\n    x = 2\n    x", "x") == ["2"]
    file = read("def f():\n    x = 1\n    def g():\n        use(x)\n    x = 2")
    use = next(node for node in descendants(file.root, "argument_list")).named_children[0]
    assert [file.text(one.value) for one in reaching(use, file) if one.value] == ["1", "2"]


def test_an_unpacked_name_knows_its_place_in_the_value() -> None:
    file = read("a, (b, *c) = value\nuse(b)")
    (found,) = resolve(last(file, "b"), file)
    assert (found.kind, found.path) == (Kind.ASSIGNMENT, (1, 0))


def test_a_definition_belongs_to_the_scope_around_it() -> None:
    file = read("def f():\n    def g(): pass\nclass A: pass")
    assert sorted(bindings_in(file.root, file)) == ["A", "f"]
    function = next(descendants(file.root, "function_definition"))
    assert sorted(bindings_in(function, file)) == ["g"]
    assert scope_of(function, file) == file.root


def test_attributes_of_a_class_are_those_of_its_body_and_of_self() -> None:
    file = read("class A:\n    x = 1\n    def f(self):\n        self.x = 2\n        other.x = 3")
    owner = next(descendants(file.root, "class_definition"))
    assert [file.text(one.value) for one in attribute_bindings(owner, "x", file) if one.value] == ["1", "2"]


def test_arguments_are_sorted_by_how_they_are_given() -> None:
    file = read("f(1, *rest, key=2, **more)")
    given = arguments(next(descendants(file.root, "call")), file)
    assert [file.text(node) for node in (*given.positional, *given.splat, *given.double_splat)] == ["1", "rest", "more"]
    assert {name: file.text(node) for name, node in given.keywords.items()} == {"key": "2"}
    assert given.get("other", 0) is None, "a position is not known behind a star"


def test_a_generator_expression_is_the_single_argument() -> None:
    file = read("any(x for x in y)")
    assert len(arguments(next(descendants(file.root, "call")), file).positional) == 1


def test_calls_of_a_function_are_found_by_what_they_resolve_to() -> None:
    file = read("""
        def fetch(): ...
        def other(fetch):
            fetch()
        class A:
            def fetch(self): ...
            def go(self):
                self.fetch()
        fetch()
    """)
    function = next(descendants(file.root, "function_definition"))
    assert [node.start_point[0] for node in calls_of(function, file)] == [8]
    method = next(node for node in descendants(file.root, "function_definition") if file.symbol(node) == "A")
    assert [node.start_point[0] for node in calls_of(method, file)] == [7]
    assert local_function(last(file, "fetch"), file) == function


def test_the_function_around_a_node_may_be_a_lambda() -> None:
    file = read("def f():\n    return lambda: inner")
    around = enclosing_function(last(file, "inner"))
    assert around is not None
    assert around.type == "lambda"


@pytest.mark.parametrize(
    "source",
    [
        "a = b\nb = a\na",
        "a = a.b\na",
        "a = a\na",
        "class A:\n  def f(self):\n    self.a = self.b\n    self.b = self.a\n    a = self.a\n    a",
        "def a() -> 'a': ...\na",
        "type a = b\ntype b = a\ndef f(x: a): a",
        "a = b[c]\nb = a[c]\ndef f(a: b): a",
    ],
    ids=range(7),
)
def test_definitions_in_a_circle_come_to_an_end(source: str) -> None:
    file = read(source)
    use = last(file, "a")
    assert type_of(use, file) in (None, "<module>.a")
    qualified_name(use, file)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("(", ")"), ("[", "]"), ("x[", "]"), ("Optional[", "]"), ("f(", ")"), ("not ", ""), ("a.", "")],
)
def test_deep_nesting_exhausts_no_stack(opening: str, closing: str) -> None:
    deep = opening * 3000 + "x" + closing * 3000
    file = read(f"v = {deep}\ndef f(p: {deep}): p\nv")
    for use in (last(file, "v"), last(file, "p")):
        qualified_name(use, file)
        type_of(use, file)
    for annotation in descendants(file.root, "type"):
        annotated_type(annotation, file)
        break


def test_deeply_nested_targets_exhaust_no_stack() -> None:
    file = read("(" * 2000 + "x" + ",)" * 2000 + " = v\nx")
    reaching(last(file, "x"), file)


def test_of_very_many_bindings_the_nearest_reach_a_use() -> None:
    branches = "".join(f"if c:\n    x = {n}\n" for n in range(1000))
    reached = values(f"{branches}use(x)", "x")
    assert reached[-1] == "999"
    assert len(reached) < 100


def test_an_annotation_that_uses_the_name_it_belongs_to_exhausts_no_stack() -> None:
    file = read("import bridge as br\ndef f(br: br.Bridge): br")
    assert type_of(last(file, "br"), file) == "bridge.Bridge"
