"""By whom a subject is run: some checks have a meaning with one of them alone."""

COMPOSE, SWARM = "compose", "swarm"
RUNNERS = (COMPOSE, SWARM)
