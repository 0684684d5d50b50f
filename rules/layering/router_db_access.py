"""CL601: database queries in a route handler."""

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
    place_of,
    python,
)

rule = Rule(
    code="CL601",
    name="router-db-access",
    ticket="TICKET-006",
    when="a route handler, or a helper beside it, queries the database, or makes a session or a repository by hand",
    effect="the query cannot be reused or tested without HTTP, and every change of the schema has to visit the routers",
    instead="a service or repository method that the handler receives by dependency injection",
    bad="""\
from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import get_db
from app.models import Customer, Order

router = APIRouter()


@router.get("/orders")
def open_orders(city: str, db: Session = Depends(get_db)):
    query = select(Order).join(Customer).where(Customer.city == city, Order.shipped_at.is_(None))
    return db.scalars(query).all()
""",
    good="""\
from fastapi import APIRouter, Depends

from app.services import OrderService, get_order_service

router = APIRouter()


@router.get("/orders")
def open_orders(city: str, orders: OrderService = Depends(get_order_service)):
    return orders.open_in(city)
""",
    example="app/routers/orders.py",
    mentions=WEB_FRAMEWORKS,
    silent_on=(
        "one thin read: a row by its key, or a table as it is, without joins, conditions of its own or aggregates",
        "a session that is only handed on to a service or to a function of another module",
        "one repository that is made for one call, with a guard or two",
        "FastAPI dependencies; `request.session` and sessions of HTTP clients",
        "health checks, metrics and other probes; tests, scripts and example modules",
    ),
    limits=(
        "a handler that manages a transaction is reported by CL602 alone, which counts its queries",
        "SQLAlchemy, SQLModel, Flask-SQLAlchemy and the common drivers are known; other mappers are not",
        "Pyramid, Django views, Sanic and Litestar are not known",
    ),
)


@rule.each(python)
def works_on_the_database(file: PythonFile) -> Iterator[Draft]:
    for conduct in conducts(file):
        if conduct.verdict is Verdict.ACCESS:
            related = [(deed.node, f"{deed.act}: `{deed.name}`") for deed in conduct.deeds]
            place = place_of(conduct, conduct.deeds[-1].node, file)
            yield rule.at(place, _message(conduct), severity=_severity(conduct), related=related)


def _message(conduct: Conduct) -> str:
    helper = f", which the handler `{conduct.caller}` calls," if conduct.caller else ""
    done = counted(conduct, (DbAct.QUERY, DbAct.WRITE, DbAct.OPENED, DbAct.BUILT))
    return f"`{conduct.name}`{helper} works on the database in the router: {done}."


def _severity(conduct: Conduct) -> Severity:
    light = all(deed.act in (DbAct.QUERY, DbAct.BUILT) for deed in conduct.deeds)
    return Severity.NOTE if light and len(conduct.deeds) == 1 else Severity.WARNING
