"""CL701: a mounted part of the app whose errors no boundary catches near enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import ascii_uppercase

from chunklint.api import (
    Draft,
    EcmascriptFile,
    Front,
    Gap,
    GapKind,
    Location,
    Mount,
    Resolution,
    Rule,
    Severity,
    Span,
    StandIn,
    ecmascript,
    front,
    gaps,
    in_series,
    is_test_or_story,
)

rule = Rule(
    code="CL701",
    name="missing-error-boundary",
    ticket="TICKET-007",
    when="a mounted part of a React app has no error boundary above it, only the one around the whole app, "
    "or one whose fallback throws in its turn",
    effect="one error while rendering takes down everything up to the next boundary: the page goes blank, with all "
    "unsaved work on it",
    instead="put an error boundary around the part, with a fallback that keeps the rest of the page usable",
    bad="""import { createRoot } from "react-dom/client";
import { useStock } from "./stock";

function Shelf() {
  const stock = useStock();
  return <ul>{stock.map((item) => <li key={item.id}>{item.name}</li>)}</ul>;
}

function Shop() {
  return <Shelf />;
}

function App() {
  return <Shop />;
}

createRoot(document.getElementById("root")!).render(<App />);
""",
    good="""import { createRoot } from "react-dom/client";
import { ErrorBoundary } from "react-error-boundary";
import { CrashPage, report } from "./crash";
import { useStock } from "./stock";

function Shelf() {
  const stock = useStock();
  return <ul>{stock.map((item) => <li key={item.id}>{item.name}</li>)}</ul>;
}

function Shop() {
  return <Shelf />;
}

function App() {
  return (
    <ErrorBoundary FallbackComponent={CrashPage} onError={report}>
      <Shop />
    </ErrorBoundary>
  );
}

