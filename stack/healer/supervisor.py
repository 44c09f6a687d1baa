"""Tends the sick containers of one Compose project, each in a task of its own: nobody waits for anybody's looks."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from stack.healer import event_log, policy
from stack.healer.container import Container
from stack.healer.docker_api import Engine, EngineError, GoneError, StrangerError
from stack.healer.identity import Project
from stack.healer.observer import Observer
from stack.healer.pressure import Pressure
from stack.healer.settings import Settings
from stack.healer.state import Treatment
from stack.healer.state_store import StateStore
from stack.healer.unfinished import completed, unfinished

RETRY_SECONDS = 0.5  # after the first failure; doubled with each one that follows
RETRY_CAP_SECONDS = 8.0
LOOK_SECONDS = 15  # while waiting: look again even if nobody reports anything
RESTARTS_AT_ONCE = 4  # a machine on which everybody falls sick together is not helped by starting all at once


class Supervisor:
    """The project's containers, by id: what was last seen of them, and what is being done."""

    def __init__(
        self, engine: Engine, settings: Settings, project: Project, group: asyncio.TaskGroup, store: StateStore
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.project = project
        self.group = group
        self.store = store
        self.observer = Observer(engine, project, Pressure())
        self.seen = self.observer.seen
        self.wakes: dict[str, asyncio.Event] = {}  # one for each container that has a task
        self.said: dict[str, str] = {}
        self.turns = asyncio.Semaphore(RESTARTS_AT_ONCE)
        self.in_hand: set[str] = set()  # those that the engine is restarting for us

    def tends(self, container: str, service: str) -> bool:
        """Tell whether a container is ours to tend, as far as labels tell; ourselves we leave to another healer."""
        return container != self.project.container and self.settings.tends(service)

    def attend(self, container: str) -> None:
        """Begin to tend a container, or look at it again."""
        if container in self.wakes:
            self.wakes[container].set()
            return
        self.wakes[container] = asyncio.Event()
        self.group.create_task(self._tend(container))

    def heard_of(self, container: str, service: str) -> None:
        """Have it, and those that depend on its service, looked at again if they are waiting for something."""
        for waiting, wake in self.wakes.items():
            seen = self.seen.get(waiting)
            if waiting == container or seen is None or service in seen.depends_on:
                wake.set()

    def reconcile(self, unhealthy: set[str], present: set[str]) -> None:
        """Take in who is there and who is sick, whatever was reported or missed."""
        for container in {*self.store.states, *self.seen} - present:
            self.forget(container)
        unfinished = {name for name, one in self.store.states.items() if one.treatment or one.sick_from is not None}
        for container in unhealthy | unfinished:
            self.attend(container)

    def asked_to_end(self, container: str, at: float) -> None:
        """Take in that somebody asked it to end; `at` is in seconds since the epoch, as the engine tells it."""
        treatment = self.store.state(container).treatment
        if container in self.in_hand or (treatment and at <= treatment.ours_until(self.settings.stop_seconds)):
            return  # that was us
        memory = policy.asked_to_end(self._memory(container), self.seen.get(container), at, self.now)
        self._remember(container, memory)

    def resumed(self, container: str) -> None:
        """Take in that somebody ended a pause."""
        self._remember(container, policy.resumed(self._memory(container), self.now))
        self.attend(container)

    def recovered(self, container: str) -> None:
        """Take in that it is healthy."""
        self._remember(container, policy.recovered(self._memory(container)))
        self.store.end_spell(container)
        if treatment := self.store.state(container).treatment:
            self.store.enter(container, treatment=None, waiting="", held_back="")
            treatment = completed(treatment, self.seen.get(container))
            event_log.write("healthy", self._named(container), **event_log.course(treatment, time.time()))

    def forget(self, container: str) -> None:
        """It is gone."""
        if self.store.state(container).waiting:
            event_log.write("left-alone", self._named(container), reason="it is gone")
        self.store.forget(container)
        for known in (self.seen, self.said):
            known.pop(container, None)

    @property
    def now(self) -> float:
        """The time of the clock that states are kept in."""
        return self.store.clock()

    async def _tend(self, container: str) -> None:
        failures = 0
        try:
            while True:
                try:
                    if await self._treated(container):
                        return
                    failures = 0
                except EngineError as error:
                    self._say_once("failed", container, reason=str(error))
                    await asyncio.sleep(min(RETRY_SECONDS * 2**failures, RETRY_CAP_SECONDS))
                    failures = min(failures + 1, 10)
        finally:
            del self.wakes[container]

    async def _treated(self, container: str) -> bool:
        """Look once and do what follows from it; true when there is nothing left to do."""
        self.wakes[container].clear()
        try:
            state = self.store.state(container)
            impatient = policy.out_of_patience(state.memory, self.now, self.settings)
            case = await self.observer.case(container, beside_others=impatient)
            if state.treatment and unfinished(case.patient, state.treatment, state.memory):
                return await self._finish(case.patient, state.treatment)
            return await self._carry_out(case, self._judge(case))
        except StrangerError as error:
            self._say_once("left-alone", container, reason=str(error))
        except GoneError:
            self.forget(container)
        return True

    def _judge(self, case: policy.Case) -> policy.Decision:
        patient, now = case.patient, self.now
        state = self.store.state(patient.id)
        if policy.untouchable(patient):
            return policy.decide(case, state.memory, now, self.settings)
        memory = policy.remember(state.memory, case, now, self.settings)
        sick_from = now if state.sick_from is None else state.sick_from
        self.store.enter(patient.id, service=patient.service, memory=memory, sick_from=sick_from)
        return policy.decide(case, memory, now, self.settings)

    async def _carry_out(self, case: policy.Case, decision: policy.Decision) -> bool:
        patient = case.patient
        match decision:
            case policy.Leave(reason=reason):
                self._leave(patient, reason)
                return not self.wakes[patient.id].is_set()  # something happened while we looked
            case policy.Wait():
                return await self._hold_back(patient, decision)
            case policy.Restart():
                if spent := policy.out_of_budget(self.store.budget, self.now, self.settings):
                    return await self._hold_back(patient, spent)
                async with self.turns:
                    return await self._restart(patient, decision)

    async def _hold_back(self, patient: Container, wait: policy.Wait) -> bool:
        self._say_once("waiting", patient.id, wait.reason, wait.topic)
        self.store.enter(patient.id, waiting=wait.reason, held_back=wait.kind)
        await self._pause(patient.id, wait.until)
        return False

    async def _pause(self, container: str, until: float) -> None:
        try:
            async with asyncio.timeout(min(until - self.now, LOOK_SECONDS)):
                await self.wakes[container].wait()
        except TimeoutError:
            pass

    async def _restart(self, judged: Container, decision: policy.Restart) -> bool:
        fresh = await self.observer.see(judged.id)  # it may have waited for its turn
        if excuse := policy.changed(judged, fresh):
            self._leave(fresh, excuse)
            return not self.wakes[judged.id].is_set()
        memory, now = self._memory(fresh.id), self.now
        if policy.in_others_hands(fresh, memory, now) or policy.out_of_budget(self.store.budget, now, self.settings):
            return False  # since it began to wait
        treatment = self._begin(fresh, decision)
        await self._do(fresh, treatment, self.engine.restart(fresh.id, self.settings.stop_seconds))
        return True

    async def _finish(self, patient: Container, treatment: Treatment) -> bool:
        """Start what a restart of ours has stopped: nobody else will, for Docker takes that for a stop by hand."""
        decision = policy.finish(self._memory(patient.id), self.now, self.settings)
        if isinstance(decision, policy.Wait):
            return await self._hold_back(patient, decision)
        memory = policy.restarting(self._memory(patient.id), decision, self.now)
        self.store.enter(patient.id, memory=memory, waiting="", held_back="")
        event_log.write("finishing", patient, reason=decision.reason)
        async with self.turns:
            await self._do(patient, treatment, self.engine.start(patient.id))
        return True

    async def _do(self, patient: Container, treatment: Treatment, asked: Coroutine[Any, Any, None]) -> None:
        """Have the engine do what it is asked, and enter what came of it."""
        self.in_hand.add(patient.id)
        try:
            await asked
        except EngineError:
            self.store.enter(patient.id, treatment=replace(treatment, failed_at=time.time()))
            raise
        finally:
            self.in_hand.discard(patient.id)
        treatment = replace(treatment, restarted_at=time.time())
        self.store.enter(patient.id, treatment=treatment)
        event_log.write("restarted", patient, **event_log.course(treatment))
        self.said.pop(patient.id, None)

    def _begin(self, patient: Container, decision: policy.Restart) -> Treatment:
        """Enter what is about to be done, before it is done: we may be restarted meanwhile."""
        treatment = Treatment(
            reason=decision.reason,
            fault=patient.fault,
            detected_at=patient.detected_at,
            detect_seconds=patient.detect_seconds,
            began_at=time.time(),
        )
        memory = policy.restarting(self._memory(patient.id), decision, self.now)
        self.store.totals = self.store.totals.with_restart(patient.service, decision.kind)
        self.store.budget = self.store.budget.take(self.now, self.settings)
        self.store.enter(patient.id, memory=memory, treatment=treatment, waiting="", held_back="")
        self.store.publish()
        event_log.write("gave-way" if decision.gave_way else "restarting", patient, **event_log.course(treatment))
        return treatment

    def _leave(self, patient: Container, reason: str) -> None:
        waited = patient.id in self.said or self.store.state(patient.id).waiting  # that it is over is told, too
        if patient.well:
            self.recovered(patient.id)
        elif patient.status not in ("running", "restarting"):  # by hand: what we began is over
            self.store.end_spell(patient.id)
            self._close(patient.id, treatment=None)
        self._close(patient.id)
        if waited or patient.status in ("paused", "exited"):
            self._say_once("left-alone", patient.id, reason=reason)

    def _close(self, container: str, **news: None) -> None:
        """Enter in its state, if it has one, that nothing is waited for."""
        if container in self.store.states:
            self.store.enter(container, waiting="", held_back="", **news)

    def _remember(self, container: str, memory: policy.Memory) -> None:
        if memory != self._memory(container):
            self.store.enter(container, memory=memory)

    def _memory(self, container: str) -> policy.Memory:
        return self.store.state(container).memory

    def _named(self, container: str) -> Container:
        """What was last seen of it; after a restart of ours that may be no more than its state says."""
        service = self.store.state(container).service
        return self.seen.get(container) or Container(id=container, project=self.project.name, service=service)

    def _say_once(self, action: str, container: str, reason: str, topic: str = "") -> None:
        if self.said.get(container) != f"{action} {topic or reason}":
            self.said[container] = f"{action} {topic or reason}"
            event_log.write(action, self._named(container), reason=reason)
