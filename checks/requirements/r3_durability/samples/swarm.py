"""Observations of where Redis is placed as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r3_durability.judge.swarm import Placed

PLACED = Placed(service="redis", data=("data",), tasks="1", constraints=("node.labels.redis==here",))

PASSING: tuple[object, ...] = (PLACED, replace(PLACED, constraints=("node.role==manager",)))

FAILING: dict[str, tuple[object, ...]] = {
    "swarm-stays-with-its-data": (
        replace(PLACED, constraints=()),
        replace(PLACED, tasks="2"),
        replace(PLACED, tasks="one a node"),
    ),
}

VACUOUS: tuple[object, ...] = (replace(PLACED, data=()),)
