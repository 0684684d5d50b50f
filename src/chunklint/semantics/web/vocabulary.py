"""What the heads of rules on web applications need: words and options. It imports nothing, for every scan loads it."""

from __future__ import annotations

from chunklint.records import record

FRAMEWORKS = ("fastapi", "starlette", "flask", "ninja", "quart")

# Without one of these in its dotted name, a module that is imported is not taken for one of routes.
ROUTE_WORDS = ("router", "routes", "endpoints", "views", "controllers", ".api")
LAYER_MENTIONS = (*FRAMEWORKS, "werkzeug", *ROUTE_WORDS)


@record
class Layers:
    """The layers as gitignore patterns: modules that must not know the web, and more of the web than define routes."""

    lower: tuple[str, ...] = (
        "services/",
        "service/",
        "repositories/",
        "repository/",
        "domain/",
        "crud/",
        "dao/",
        "db/",
        "database/",
        "use_cases/",
        "usecases/",
        "*_service.py",
        "*_repository.py",
        "service.py",
        "services.py",
        "repository.py",
        "crud.py",
        "db.py",
    )
    web: tuple[str, ...] = ()


@record
class Budget:
    """How much a handler may do itself: a computing loop is two points, anything else that counts is one."""

    most: int = 3
