"""The results as a picture: a panel for each tree, a bar for each program, seconds on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from evaluation.benchmarks.peers.measure import Series, middle
from evaluation.benchmarks.peers.report import Results, Tree
from evaluation.benchmarks.peers.tools import OURS

_LEFT, _PLOT, _RIGHT = 190, 480, 70
_ROW, _HEAD, _FOOT = 22, 34, 26
_LEAST = 0.01
_STYLE = (
    "text { font: 12px sans-serif; fill: #333 } .head { font-weight: bold } .axis { fill: #777 } "
    ".ours { fill: #2563eb } .peer { fill: #94a3b8 } line { stroke: #ddd } .spread { stroke: #111 }"
)


def drawn(results: Results) -> str:
    """The chart as SVG."""
    panels: list[str] = []
    height = 0
    for tree in results.trees:
        panels.extend(_panel(tree, height))
        height += _HEAD + _FOOT + _ROW * len(_shown(tree))
    width = _LEFT + _PLOT + _RIGHT
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *panels, "</svg>"]) + "\n"


def _shown(tree: Tree) -> list[Series]:
    return sorted((one for one in tree.series if one.good), key=lambda one: middle(one.of(lambda run: run.seconds)))


def _panel(tree: Tree, top: int) -> Iterator[str]:
    shown = _shown(tree)
    most = max(one.of(lambda run: run.seconds)[-1] for one in shown)
    powers = range(round(math.log10(_LEAST)), math.ceil(math.log10(most)) + 1)
    unit = _PLOT / (len(powers) - 1)

    def across(seconds: float) -> float:
        return _LEFT + unit * (math.log10(max(seconds, _LEAST)) - powers[0])

    bottom = top + _HEAD + _ROW * len(shown)
    title = f"{tree.title}: {tree.files:,} files, {tree.size / 1e6:.1f} MB (seconds, medians, least to most)"
    yield f'<text class="head" x="8" y="{top + 22}">{escape(title)}</text>'
    for power in powers:
        x = across(10.0**power)
        yield f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{top + _HEAD}" y2="{bottom}"/>'
        yield f'<text class="axis" x="{x:.0f}" y="{bottom + 14}" text-anchor="middle">{10.0**power:g}</text>'
    for row, one in enumerate(shown):
        yield from _bar(one, top + _HEAD + _ROW * row, [across(value) for value in one.of(lambda run: run.seconds)])


def _bar(one: Series, top: int, places: list[float]) -> Iterator[str]:
    name = one.contender.name
    seconds = middle(one.of(lambda run: run.seconds))
    kind = "ours" if name.startswith(OURS) else "peer"
    yield f'<text x="{_LEFT - 8}" y="{top + 15}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect class="{kind}" x="{_LEFT}" y="{top + 4}" width="{middle(places) - _LEFT:.1f}" height="{_ROW - 8}"/>'
    yield f'<line class="spread" x1="{places[0]:.1f}" x2="{places[-1]:.1f}" y1="{top + 11}" y2="{top + 11}"/>'
    yield f'<text x="{places[-1] + 6:.1f}" y="{top + 15}">{seconds:.2f}</text>'
