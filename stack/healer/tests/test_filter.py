"""The filter, from a healer that somebody took over: a recording engine behind it tells what it was brought to ask."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from stack.healer.docker_api import AwayError, Engine, EngineError, GoneError, RefusalError
from stack.healer.event_watch import EVENTS
from stack.healer.filter import server
from stack.healer.filter.server import Filter
from stack.healer.identity import Project
from stack.healer.main_process import COLUMNS
from stack.healer.tests.fake_engine import SmallEngine, container
from stack.healer.tests.filter_attacks import API, LABEL, OWN, REFUSED, asked
from stack.healer.tests.healer_at_work import until

SHOP = Project(name="shop", directory="/srv/shop")
FORCED = ["com.docker.compose.project=shop", "com.docker.compose.project.working_dir=/srv/shop"]
OTHERS = {
    "another project": container("shop2", project="shop2", **{"project.working_dir": "/srv/shop2"}),
    "another clone of this name": container("clone", **{"project.working_dir": "/home/eve/shop"}),
    "no service": container("by-hand", service=""),
}
ASKED_OF_ONE = {
    "inspect": ("GET", "json", {}),
    "restart": ("POST", "restart", {"t": "1"}),
    "start": ("POST", "start", {}),
    "top": ("GET", "top", {"ps_args": COLUMNS}),
}
Story = Callable[[SmallEngine, str], Awaitable[None]]


def filtered(story: Story, folder: Path, *containers: dict[str, Any]) -> SmallEngine:
    """Have a story happen at the socket of a filter before an engine with some containers."""

    async def lived() -> SmallEngine:
        engine = SmallEngine()
        engine.add(*containers)
        async with engine.listening() as behind:
            serving = asyncio.create_task(Filter(Engine(1, behind), SHOP).serve(f"{folder}/f"))
            await until((folder / "f").exists)
            await story(engine, f"{folder}/f")
            serving.cancel()
            await asyncio.sleep(0.01)  # both sides take leave
        return engine

    return asyncio.run(lived())


async def said(socket: str, request: bytes) -> tuple[str, bytes]:
    """What the filter answers to these very bytes: status and body."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(request)
    answer = b""
    with suppress(ConnectionResetError):  # it is closed upon whoever says more than was asked
        while more := await reader.read(1000):
            answer += more
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode().partition("\r")[0].removeprefix("HTTP/1.0 "), body


def test_what_a_healer_never_asks_is_refused(tmp_path: Path) -> None:
    statuses = {}

    async def attack(_: SmallEngine, socket: str) -> None:
        for name, request in REFUSED.items():
            statuses[name] = (await said(socket, request))[0]

    engine = filtered(attack, tmp_path, API)
    assert statuses == dict.fromkeys(REFUSED, "403 Forbidden")
    assert engine.requests == []  # nothing of them reached the engine
    assert len(REFUSED) >= 60


@pytest.mark.parametrize("what", ASKED_OF_ONE)
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("length", [12, 64])
def test_others_containers_are_not_there(other: dict[str, Any], what: str, length: int, tmp_path: Path) -> None:
    verb, path, query = ASKED_OF_ONE[what]
    answers = []

    async def attack(_: SmallEngine, socket: str) -> None:
        answers.append(await said(socket, asked(f"{verb} /containers/{other['Id'][:length]}/{path}", **query)))

    engine = filtered(attack, tmp_path, other, other | {"Id": other["Id"]})
    assert answers == [("404 Not Found", b'{"message": "no such container"}')]
    assert [one.split()[0] for one in engine.requests] == ["GET"]  # it was looked at, and nothing was done to it


def test_a_container_that_is_called_like_an_id_is_none(tmp_path: Path) -> None:
    answers = []

    async def attack(engine: SmallEngine, socket: str) -> None:
        engine.containers["deadbeefdead"] = API  # the engine finds containers by name as well
        answers.append(await said(socket, asked("POST /containers/deadbeefdead/restart", t="1")))

    engine = filtered(attack, tmp_path, API)
    assert (answers[0][0], engine.restarted) == ("404 Not Found", [])


