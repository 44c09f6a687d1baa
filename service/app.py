"""The routes, their bodies, and what a failure looks like from outside."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints
from starlette.exceptions import HTTPException

from service.metrics import CONTENT_TYPE, CountRequests, Metrics
from service.settings import Settings
from service.store import Store, StoreError

MAX_ID_LENGTH = 256
MAX_BODY_BYTES = 1024 * 1024
HEALTH_PATH = "/healthcheck"
METRICS_PATH = "/prom-metrics"

ItemId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH)]
# The body's limit is the one that bites; a bare `str` would let through what is no text (`"\\ud800"`).
ItemData = Annotated[str, StringConstraints(max_length=MAX_BODY_BYTES)]


class Item(BaseModel):
    """What a client asks to be kept."""

    id: ItemId
    data: ItemData


def create_app(settings: Settings) -> FastAPI:
    """The service, wired together; it connects to Redis when first asked for something."""
    store = Store(settings)
    metrics = Metrics()
    app = FastAPI(
        title="Items in Redis",
        lifespan=closing(store),
        max_body_size=MAX_BODY_BYTES,
        # A client that sends JSON without saying so has always been served.
        strict_content_type=False,
        # Nobody reads them here, and the pages load scripts from elsewhere.
        openapi_url=None,
        # Prometheus is the one way to look in.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.add_middleware(CountRequests, metrics=metrics, uncounted=frozenset({HEALTH_PATH, METRICS_PATH}))
    app.add_exception_handler(StoreError, failure)
    app.add_exception_handler(RequestValidationError, unprocessable)
    add_item_routes(app, store)
    add_monitoring_routes(app, store, metrics)
    return app


def closing(store: Store) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await store.close()

    return lifespan


def add_item_routes(app: FastAPI, store: Store) -> None:
    @app.post("/set")
    async def set_item(item: Item) -> Response:
        is_new = await store.put(item.id, item.data)
        return JSONResponse({"status": "ok"}, status_code=201 if is_new else 200)

    @app.get("/get/{id}")
    async def get_item(item_id: Annotated[ItemId, Path(alias="id")]) -> Response:
        data = await store.get(item_id)
        if data is None:
            raise HTTPException(404)
        return JSONResponse({item_id: data})


def add_monitoring_routes(app: FastAPI, store: Store, metrics: Metrics) -> None:
    @app.get(HEALTH_PATH)
    async def healthcheck() -> Response:
        await store.ping()
        return JSONResponse({"status": "ok"})

    @app.get(METRICS_PATH)
    async def prom_metrics() -> Response:
        # Asked anew for each scrape: an idle service would otherwise tell of long ago.
        metrics.redis_up.set(await answers(store))
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)


async def answers(store: Store) -> bool:
    try:
        await store.ping()
    except StoreError:
        return False
    return True


async def failure(_request: Request, _error: Exception) -> Response:
    """The one answer to whatever goes wrong with Redis; the store has logged the reason."""
    return JSONResponse({"status": "failure"}, status_code=503)


async def unprocessable(_request: Request, error: Exception) -> Response:
    """Say what is wrong without sending back what came in, which may be large or not even text."""
    assert isinstance(error, RequestValidationError)
    problems = [{part: problem[part] for part in ("type", "loc", "msg")} for problem in error.errors()]
    return JSONResponse({"detail": problems}, status_code=422)
