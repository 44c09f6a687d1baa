"""The routes, their bodies, and what a failure looks like from outside."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from service import problem
from service.fast_path import FastPath
from service.items import Done, Failure, Item, ItemId
from service.metrics import CONTENT_TYPE, Metrics
from service.observed import Observed
from service.settings import Settings
from service.store import Store, StoreError

HEALTH_PATH = "/healthcheck"
METRICS_PATH = "/prom-metrics"


def problems(**reasons: str) -> dict[int | str, dict[str, Any]]:
    """Statuses with a problem as their body, for the OpenAPI: `problems(s404="There is none")`."""
    content = {problem.MEDIA_TYPE: {"schema": problem.Problem.model_json_schema()}}
    return {int(name[1:]): {"description": reason, "content": content} for name, reason in reasons.items()}


EVERYWHERE = problems(
    s400="It is no HTTP, or its body no text",
    s408="It took too long to be sent",
    s429="Too many requests were sent without waiting for an answer",
    s431="Its headers are too large or too many",
)
REDIS_WAS_LATE = {"Proxy-Status": "redis; error=connection_read_timeout"}  # as RFC 9209 has it
UNAVAILABLE: dict[int | str, dict[str, Any]] = {503: {"model": Failure, "description": Failure.__doc__}}


def create_app(settings: Settings) -> ASGIApp:
    """The service, wired together; it connects to Redis when first asked for something."""
    metrics = Metrics(version=settings.version, revision=settings.revision)
    store = Store(settings, metrics.redis_answered)
    api = create_api(settings, store, metrics)
    routes = {route.name: route for route in api.routes if isinstance(route, APIRoute)}
    fast = FastPath(api, store, get_route=routes["get_item"], set_route=routes["set_item"])
    return Observed(fast, metrics=metrics, uncounted=frozenset({HEALTH_PATH, METRICS_PATH}))


def create_api(settings: Settings, store: Store, metrics: Metrics) -> FastAPI:
    """FastAPI with every route: it defines what is right, and says so under `/openapi.json`."""
    api = FastAPI(
        title="Items in Redis",
        version=settings.version,
        lifespan=closing(store),
        max_body_size=settings.limits.body_bytes,
        # A client that sends JSON without saying so has always been served.
        strict_content_type=False,
        # The pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        # Prometheus is the one way to look in.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    api.add_exception_handler(StoreError, failure)
    api.add_exception_handler(RequestValidationError, unprocessable)
    api.add_exception_handler(HTTPException, problem.refused)
    api.add_exception_handler(Exception, problem.broken)
    add_item_routes(api, store)
    add_monitoring_routes(api, store, metrics)
    return api


def closing(store: Store) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await store.close()

    return lifespan


def add_item_routes(api: FastAPI, store: Store) -> None:
    ok: dict[int | str, dict[str, Any]] = {
        200: {"model": Done, "description": "Kept; there was an item of that id before"},
        201: {"model": Done, "description": "Kept; there was none of that id before"},
    }
    too_large = problems(s413="The body is too large")

    @api.post("/set", responses=EVERYWHERE | too_large | UNAVAILABLE | ok)
    async def set_item(item: Item) -> Response:
        is_new = await store.put(item.id, item.data)
        return JSONResponse({"status": "ok"}, status_code=201 if is_new else 200)

    found: dict[int | str, dict[str, Any]] = {
        200: {"model": dict[str, str], "content": {"application/json": {"example": {"one": "one"}}}},
    }

    @api.get(
        "/get/{id:whole_rest}", responses=EVERYWHERE | problems(s404="There is no such item") | UNAVAILABLE | found
    )
    async def get_item(item_id: Annotated[ItemId, Path(alias="id", examples=["one"])]) -> Response:
        data = await store.get(item_id)
        if data is None:
            raise HTTPException(404)
        return JSONResponse({item_id: data})


def add_monitoring_routes(api: FastAPI, store: Store, metrics: Metrics) -> None:
    well: dict[int | str, dict[str, Any]] = {200: {"model": Done, "description": "Redis answers"}}

    @api.get(HEALTH_PATH, responses=EVERYWHERE | UNAVAILABLE | well)
    async def healthcheck() -> Response:
        try:
            await store.ping()
        except StoreError as error:
            return unavailable(late=isinstance(error.__cause__, TimeoutError))
        return JSONResponse({"status": "ok"})

    text: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}

    @api.get(METRICS_PATH, response_class=Response, responses=EVERYWHERE | text)
    async def prom_metrics() -> Response:
        # Asked anew for each scrape: an idle service would otherwise tell of long ago.
        metrics.redis_up = await answers(store)
        metrics.redis_waiting = store.items.waiting
        metrics.redis_connections = store.items.connections
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)


async def answers(store: Store) -> bool:
    try:
        await store.ping()
    except StoreError:
        return False
    return True


async def failure(_request: Request, _error: Exception) -> Response:
    """The one answer to whatever goes wrong with Redis; the store has logged the reason."""
    return unavailable(late=False)


def unavailable(*, late: bool) -> Response:
    """Tell whoever asks for the health that Redis was only late: on a machine that starves that is no fault of it."""
    return JSONResponse({"status": "failure"}, status_code=503, headers=REDIS_WAS_LATE if late else None)


async def unprocessable(_request: Request, error: Exception) -> Response:
    """Say what is wrong without sending back what came in, which may be large or not even text."""
    assert isinstance(error, RequestValidationError)
    told = [{part: one[part] for part in ("type", "loc", "msg")} for one in error.errors()]
    return JSONResponse({"detail": told}, status_code=422)
