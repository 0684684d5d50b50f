"""Races over a wait: what fixtures cannot show."""

from __future__ import annotations

import pytest

from chunklint.languages.ecmascript import ECMASCRIPT
from chunklint.languages.python import PYTHON
from chunklint.semantics.concurrency.ecmascript_races import suspicions_of_classes
from chunklint.semantics.concurrency.suspicions import Suspicion, suspicions

_HEAD = "class Hub:\n    def __init__(self):\n        self.items = {}\n\n    async def work(self, key):\n"


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"        {' ' * depth}for one in self.items:\n" for depth in range(80)) + " " * 90 + "await one\n",
        f"        one = {'(' * 2000}await self.items{')' * 2000}\n",
        f"        one = self.items{'[0]' * 2000}\n        await one\n",
        "        if key:\n            pass\n" + "        elif self.items:\n            await key\n" * 500,
    ],
    ids=["loops in loops", "brackets", "a long chain", "many branches"],
)
def test_deep_python_is_read_to_its_end_or_left_alone(body: str) -> None:
    found = list(suspicions(PYTHON.parse("hub.py", f"{_HEAD}{body}\n\nhub = Hub()\n")))
    assert all(isinstance(one, Suspicion) for one in found)


@pytest.mark.parametrize("part", ["for (const one of this.items) {", "if (this.items) {", "{"])
def test_deep_typescript_is_read_to_its_end_or_left_alone(part: str) -> None:
    body = f"{part * 500} await this.items; {'}' * 500}"
    source = f"class Hub {{ items = []; async work() {{ {body} }} }}\nexport const hub = new Hub();\n"
    assert list(suspicions_of_classes(ECMASCRIPT.parse("hub.ts", source))) == []


def test_a_race_tells_the_look_the_wait_and_the_act_in_order() -> None:
    body = "        if key in self.items:\n            await key\n            del self.items[key]\n"
    found = list(suspicions(PYTHON.parse("hub.py", f"{_HEAD}{body}\n\nhub = Hub()\n")))
    places = [(one.looked, one.waited, one.place) for one in found if isinstance(one, Suspicion)]
    assert [[place.span.start_line for place in three] for three in places] == [[6, 7, 8]]
