"""CL602: a transaction that a route handler begins, commits or rolls back."""

from collections.abc import Iterator

from chunklint.api import (
    WEB_FRAMEWORKS,
    Conduct,
    DbAct,
    Draft,
    PythonFile,
    Rule,
    Severity,
    Verdict,
    conducts,
    counted,
    in_series,
    place_of,
    python,
)

rule = Rule(
    code="CL602",
    name="router-transaction",
    ticket="TICKET-006",
    when="a route handler, or a helper beside it, commits, rolls back, flushes or begins a transaction",
    effect="the rules that the transaction protects can be reached by this one route only, and a job or a second route "
    "that needs them copies them, with another idea of when to commit",
    instead="a service method that does the whole unit of work, with the handler translating its errors to HTTP",
    bad="""\
from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session

from app.database import get_db
from app.models import Order
from app.schemas import OrderIn

router = APIRouter()


@router.post("/orders")
def place_order(order: OrderIn, db: Session = Depends(get_db)):
    placed = Order(**order.model_dump())
    db.add(placed)
    db.commit()
    return placed
""",
    good="""\
from fastapi import APIRouter, Depends, HTTPException

from app.schemas import OrderIn
from app.services import OrderService, SoldOutError, get_order_service

router = APIRouter()


@router.post("/orders")
def place_order(order: OrderIn, orders: OrderService = Depends(get_order_service)):
    try:
        return orders.place(order)
    except SoldOutError as error:
        raise HTTPException(409, str(error)) from error
""",
    example="app/routers/orders.py",
    mentions=WEB_FRAMEWORKS,
    silent_on=(
        "FastAPI dependencies, which are where a transaction per request is wired",
        "`request.session`, sessions of HTTP clients, and `commit()` of anything that is no database session",
        "a handler that only commits to give its connection back before it answers with a stream",
        "health checks, metrics and other probes; tests, scripts and example modules",
    ),
    limits=(
        "a session is known by its type, its dependency, its origin, or the names that projects give it; one of "
        "a class of your own whose name says nothing is missed",
        "commits inside functions of other modules that a handler calls are not looked into",
        "a handler is reported once for its ticket: what else it does with the database is in the message",
    ),
)

_GRAVE = frozenset({"rollback", "begin", "begin_nested"})


@rule.each(python)
def manages_transaction(file: PythonFile) -> Iterator[Draft]:
    for conduct in conducts(file):
        if conduct.verdict is Verdict.TRANSACTION:
            steps = conduct.acts(DbAct.TRANSACTION)
            related = [(deed.node, f"`{deed.name}` here") for deed in steps]
            place = place_of(conduct, steps[-1].node, file)
            yield rule.at(place, _message(conduct), severity=_severity(conduct), related=related)


def _message(conduct: Conduct) -> str:
    names = list(dict.fromkeys(f"`{deed.name}`" for deed in conduct.acts(DbAct.TRANSACTION)))
    helper = f", which the handler `{conduct.caller}` calls," if conduct.caller else ""
    others = counted(conduct, (DbAct.QUERY, DbAct.WRITE, DbAct.OPENED, DbAct.BUILT))
    around = f", around {others}" if others else ""
    return f"`{conduct.name}`{helper} manages a database transaction in the router ({in_series(names)}){around}."


def _severity(conduct: Conduct) -> Severity:
    steps = conduct.acts(DbAct.TRANSACTION)
    grave = any(deed.name in _GRAVE for deed in steps) or len(steps) > 1 or len(conduct.acts(DbAct.WRITE)) > 1
    return Severity.ERROR if grave else Severity.WARNING
