"""What Prometheus is told: the requests by route, the connection to Redis, the process."""

import time
from http import HTTPMethod

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset(HTTPMethod)
# Labels that a client could make up would let it fill the memory of Prometheus.
UNMATCHED_ROUTE = "unmatched"
OTHER_METHOD = "other"
# From an answer out of memory to the deadline of Redis.
DURATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)


class Metrics:
    """The series of one app, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ["method", "route"],
            registry=self._registry,
            buckets=DURATION_BUCKETS,
        )
        self.redis_up = Gauge("redis_up", "1 when Redis answers this service.", registry=self._registry)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def request_answered(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        route = getattr(scope.get("route"), "path", UNMATCHED_ROUTE)
        self._requests.labels(method, route, str(status)).inc()
        self._durations.labels(method, route).observe(seconds)

    def exposition(self) -> bytes:
        return generate_latest(self._registry)


class CountRequests:
    """Middleware that counts and times every request but those to the given paths."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, uncounted: frozenset[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._uncounted = uncounted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._uncounted:
            await self._app(scope, receive, send)
            return
        status = 500  # an app that raises has sent no status; the server will send this one

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        start = time.perf_counter()
        try:
            await self._app(scope, receive, note_status)
        finally:
            self._metrics.request_answered(scope, status, time.perf_counter() - start)
