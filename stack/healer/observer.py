"""Looks at a container in trouble, at those that it depends on, and at how the machine and the others do meanwhile."""

import asyncio
from dataclasses import replace

from stack.healer import lateness, main_process, peers, policy
from stack.healer.container import Container, read
from stack.healer.docker_api import Engine, EngineError, GoneError, StrangerError
from stack.healer.identity import PROJECT, SERVICE, Project
from stack.healer.lateness import Lateness
from stack.healer.pressure import Pressure


class Observer:
    """The project's containers by id, as each was last seen; whoever is looked at is asked for anew."""

    def __init__(self, engine: Engine, project: Project, pressure: Pressure) -> None:
        self.engine = engine
        self.project = project
        self.pressure = pressure
        self.seen: dict[str, Container] = {}

    async def case(self, container: str, *, beside_others: bool) -> policy.Case:
        """Look at a container and at all that its judgement takes; the others' probes only where they are asked for.

        Raises GoneError where it is gone, StrangerError where it is not ours.
        """
        patient = await self.see(container)
        if policy.untouchable(patient):
            return policy.Case(patient=patient)
        dependencies = await asyncio.gather(*map(self._dependency, patient.depends_on))
        late = await self._lateness(patient)
        if late and beside_others:
            late = replace(late, peers=peers.probed(patient, await self._all()))
        return policy.Case(patient=patient, dependencies=tuple(dependencies), lateness=late)

    async def see(self, container: str) -> Container:
        """Look at one container."""
        inspected = await self.engine.inspect(container)
        try:
            seen = read(inspected)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EngineError(f"what the engine says of it is not understood: {error!r}") from error
        if seen.project != self.project.name:  # whatever a filter or a name may have said
            raise GoneError("not a container of this project")
        if not self.project.owns(seen):
            raise StrangerError("it carries this project's name, and Compose did not make it from this directory")
        self.seen[container] = seen
        return seen

    async def _lateness(self, patient: Container) -> Lateness | None:
        """See whether its probes were only late; what its main process does is asked for only then."""
        if late := lateness.lateness(patient, self.pressure.share):
            late = replace(late, process=await main_process.look(self.engine, patient))
        return late

    async def _dependency(self, service: str) -> policy.Dependency:
        return policy.Dependency(service=service, replicas=await self._all(f"{SERVICE}={service}"))

    async def _all(self, *labels: str) -> tuple[Container, ...]:
        """Look at each container of the project that has these labels, whether it runs or not."""
        named = await self.engine.containers(stopped=True, label=[f"{PROJECT}={self.project.name}", *labels])
        found = await asyncio.gather(*map(self._unless_gone, named))
        return tuple(one for one in found if one and not one.oneoff)

    async def _unless_gone(self, container: str) -> Container | None:
        try:
            return await self.see(container)
        except GoneError:  # its end must not pass for the patient's
            return None
