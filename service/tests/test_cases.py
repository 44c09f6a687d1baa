"""Requests as ordinary clients send them, each with the right answer; kept as data in `cases/`."""

import asyncio
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from service import app
from service.app import create_app
from service.tests.conftest import free_port, settings
from service.tests.in_process import Memory, scope_of, seen_of

Case = Mapping[str, Any]


class Reachable(Memory):
    """Says that Redis answers."""

    async def ping(self) -> None:
        self._count()


def read() -> Iterator[Case]:
    for table in sorted(Path(__file__).with_name("cases").glob("*.toml")):
        yield from tomllib.loads(table.read_text())["case"]


@pytest.mark.parametrize("case", list(read()), ids=lambda case: case["about"])
def test_ordinary_clients_get_the_right_answer(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Reachable(settings(free_port()))
    monkeypatch.setattr(app, "Store", lambda *_: store)
    service = create_app(settings(free_port()))
    answers = "; ".join(asyncio.run(answered(service, *one)) for one in case["requests"])
    assert answers in [case["right"], *case.get("also", ())]


async def answered(service: Any, method: str, path: str, body: object = None) -> str:  # noqa: ANN401 - any ASGI
    """`STATUS`, and the body of a GET that found something; the address as a client makes it of the path."""
    sent = str(requests.Request(method, f"http://127.0.0.1{path}").prepare().url)
    scope = scope_of(method, urlsplit(sent).path, [(b"content-type", b"application/json")])
    payload = b"" if body is None else json.dumps(body).encode()
    status, _, whole = await seen_of(service, scope, [payload])
    return f"{status} {whole.decode()}" if status == 200 and method == "GET" else str(status)
