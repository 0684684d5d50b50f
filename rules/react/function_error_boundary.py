"""CL704: a component that poses as an error boundary."""

from __future__ import annotations

from collections.abc import Iterator

from chunklint.api import Draft, EcmascriptFile, Node, Rule, Severity, ecmascript, is_test_or_story, posers

rule = Rule(
    code="CL704",
    name="function-error-boundary",
    ticket="TICKET-007",
    when="a component is called an error boundary, or wraps its elements in `try`, and cannot catch what they throw",
    effect="the fallback is never shown: elements are rendered after the component has returned, outside its `try`",
    instead="use a class with `getDerivedStateFromError` and `componentDidCatch`, or a library's boundary",
    bad="""import type { ReactNode } from "react";

export function ErrorBoundary({ children }: { children: ReactNode }) {
  try {
    return <>{children}</>;
  } catch {
    return <p>Something went wrong.</p>;
  }
}
""",
    good="""import type { ReactNode } from "react";
import { ErrorBoundary as Catcher } from "react-error-boundary";
import { CrashPage, report } from "./crash";

export function ErrorBoundary({ children }: { children: ReactNode }) {
  return (
    <Catcher FallbackComponent={CrashPage} onError={report}>
      {children}
    </Catcher>
  );
}
""",
    example="src/ErrorBoundary.tsx",
    mentions=("try", "Boundary", "ErrorCatcher"),
    severity=Severity.ERROR,
    silent_on=(
        "functions that put their children into another component, which may be the boundary",
        "functions that a prop tells what to show",
        "route error elements, error files and fallbacks, which take no children",
        "a `try` around anything that is computed before the element is returned, or that may fail while it is made: a "
        "call, a field of a field",
    ),
    limits=("a `try` around several statements, the last of which returns an element, is taken to guard the others",),
)


@rule.each(ecmascript)
def catches_nothing(file: EcmascriptFile) -> Iterator[Draft]:
    if is_test_or_story(file):
        return
    for poser in posers(file):
        if poser.is_class:
            message = (
                f"`{poser.name}` catches nothing: the class has neither `getDerivedStateFromError` nor "
                "`componentDidCatch`."
            )
            yield rule.at(poser.head, message)
        elif poser.block is not None:
            message = (
                f"This `try` catches nothing of what `{poser.name}` shows: its elements are rendered after it has "
                "returned."
            )
            yield rule.at(poser.block.children[0], message)
        else:
            message = f"`{poser.name}` catches nothing: a function component cannot be an error boundary."
            yield rule.at(_line(poser.head), message)


def _line(head: Node) -> Node:
    """The first line of what has no name of its own."""
    return head if head.start_point[0] == head.end_point[0] or not head.children else head.children[0]
