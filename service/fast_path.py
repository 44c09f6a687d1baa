"""The two routes that carry the load, answered without FastAPI's routing, dependencies and response classes.

FastAPI defines what is right: its routes do the same with the same `Item` and the same `Store`, and whatever is not
plainly a good request goes to them. `tests/test_fast_path.py` compares the answers byte for byte.
"""

import json
from collections.abc import Awaitable
from json.encoder import encode_basestring as quoted  # as `json.dumps(ensure_ascii=False)` does it

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.items import FAILURE, GET_PREFIX, NOT_FOUND, SET_PATH, Item, usable_id
from service.store import Store, StoreError

Answer = tuple[Message, Message]


def answer(status: int, body: bytes, media_type: bytes = b"application/json") -> Answer:
    """A whole response, as ASGI has it."""
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", media_type)]
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": body}


CREATED = answer(201, b'{"status":"ok"}')
REPLACED = answer(200, b'{"status":"ok"}')
UNKNOWN = answer(404, NOT_FOUND, b"application/problem+json")
FAILED = answer(503, FAILURE)


class FastPath:
    """ASGI: answers what it can, and hands everything else to FastAPI."""

    def __init__(self, app: ASGIApp, store: Store, *, get_route: object, set_route: object) -> None:
        self._app = app
        self._store = store
        self._get_route = get_route
        self._set_route = set_route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" and scope["path"].startswith(GET_PREFIX):
            await self._get(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"] == SET_PATH:
            await self._set(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _get(self, scope: Scope, receive: Receive, send: Send) -> None:
        item_id = scope["path"][len(GET_PREFIX) :]
        if not usable_id(item_id):
            await self._app(scope, receive, send)
            return
        scope["route"] = self._get_route
        await respond(send, self._got(item_id))

    async def _got(self, item_id: str) -> Answer:
        data = await self._store.get(item_id)
        return UNKNOWN if data is None else answer(200, f"{{{quoted(item_id)}:{quoted(data)}}}".encode())

    async def _set(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await receive()
        item = None if body.get("more_body") else item_in(scope, body.get("body", b""))
        if item is None:  # too large for one piece, or in need of an explanation
            await self._app(scope, again(body, receive), send)
            return
        scope["route"] = self._set_route
        await respond(send, self._kept(item))

    async def _kept(self, item: Item) -> Answer:
        is_new = await self._store.put(item.id, item.data)
        return CREATED if is_new else REPLACED

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As GET, without the body, which the server leaves out."""
        as_get = {**scope, "method": "GET"}
        await self._app(as_get, receive, send)
        scope["route"] = as_get.get("route")


async def respond(send: Send, answering: Awaitable[Answer]) -> None:
    try:
        start, body = await answering
    except StoreError:
        start, body = FAILED
    await send(start)
    await send(body)


def item_in(scope: Scope, body: bytes) -> Item | None:
    """The item of a request that says it is JSON, or does not say; what is wrong with another, FastAPI tells."""
    for name, value in scope["headers"]:
        if name == b"content-type" and value != b"application/json":
            return None
    try:
        return Item.model_validate(json.loads(body))
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or no item (ValidationError is a ValueError)
        return None


def again(first: Message, receive: Receive) -> Receive:
    """Receives the message that was taken already, and then what follows."""
    taken = [first]

    async def received() -> Message:
        return taken.pop() if taken else await receive()

    return received