def test_a_healer_does_all_that_it_does_through_the_filter(tmp_path: Path) -> None:
    async def heal(engine: SmallEngine, socket: str) -> None:
        ours = Engine(1, socket)
        assert list(await ours.containers(stopped=True, label=[LABEL])) == [OWN]
        assert await ours.containers(label=[LABEL, "com.docker.compose.service=redis"], health=["unhealthy"]) == {}
        assert (await ours.inspect(OWN))["State"]["Status"] == "running"
        assert (await ours.top(OWN, COLUMNS))["Processes"]
        await ours.restart(OWN, 1)
        await ours.start(OWN)
        assert (engine.restarted, engine.started) == (["api"], ["api"])

    engine = filtered(heal, tmp_path, API | {"State": dict(API["State"])})
    assert all(json.loads(one)["label"][:2] == FORCED for one in engine.filters)
    assert len(engine.filters) == 2


def test_nothing_of_a_container_is_shown_but_what_a_healer_reads(tmp_path: Path) -> None:
    shown = []
    secret = {"Config": {**API["Config"], "Env": ["PASSWORD=hunter2"]}, "HostConfig": {"Binds": ["/"]}, "Mounts": []}

    async def look(_: SmallEngine, socket: str) -> None:
        shown.append(await Engine(1, socket).inspect(OWN))

    filtered(look, tmp_path, API | secret)
    assert set(shown[0]) == {"Id", "Config", "State"}
    assert "hunter2" not in json.dumps(shown)


def test_events_are_those_of_the_project_and_go_on(tmp_path: Path) -> None:
    heard = []

    async def follow(engine: SmallEngine, socket: str) -> None:
        async with Engine(1, socket).events(type=["container"], label=[LABEL], event=EVENTS) as events:
            await until(lambda: bool(engine.streams))
            for action in ("start", "die"):
                engine.tell(action, API)
                heard.append(json.loads(await events.readline())["Action"])
            engine.hang_up()
            assert await events.readline() == b""  # and its end is an end

    engine = filtered(follow, tmp_path, API)
    assert heard == ["start", "die"]
    assert [json.loads(one)["label"] for one in engine.filters] == [FORCED]


def test_a_stream_ends_when_its_healer_speaks_on(tmp_path: Path) -> None:
    async def follow(engine: SmallEngine, socket: str) -> None:
        reader, writer = await asyncio.open_unix_connection(socket)
        writer.write(asked("GET /events", {"type": ["container"], "event": EVENTS, "label": [LABEL]}))
        await until(lambda: bool(engine.streams))
        writer.write(asked("POST /containers/create"))
        assert (await reader.read()).startswith(b"HTTP/1.0 200 OK")
        writer.close()

    engine = filtered(follow, tmp_path, API)
    assert [one.split("?")[0] for one in engine.requests] == ["GET /events"]


def test_what_the_engine_refuses_is_told_as_it_says_it(tmp_path: Path) -> None:
    async def start(engine: SmallEngine, socket: str) -> None:
        engine.starts_refused = 1
        with pytest.raises(RefusalError, match=r"404 .*network backend not found"):
            await Engine(1, socket).start(OWN)
        with pytest.raises(GoneError):
            await Engine(1, socket).inspect("f" * 64)

    filtered(start, tmp_path, API)


def test_clients_that_say_nothing_keep_nobody_out_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLIENT_SECONDS", 0.3)

    async def flood(_engine: SmallEngine, socket: str) -> None:
        idle = [await asyncio.open_unix_connection(socket) for _ in range(server.CLIENTS_AT_ONCE)]
        await asyncio.sleep(0.05)
        with pytest.raises(EngineError):
            await Engine(1, socket).containers(label=[LABEL])
        await asyncio.sleep(0.4)
        assert list(await Engine(1, socket).containers(label=[LABEL])) == [OWN]
        for _reader, writer in idle:
            writer.close()

    filtered(flood, tmp_path, API)


def test_a_filter_with_the_socket_of_a_gone_engine_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "AWAY_SECONDS", 0.1)

    async def outlived() -> None:
        engine = SmallEngine()
        async with engine.listening() as behind:
            serving = asyncio.create_task(Filter(Engine(1, behind), SHOP).serve(f"{tmp_path}/f"))
            await until((tmp_path / "f").exists)
            async with engine.away():
                while not serving.done():
                    with suppress(ConnectionError):  # it ends
                        await said(f"{tmp_path}/f", asked("GET /containers/json", {"label": [LABEL]}, all="1"))
            await serving

    with pytest.raises(AwayError):
        asyncio.run(outlived())
