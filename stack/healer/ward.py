"""Tends the sick containers of one Compose project, each in a task of its own: nobody waits for anybody's restart."""

import asyncio
import time

from stack.healer import policy, record
from stack.healer.container import Container, read
from stack.healer.engine import Engine, EngineError, GoneError
from stack.healer.identity import PROJECT
from stack.healer.settings import Settings

SERVICE = "com.docker.compose.service"
RETRY_SECONDS = 0.5
LOOK_SECONDS = 15  # while waiting: look again even if nobody reports anything


class Ward:
    """What is known of the project's containers, by id."""

    def __init__(self, engine: Engine, settings: Settings, project: str, group: asyncio.TaskGroup) -> None:
        self.engine = engine
        self.settings = settings
        self.project = project
        self.group = group
        self.seen: dict[str, Container] = {}
        self.memories: dict[str, policy.Memory] = {}
        self.wakes: dict[str, asyncio.Event] = {}  # one for each container that has a task
        self.said: dict[str, str] = {}
        self.restarted_at: dict[str, float] = {}

    def attend(self, container: str) -> None:
        """Begin to tend a container, or look at it again."""
        if container in self.wakes:
            self.wakes[container].set()
            return
        self.wakes[container] = asyncio.Event()
        self.group.create_task(self._tend(container))

    def wake(self) -> None:
        """Have everybody looked at again: there is news, and somebody may be waiting for it."""
        for wake in self.wakes.values():
            wake.set()

    def resumed(self, container: str) -> None:
        """Take in that somebody ended a pause."""
        self.memories[container] = policy.resumed(self._memory(container), time.monotonic())
        self.attend(container)

    def recovered(self, container: str) -> None:
        """Take in that it is healthy."""
        self.memories[container] = policy.recovered(self._memory(container))
        began = self.restarted_at.pop(container, None)
        if began is not None:
            seconds = round(time.monotonic() - began, 3)
            record.write("healthy", self.seen.get(container), since_restart_seconds=seconds)

    def forget(self, container: str) -> None:
        """It is gone."""
        for known in (self.seen, self.memories, self.said, self.restarted_at):
            known.pop(container, None)

    async def _tend(self, container: str) -> None:
        try:
            while not await self._treated(container):
                pass
        finally:
            del self.wakes[container]

    async def _treated(self, container: str) -> bool:
        """Look once and do what follows from it; true when there is nothing left to do."""
        self.wakes[container].clear()
        try:
            case = await self._look_at(container)
            return await self._carry_out(case, self._judge(case))
        except GoneError:
            self.forget(container)
            return True
        except EngineError as error:
            self._say_once("failed", container, reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)
            return False

    async def _look_at(self, container: str) -> policy.Case:
        patient = await self._see(container)
        if policy.untouchable(patient):
            return policy.Case(patient=patient)
        dependencies = await asyncio.gather(*map(self._dependency, patient.depends_on))
        return policy.Case(patient=patient, dependencies=tuple(dependencies))

    async def _see(self, container: str) -> Container:
        seen = read(await self.engine.inspect(container))
        if seen.project != self.project:  # whatever a filter or a name may have said
            raise GoneError("not a container of this project")
        self.seen[container] = seen
        return seen

    async def _dependency(self, service: str) -> policy.Dependency:
        labels = [f"{PROJECT}={self.project}", f"{SERVICE}={service}"]
        named = await self.engine.containers(stopped=True, label=labels)
        replicas = await asyncio.gather(*map(self._replica, named))
        return policy.Dependency(service=service, replicas=tuple(one for one in replicas if one and not one.oneoff))

    async def _replica(self, container: str) -> Container | None:
        try:
            return await self._see(container)
        except GoneError:  # its end must not pass for the patient's
            return None

    def _judge(self, case: policy.Case) -> policy.Decision:
        now, known = time.monotonic(), self._memory(case.patient.id)
        if policy.untouchable(case.patient):
            return policy.decide(case, known, now, self.settings)
        memory = self.memories[case.patient.id] = policy.remember(known, case, now, self.settings)
        return policy.decide(case, memory, now, self.settings)

    async def _carry_out(self, case: policy.Case, decision: policy.Decision) -> bool:
        patient = case.patient
        match decision:
            case policy.Leave(reason=reason):
                self._leave(patient, reason)
                return not self.wakes[patient.id].is_set()  # something happened while we looked
            case policy.Wait(until=until, reason=reason):
                self._say_once("waiting", patient.id, reason=reason)
                await self._pause(patient.id, until)
                return False
            case policy.Restart():
                return await self._restart(patient, decision)

    async def _pause(self, container: str, until: float) -> None:
        try:
            async with asyncio.timeout(min(until - time.monotonic(), LOOK_SECONDS)):
                await self.wakes[container].wait()
        except TimeoutError:
            pass

    async def _restart(self, judged: Container, decision: policy.Restart) -> bool:
        fresh = await self._see(judged.id)
        if excuse := policy.changed(judged, fresh):
            self._leave(fresh, excuse)
            return not self.wakes[judged.id].is_set()
        began = time.monotonic()
        self.memories[judged.id] = policy.restarting(self._memory(judged.id), decision, began)
        action = "gave-way" if decision.gave_way else "restarting"
        record.write(action, fresh, reason=decision.reason, **record.trouble(fresh))
        await self.engine.restart(judged.id, self.settings.stop_seconds)
        record.write("restarted", fresh, restart_seconds=round(time.monotonic() - began, 3))
        self.restarted_at[judged.id] = began
        self.said.pop(judged.id, None)
        return True

    def _leave(self, patient: Container, reason: str) -> None:
        if patient.health == "healthy" and patient.status == "running":
            self.recovered(patient.id)
        waited = patient.id in self.said
        if waited or patient.status in ("paused", "exited"):
            self._say_once("left-alone", patient.id, reason=reason)

    def _memory(self, container: str) -> policy.Memory:
        return self.memories.get(container, policy.Memory())

    def _say_once(self, action: str, container: str, reason: str) -> None:
        if self.said.get(container) != f"{action} {reason}":
            self.said[container] = f"{action} {reason}"
            record.write(action, self.seen.get(container), reason=reason)
