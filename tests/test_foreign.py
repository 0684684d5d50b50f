"""Imports of packages that a registry has mean no file of the repository."""

from __future__ import annotations

import pytest

from chunklint.semantics.ecmascript.foreign import Foreign
from chunklint.semantics.ecmascript.resolution import Resolution, package_in

ROOT = '{"name": "shed", "dependencies": {"shed-ui": "^2.0.0", "@yard/kit": "1.x", "parts": "1.0.0"}}'
PART = '{"name": "parts", "dependencies": {"tools": "file:../tools", "planks": "workspace:*", "nails": "^3"}}'


@pytest.mark.parametrize(
    ("user", "module", "foreign"),
    [
        ("src/App.tsx", "shed-ui", True),
        ("src/App.tsx", "shed-ui/panels/Panel", True),
        ("src/App.tsx", "@yard/kit/deep", True),
        ("parts/App.tsx", "shed-ui", True),
        ("parts/App.tsx", "nails", True),
        ("src/App.tsx", "nails", False),
        ("partsbin/App.tsx", "nails", False),
        ("parts/App.tsx", "tools", False),
        ("parts/App.tsx", "planks", False),
        ("src/App.tsx", "parts/Panel", False),
        ("src/App.tsx", "./shed-ui", False),
        ("src/App.tsx", "@/shed-ui", False),
        ("src/App.tsx", "", False),
    ],
)
def test_a_package_that_a_manifest_around_a_file_takes_from_a_registry_is_foreign(
    user: str, module: str, foreign: bool
) -> None:
    packages = tuple(one for one in (package_in("", ROOT), package_in("parts", PART)) if one is not None)
    assert Foreign(Resolution((), packages)).is_foreign(user, module) is foreign
