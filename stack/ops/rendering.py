"""The shipped stack, or a copy of it, as a stack file: its compose.yaml, and what is otherwise in a cluster."""

from __future__ import annotations

from stack.driver.project import ComposeProject
from stack.driver.swarm import kernel, membership
from stack.driver.swarm.kernel import Kernel
from stack.driver.swarm.service import Cluster
from stack.driver.swarm.stack_file import Aside, StackFile, rendered_of
from stack.ops import scraping

DERIVED = ".swarm"  # the folder of files that are others on Swarm, made anew at each rendering
PROMETHEUS = "prometheus/prometheus.yml"


def rendered(project: ComposeProject, nodes: int, kernel: Kernel) -> StackFile:
    """For so many nodes of this kernel. Without the healers: Swarm itself restarts what is unhealthy."""
    healers = healing(project)
    kept = [name for name in project.services if name not in healers]
    shipped, scraped = project.directory / PROMETHEUS, project.directory / DERIVED / "prometheus.yml"
    scraped.parent.mkdir(exist_ok=True)
    scraped.write_text(scraping.of_tasks(shipped.read_text(), kept))
    cluster = Cluster(nodes=nodes, ipvs=kernel.ipvs, esp=kernel.esp)
    return rendered_of(project.config, project.name, cluster, Aside(services=healers, files={str(shipped): scraped}))


def rendered_here(project: ComposeProject) -> StackFile:
    """For the swarm that this engine manages."""
    return rendered(project, len(membership.nodes()), kernel.seen())


def healing(project: ComposeProject) -> tuple[str, ...]:
    """Who holds the engine's socket, who asks through them, and who shows what those wrote down."""
    found = project.mounting_a_socket()
    while more := project.asking_through(found):
        found += more
    return tuple(name for name in project.services if name in found)
