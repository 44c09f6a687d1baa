"""A healer at work on a small engine, and what happens to it: a story to tell."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from stack.healer.docker_api import Engine
from stack.healer.event_watch import Watch
from stack.healer.identity import Project
from stack.healer.pressure import Pressure
from stack.healer.settings import Settings
from stack.healer.state_store import StateStore
from stack.healer.supervisor import Supervisor
from stack.healer.tests.fake_engine import SmallEngine, container

OURSELVES = container("healer")["Id"]
SHOP = Project(name="shop", directory="/srv/shop", container=OURSELVES)
SETTINGS = Settings(engine_seconds=0.8, patience_seconds=5, backoff_cap_seconds=0.2)
PATIENCE = 20.0
SAID: list[str] = []  # the actions that the healer told of in this test
QUIET = Pressure()  # nothing was sampled, so nobody is excused

Story = Callable[[SmallEngine], Awaitable[None]]


@asynccontextmanager
async def at_work(
    engine: SmallEngine, folder: Path, settings: Settings = SETTINGS, pressure: Pressure = QUIET
) -> AsyncIterator[Supervisor]:
    """A healer that watches the project, and is ended as by a kill."""
    async with engine.listening() as socket:
        asked = Engine(settings.engine_seconds, socket)
        with suppress(asyncio.CancelledError):
            async with asyncio.TaskGroup() as group:
                store = StateStore(settings, folder, boot="this one")
                store.open()
                ours = Supervisor(asked, settings, SHOP, group, store)
                ours.observer.pressure = pressure
                following = group.create_task(Watch(asked, ours).follow())
                await until(lambda: bool(engine.streams) and store.totals.last_look_at is not None)
                yield ours
                following.cancel()
                raise asyncio.CancelledError


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not reached():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)


async def until_said(action: str) -> None:
    """Until the healer has told of it: what follows from an event takes as long as the machine makes it."""
    await until(lambda: action in SAID)


def told(
    engine: SmallEngine, folder: Path, story: Story, settings: Settings = SETTINGS, pressure: Pressure = QUIET
) -> None:
    """Have a story happen to a healer at work."""

    async def lived() -> None:
        async with at_work(engine, folder, settings, pressure):
            await story(engine)

    asyncio.run(lived())


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def actions(said: list[dict[str, Any]]) -> list[str]:
    return [f"{one['action']} {one.get('service', '')}".strip() for one in said]


def one_engine(*names: str, health: str = "healthy") -> SmallEngine:
    engine = SmallEngine()
    engine.add(*(container(name, health=health) for name in names))
    return engine


def first(engine: SmallEngine) -> dict[str, Any]:
    return next(iter(engine.containers.values()))


async def fall_sick_and_be_healed(engine: SmallEngine) -> None:
    engine.fall_sick(first(engine))
    await until(lambda: first(engine)["State"]["Health"]["Status"] == "healthy" and bool(engine.restarted))
    await until_said("healthy")
