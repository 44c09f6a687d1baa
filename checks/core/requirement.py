"""A requirement as data: what is claimed, why it matters, and the rules that prove it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Rule:
    """One sentence that observations can contradict."""

    name: str
    wording: str


@dataclass(frozen=True)
class Reference:
    """Where others say the same."""

    title: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One of the nine. Without rules nothing judges it yet."""

    id: str
    title: str
    wording: str
    why: str
    references: tuple[Reference, ...]
    rules: tuple[Rule, ...] = ()


CIS = "CIS Docker Benchmark"
DOCKERFILE_PRACTICES = Reference(
    "Docker: Building best practices", "https://docs.docker.com/build/building/best-practices/"
)
OCI_ANNOTATIONS = Reference(
    "OCI image annotations", "https://github.com/opencontainers/image-spec/blob/main/annotations.md"
)
HADOLINT = Reference("hadolint: rules", "https://github.com/hadolint/hadolint#rules")
COMPOSE_STARTUP_ORDER = Reference(
    "Docker Compose: Control startup and shutdown order",
    "https://docs.docker.com/compose/how-tos/startup-order/",
)
COMPOSE_SECRETS = Reference(
    "Docker Compose: Manage secrets securely",
    "https://docs.docker.com/compose/how-tos/use-secrets/",
)
DOCKER_HEALTHCHECK = Reference(
    "Dockerfile reference: HEALTHCHECK",
    "https://docs.docker.com/reference/dockerfile/#healthcheck",
)
DOCKER_RESTART = Reference(
    "Docker: Start containers automatically",
    "https://docs.docker.com/engine/containers/start-containers-automatically/",
)
REDIS_ACL = Reference("Redis: ACL", "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/")
REDIS_PERSISTENCE = Reference(
    "Redis: Persistence",
    "https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/",
)
REDIS_WAITAOF = Reference("Redis: WAITAOF", "https://redis.io/docs/latest/commands/waitaof/")
PROMETHEUS_JOBS = Reference("Prometheus: Jobs and instances", "https://prometheus.io/docs/concepts/jobs_instances/")
PROMETHEUS_ALERTING = Reference(
    "Prometheus: Alerting rules", "https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/"
)
PROMETHEUS_CONFIGURATION = Reference(
    "Prometheus: Configuration, scrape_config",
    "https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config",
)


class Reading(StrEnum):
    """What a health route is to say: whether the service can do its work, or only that it is there to be asked."""

    READINESS = "readiness"
    LIVENESS = "liveness"
