"""CL603: a route handler that does the work of a service."""

from collections.abc import Iterator

from chunklint.api import (
    WEB_FRAMEWORKS,
    Budget,
    Conduct,
    Draft,
    Fabrication,
    Load,
    Location,
    PythonFile,
    Rule,
    Severity,
    Verdict,
    conducts,
    in_series,
    place_of,
    python,
)

rule = Rule(
    code="CL603",
    name="router-business-logic",
    ticket="TICKET-006",
    when="a route handler orchestrates, computes, decides, or makes its answer up, beyond what HTTP asks of it",
    effect="the logic can be neither called nor tested without a request, and the next caller writes it a second time",
    instead="one service method for the use case; the handler decodes the request and maps the result and the errors",
    bad="""\
from fastapi import APIRouter, BackgroundTasks, Depends

from app.jobs import charge
from app.schemas import BookingIn
from app.services import BookingService, SeatService, get_bookings, get_seats

router = APIRouter()


@router.post("/bookings")
async def book(
    booking: BookingIn,
    tasks: BackgroundTasks,
    bookings: BookingService = Depends(get_bookings),
    seats: SeatService = Depends(get_seats),
):
    booked = await bookings.create(booking)
    for seat in booking.seats:
        await seats.assign(seat, booked)
    tasks.add_task(charge, booked)
    return booked
""",
    good="""\
from fastapi import APIRouter, Depends

from app.schemas import BookingIn, BookingOut
from app.services import BookingService, get_bookings

router = APIRouter()


@router.post("/bookings")
async def book(booking: BookingIn, bookings: BookingService = Depends(get_bookings)):
    booked = await bookings.book(booking)
    return BookingOut(id=booked.id, seats=[seat.name for seat in booked.seats])
""",
    example="app/routers/bookings.py",
    mentions=WEB_FRAMEWORKS,
    options=Budget(),
    silent_on=(
        "guards that only refuse what is missing, forbidden or of the wrong form, exception mapping, response mapping, "
        "decoding; other refusals and branches too, up to eight, where nothing is done and no service is asked",
        "defaults (`if limit is None: ...`) and options that are passed on (`if q: filters['q'] = q`)",
        "loops that map rows to answers, copy fields by `setattr`, feed a stream or serve a websocket",
        "up to three points: a branch, a rule, an effect or a background task is one, as is a loop that looks for one "
        "item; another computing loop and a database row that the handler makes for somebody to store are two, and so "
        "is each of several writes of repositories in one request",
        "FastAPI dependencies, health checks, metrics and other probes; tests, scripts and example modules",
    ),
    limits=(
        "a handler that CL601 or CL602 reports is not reported again",
        "a collaborator is known by the role in its name or class: service, repository, manager, store, queue ...",
        "made-up values are reported where a comment admits them or an injected service is never asked",
    ),
)

_MOST_NAMED = 3


@rule.each(python)
def does_the_work_of_a_service(file: PythonFile, options: Budget) -> Iterator[Draft]:
    for conduct in conducts(file):
        if conduct.verdict is not Verdict.LOGIC:
            continue
        said = list(_sentences(conduct, file, options))
        if said:
            related = [(item.node, item.load.value) for item in conduct.items]
            yield rule.at(_place(conduct, file), " ".join(said), severity=_severity(conduct), related=related)


def _sentences(conduct: Conduct, file: PythonFile, budget: Budget) -> Iterator[str]:
    name = f"`{conduct.name}`"
    if conduct.private:
        methods = dict.fromkeys(f"`{file.text(call.named_children[0])}`" for call in conduct.private)
        reached = f"{_many(len(methods), 'method')} {in_series(list(methods))}"
        yield f"{name} reaches into a service by its private {reached}."
    if conduct.made_up is not None:
        yield _made_up(name, conduct.made_up)
    if conduct.late_filter is not None:
        yield f"{name} filters a page that the database has cut already, so pages come out short and totals are wrong."
    if conduct.weight() > budget.most:
        yield (
            f"{name} does the work of a service: {_tally(conduct)}, which is {conduct.weight()} points "
            f"where a handler may have {budget.most}."
        )


def _made_up(name: str, made_up: Fabrication) -> str:
    asked = f" and never asks {in_series([f'`{one}`' for one in made_up.unused])}" if made_up.unused else ""
    said = made_up.comment[:60] if made_up.comment.isprintable() else ""
    admitted = f', as its comment "{said}" admits' if said else ""
    return f"{name} makes its answer up{asked}{admitted}."


def _tally(conduct: Conduct) -> str:
    """The counted items by kind: `2 changes (`a.create`, `b.update`), 1 computing loop`."""
    return in_series([part for load in Load if (part := _part(conduct, load))])


def _part(conduct: Conduct, load: Load) -> str:
    found = [item for item in conduct.items if item.load is load]
    names = [f"`{item.name}`" for item in found if item.name]
    shown = f" ({', '.join(names[:_MOST_NAMED])}{', ...' if len(names) > _MOST_NAMED else ''})" if names else ""
    return f"{len(found)} {_many(len(found), load.value)}{shown}" if found else ""


def _many(number: int, word: str) -> str:
    return word if number == 1 else f"{word}{'es' if word.endswith('ch') else 's'}"


def _place(conduct: Conduct, file: PythonFile) -> Location:
    found = [*conduct.private, *(item.node for item in conduct.items)]
    found += [conduct.late_filter] if conduct.late_filter is not None else []
    found += [conduct.made_up.node] if conduct.made_up is not None else []
    return place_of(conduct, max(found, key=lambda node: node.end_byte), file)


def _severity(conduct: Conduct) -> Severity:
    if conduct.private or conduct.late_filter is not None:
        return Severity.WARNING
    return Severity.NOTE if all(item.load is Load.RULE for item in conduct.items) else Severity.WARNING
