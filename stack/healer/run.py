"""From start to end: find out who we are, watch, and go when told to."""

import asyncio
import os
import signal

from stack.healer import event_log
from stack.healer.docker_api import AwayError, Engine, EngineError
from stack.healer.event_watch import Watch
from stack.healer.heartbeat import beat, strike
from stack.healer.identity import IdentityError, Project, own_id, own_project
from stack.healer.settings import Settings, SettingsError, from_environment
from stack.healer.state_store import StateStore
from stack.healer.supervisor import Supervisor

MEET_SECONDS = 0.1  # between two tries to reach the engine at the start
PUBLISH_SECONDS = 1.0  # oftener than anybody scrapes


def main() -> int:
    """Run until told to stop; end in 1 where only a fresh start can help, in 2 where only a person can."""
    code = 0
    try:
        asyncio.run(_until_told_to_stop(from_environment(os.environ)))
    except* EngineError as errors:
        code = _failed(errors, 1)
    except* (SettingsError, IdentityError) as errors:
        code = _failed(errors, 2)
    return code


def _failed(errors: BaseExceptionGroup[Exception], code: int) -> int:
    event_log.write("failed", reason="; ".join(map(str, errors.exceptions)))
    return code


async def _until_told_to_stop(settings: Settings) -> None:
    watching = asyncio.create_task(_watch(settings))
    # The kernel ignores SIGTERM for a process 1 that does not ask for it.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, watching.cancel)
    try:
        await watching
    except asyncio.CancelledError:
        event_log.write("leaving", reason="told to stop")


async def _watch(settings: Settings) -> None:
    strike()  # before anything that may hang
    engine, store = Engine(settings.engine_seconds), StateStore(settings)
    store.open()
    project = await _met(engine)
    async with asyncio.TaskGroup() as group:
        supervisor = Supervisor(engine, settings, project, group, store)
        watch = Watch(engine, supervisor)
        group.create_task(supervisor.observer.pressure.watch())
        group.create_task(beat(watch.turning))
        group.create_task(watch.follow())
        group.create_task(_publish(store))


async def _met(engine: Engine) -> Project:
    """Find out who we are once somebody answers: the filter is started when we are, and may take longer."""
    said = False
    while True:
        try:
            return await own_project(engine, own_id())
        except AwayError as error:
            if not said:
                event_log.write("waiting", reason=str(error))
            said = True
        strike()
        await asyncio.sleep(MEET_SECONDS)


async def _publish(store: StateStore) -> None:
    while True:
        store.publish()
        await asyncio.sleep(PUBLISH_SECONDS)