createRoot(document.getElementById("root")!).render(<App />);
""",
    example="src/main.tsx",
    mentions=(
        *("/>", "</", "import(", "createElement", "useRoutes", "omponent:", "export {", "export *"),
        *("exposes", "exposedModules"),
        *("componentDidCatch", "getDerivedStateFromError", "ErrorBoundary("),
        # A file may pass on what it imports: `export default Frame`.
        *(f"export default {letter}" for letter in ascii_uppercase),
    ),
    silent_on=(
        "components that no entry mounts, and everything when only some files of the project are scanned",
        "routes and pages under the boundary of the whole app: that one is theirs",
        "components without state, data or effects of their own or below them, or that render nothing; packages' "
        "components",
        "parts beside the pages that neither ask for data nor show a list or markup, other than one that stands in "
        "their own file; bars, sidebars, banners and providers; one small list beside a large app, or in its "
        "dialog",
        "overlays beside pages that hardly have boundaries of their own either, unless they are as large as a page: "
        "six components in them show data",
        "what a higher-order component of a package is given, `withPanel(App)`, which may bring a boundary; those that "
        "hand in a router, translations, styles, a session or a store bring none",
        "cells of a table, and dialogs of a page or of a layout that holds few of the pages",
        "apps whose routes get their `errorElement`, or half of their elements, from a function; pages beside one that "
        "brings its own boundary",
        "a boundary that holds what cannot be seen, such as pages from a registry, and apps near which most boundaries "
        "are in components that no way is seen to lead to",
        "playgrounds, test beds, showcases and templates by the name of their folder or package, the page that a "
        "published library is tried on, and the poster (`website`, `landing`) of a product or a library beside it",
        "an entry of fewer than 12 components beside one four times as large, or of fewer than 50 beside one eight "
        "times as large, and islands in the pages of a server",
        "apps none of whose components show data, or only one of 12 or more",
        "apps that ask for a React older than 16, which knows no error boundaries",
        "an app with fewer than 12 components beside those of a library that its repository publishes, and what users "
        "copy to begin with: a `recipe`, `starter` or `boilerplate` beside other packages",
        "apps with fewer than 80 components and no boundary, in a repository whose README calls it a template, a "
        "boilerplate, a starter or a reference implementation",
        "an entry that shows nearly the same as another one, which is told of with it",
        "of several entries that only load `bootstrap`, as module federation has them, all but the one nearest to the "
        "top",
        "what a handler renders into an element of its own, or a function of the file's own into one that it is given "
        "and that the file takes away again; roots above nothing but boundaries",
        "what is shown instead of the pages, or only says that they load",
        "Next's `pages` with an `_error` of the project's own that shows more than `next/error`",
        "routes whose children a call makes inside of a boundary",
        "one component that holds no other, alone beside a large app, or returned instead of all else as a whole page",
        "an entry that renders hardly more than what settings of module federation or of a console's plugin expose: "
        "another application mounts that",
        "what lies in a folder for trials, measures or lessons beside the sources: `benchmark`, `dev-server`, "
        "`example-next`, `create-farm/template-react`",
        "what a function is given that puts a boundary around it, or a loop that puts a list of such around it",
        "lists of pages of which only titles are shown; their elements count where `{page.element}` stands",
        "a lone part that asks for data in handlers and effects and shows no list, markup or field of a field of it",
        "toasts alone; fallbacks; tests, stories, examples, documentation and scripts",
        "TanStack Router's routes, which the router itself catches",
        "what stands in a provider or layout of a package that brings a boundary: Open edX's `AppProvider`, "
        "react-admin's `Admin` and `Layout`, `ProLayout`",
        "pages in a layout with a boundary at its outlet and something of its own beside that, which stays",
        "fallbacks that use the router on a condition, in a list, or in what is opened",
        "a boundary around a data router where most of what the routes show has another one, or an `errorElement`",
        "files called as Next's in an app of Expo's router or another framework",
    ),
    limits=(
        "aliases that a bundler's settings compute are resolved by the end of the path, where that is unambiguous; "
        "tsconfig, jsconfig, plain aliases of Vite, webpack, Rsbuild and CRACO, and the names of packages are read",
        "of all that a fallback may need where it stands only React Router is known",
        "`routes.ts` is not read: where only a layout of a framework exports a boundary, it is taken for every page's",
        "components that are passed as plain values, other than to routes, are not followed",
        "the components of an app are counted as far as they are seen, and some may be in packages",
        "what throws outside of rendering (handlers, timers, promises) reaches no boundary and is not judged",
    ),
)

_MOST_NAMED = 3
_SMALL = 8


@rule.fact(ecmascript)
def mounts(file: EcmascriptFile) -> Iterator[Front]:
    if not is_test_or_story(file):
        yield front(file)


@rule.across
def lacks_a_boundary(facts: Mapping[str, tuple[Front, ...]], whole: bool, resolution: Resolution) -> Iterator[Draft]:
    if not whole:
        return
    for gap in gaps({path: found[0] for path, found in facts.items() if found}, resolution):
        steps = [(mount.place, f"`{mount.tag}` is mounted here.") for mount in gap.way]
        place = _span(gap.mounts) if gap.mounts else gap.root.place
        related = [(gap.other.place, _said_of(gap))] if gap.other is not None else []
        if gap.boundary is not None:
            related.append((gap.boundary.place, "The nearest boundary above."))
        related += [
            (twin.place, "This entry shows nearly the same, with no boundary above it either.") for twin in gap.twins
        ]
        if steps:
            steps.append((place, "Mounted here."))
        yield rule.at(place, _message(gap), severity=_severity(gap), steps=steps, related=related)


def _message(gap: Gap) -> str:
    match gap.kind:
        case GapKind.BARE:
            return _bare(gap)
        case GapKind.OUTSIDE if not gap.mounts:
            pages = _names(gap.names, _beside_pages(gap))
            return f"{pages}: an error in {_it(gap)} {_ends(gap, 'the whole page')}."
        case GapKind.OUTSIDE:
            why = "has no error boundary above it, while most of the app does"
            if gap.root.framework == "next-layout":
                why = "has no error boundary above it: an `error` file does not cover the layout beside it"
            return f"{_names(gap.names, why)}; an error in {_it(gap)} {_ends(gap, 'the whole page')}."
        case GapKind.OVERLAY:
            return (
                f"{_names(gap.names, f'has only {_root(gap)} above it')}: "
                f"an error in {_it(gap)} takes the whole app away, not just what it shows."
            )
        case GapKind.SIBLING:
            other = gap.other.tag if gap.other is not None else ""
            return (
                f"{_names(gap.names, f'has only {_root(gap)} above it')}, while what stands beside it is in its own "
                f"`{other}`: an error in {_it(gap)} takes the whole app away."
            )
        case GapKind.FAILING:
            used = f"`{gap.other.tag}`" if gap.other is not None else "its content"
            return (
                f"`{gap.names[0]}` stands around the router, and {used} of its fallback needs one above it: it throws "
                "in its turn, and the page goes blank."
            )
    other_place = gap.other.place if gap.other is not None else gap.root.place
    where = f"`{other_place.symbol}`" if other_place.symbol else "another place"
    return (
        f"{_names(gap.names, f'has only {_root(gap)} above it here')}, though it has a closer one in {where}: "
        f"an error in it takes the whole app away, not just `{gap.mounts[0].owner}`."
    )


def _bare(gap: Gap) -> str:
    covered, count = gap.share
    framework = gap.root.framework
    if gap.mounts and gap.boundary is not None:
        return (
            f"`{gap.boundary.tag}` stands around `{gap.mounts[0].tag}`, whose own bare error page comes first: an "
            f"error in any of {count - covered} of the {count} components seen replaces what the router shows by that, "
            "for want of an `errorElement`."
        )
    where = f"`{gap.root.name}` is mounted with no error boundary above it"
    if framework.startswith("next"):
        files = "error file and no error " if framework != "next-pages" else "error "
        where = f"No {files}boundary covers the pages in `{gap.root.name}`"
    if not covered:
        return f"{where}: an error in any of the {count} components seen in it {_ends(gap, 'all of it')}."
    return (
        f"{where}, and the boundaries further down leave out {count - covered} of the {count} components seen in it: "
        f"an error in one of those {_ends(gap, 'all of it')}."
    )


def _beside_pages(gap: Gap) -> str:
    """What a framework's pages lack, and how many of them do not lack it."""
    covered, count = gap.most
    what = "no error file" if gap.files else "neither an error file nor an error boundary"
    if not gap.root.framework.startswith("next"):
        what = "no error boundary"
    who = "most pages" if 2 * covered > count else f"{covered} of {count} pages"
    have = {"no error file": "have one", "no error boundary": "have one"}.get(what, "have one or the other")
    return f"has {what} above it, while {who} {have}"


