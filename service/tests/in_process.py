"""The service without a socket and without Redis: an ASGI application that is asked directly."""

from collections.abc import Iterable
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

from service.settings import Settings
from service.store import Store, StoreError

Seen = tuple[int, list[tuple[bytes, bytes]], bytes]


class Memory(Store):
    """A store without Redis, which fails when told to."""

    def __init__(self, given: Settings) -> None:
        super().__init__(given)
        self.kept: dict[str, str] = {}
        self.fails = False
        self.asked = 0

    async def put(self, item_id: str, data: str) -> bool:
        self._count()
        is_new = item_id not in self.kept
        self.kept[item_id] = data
        return is_new

    async def get(self, item_id: str) -> str | None:
        self._count()
        return self.kept.get(item_id)

    async def ping(self) -> None:
        self._count()

    def _count(self) -> None:
        self.asked += 1
        if self.fails:
            raise StoreError


def scope_of(method: str, path: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }


async def seen_of(app: ASGIApp, scope: Scope, pieces: list[bytes]) -> Seen:
    sent: list[Message] = []
    left = list(pieces)

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    return start["status"], list(start["headers"]), b"".join(one.get("body", b"") for one in rest)
