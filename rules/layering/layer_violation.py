"""CL604: a lower layer that knows the web."""

from collections.abc import Iterator, Mapping, Sequence

from chunklint.api import (
    LAYER_MENTIONS,
    Breach,
    Draft,
    Layers,
    PythonFile,
    Rule,
    Trait,
    breaches,
    python,
)
from chunklint.api import trait as trait_of

rule = Rule(
    code="CL604",
    name="layer-violation",
    ticket="TICKET-006",
    when="a service, repository or domain module raises an HTTP error or imports a module of routes",
    effect="a job, a command line or a test that calls the service gets answers made for a browser, and the layers "
    "can no longer be changed or imported one without the other",
    instead="an exception of the domain, which the router maps to a status; what both need, in a module below both",
    bad="""\
from fastapi import HTTPException


class OrderService:
    def __init__(self, orders):
        self.orders = orders

    def cancel(self, number):
        order = self.orders.find(number)
        if order.shipped:
            raise HTTPException(409, "already shipped")
        self.orders.remove(order)
""",
    good="""\
from app.errors import AlreadyShippedError


class OrderService:
    def __init__(self, orders):
        self.orders = orders

    def cancel(self, number):
        order = self.orders.find(number)
        if order.shipped:
            raise AlreadyShippedError(number)
        self.orders.remove(order)
""",
    example="app/services/order_service.py",
    mentions=LAYER_MENTIONS,
    options=Layers(),
    silent_on=(
        "FastAPI dependencies that raise HTTP errors, wherever they lie, and helpers that only dependencies call",
        "functions that are given the request, a response, an upload or a websocket: they are of the web layer",
        "imports below `if TYPE_CHECKING:`, re-exports of an `__init__.py`, and modules of schemas or "
        "dependencies, which define no routes",
        "modules of a lower folder that define routes themselves, and those named after dependencies, middleware or "
        "exceptions; tests, scripts and examples",
    ),
    limits=(
        "a layer is known by the patterns in the options `lower` and `web`: a service elsewhere is not judged",
        "HTTP errors are judged only in scans of folders: in a scan of single files the `Depends(...)` that makes a "
        "function a dependency may not be among them",
        "an imported module counts as one of routes if its dotted name says router, routes, endpoints, views, "
        "controllers or api, and it does define routes",
    ),
)


@rule.fact(python)
def knows_the_web(file: PythonFile) -> Iterator[Trait]:
    if (found := trait_of(file)) is not None:
        yield found


@rule.across
def lower_layer_knows_the_web(facts: Mapping[str, Sequence[Trait]], options: Layers, whole: bool) -> Iterator[Draft]:
    for breach in breaches(facts, options, whole=whole):
        yield rule.at(breach.place, _message(breach))


def _message(breach: Breach) -> str:
    if breach.raised:
        return (
            f"`{breach.function}` raises `{breach.raised}` below the web layer, so only a request can call it. "
            "Raise an exception of the domain and map it in the router."
        )
    return f"This module of a lower layer imports `{breach.module}`, which is of the web layer ({breach.target})."