def _ends(gap: Gap, what: str) -> str:
    """What an error does that reaches the root."""
    match gap.stand_in:
        case StandIn.NEXT:
            return f"replaces {what} by Next's bare error page"
        case StandIn.REMIX:
            return f"replaces {what} by the framework's bare error page"
        case StandIn.PREACT:
            return f"leaves {what} blank or stuck, at least in part"
        case StandIn.ROUTER:
            return f"takes {what} away, for the router's bare error page at best"
    return f"blanks {what}" if what == "the whole page" else f"takes {what} off the page"


def _it(gap: Gap) -> str:
    return "it" if len(gap.names) == 1 else "one of them"


def _root(gap: Gap) -> str:
    if gap.boundary is not None:
        return f"the app-wide `{'errorElement' if gap.boundary.tag.startswith('<') else gap.boundary.tag}`"
    return f"`{gap.root.boundary.rpartition('/')[2]}`" if gap.root.boundary else "the app-wide boundary"


def _names(names: tuple[str, ...], has: str) -> str:
    """The subject with its verb: `A` has ..., or `A`, `B` and 2 more have ..."""
    if len(names) == 1:
        return f"`{names[0]}` {has}"
    named = [f"`{name}`" for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        named.append(f"{len(names) - _MOST_NAMED} more")
    plural = has.replace("has ", "have ", 1).replace("above it", "above them")
    return f"{in_series(named)} {plural}"


def _said_of(gap: Gap) -> str:
    match gap.kind:
        case GapKind.BARE:
            return "The boundary that is there holds this."
        case GapKind.SIBLING:
            return "The neighbour's own boundary."
        case GapKind.FAILING:
            return "This part of the fallback throws outside of a router."
    return "Here it has a closer boundary."


def _severity(gap: Gap) -> Severity:
    if gap.kind is GapKind.BARE and gap.share[1] < _SMALL:
        return Severity.NOTE
    return Severity.WARNING


def _span(mounts: tuple[Mount, ...]) -> Location:
    """From the first of the neighbours to the name of the last."""
    first, last = mounts[0].place, mounts[-1].place
    start, end = first.span, last.span
    return Location(first.path, Span(start.start_line, start.start_column, end.end_line, end.end_column), first.symbol)
