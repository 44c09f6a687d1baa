"""What is seen of every request: an id that its answer and its lines in the log carry, a count, and a time."""

import itertools
import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.logs import request_id
from service.metrics import Metrics

HEADER = b"x-request-id"
# Whatever else a client calls its request would stand in our log as it is.
USABLE = re.compile(rb"[A-Za-z0-9._=+/-]{1,128}")


class Observed:
    """The outermost ASGI application: identifies every request, and counts all but those to the given paths."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, uncounted: frozenset[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._uncounted = uncounted
        self._prefix = secrets.token_hex(6)  # tells processes apart; a number tells their requests apart
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 500  # an app that raises has sent no status; the server will send this one
        identity = self._identity(scope)
        request_id.set(identity)
        header = (HEADER, identity.encode())

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], header]}
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            if scope["path"] not in self._uncounted:
                self._metrics.request_answered(scope, status, time.perf_counter() - start)

    def _identity(self, scope: Scope) -> str:
        """What the client calls it, where that can be used; else one of ours."""
        for name, value in scope["headers"]:
            if name == HEADER and USABLE.fullmatch(value):
                return str(value, "ascii")
        return f"{self._prefix}-{next(self._numbers):x}"
