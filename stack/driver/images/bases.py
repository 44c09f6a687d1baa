"""The images that a stack stands on, and those that are built here, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stack import ROOT
from stack.driver.debian import Recipe

SOURCE_LABEL = "compose-compliance.source"


class Source(StrEnum):
    LOCAL = "local"
    REGISTRY = "registry"
    PACKAGES = "packages"


EVERY_SOURCE = (Source.LOCAL, Source.REGISTRY, Source.PACKAGES)


@dataclass(frozen=True, kw_only=True)
class Base:
    """An image that others make: the official reference, and its twin from Debian packages with the same interface."""

    official: str
    packaged: str
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class Own:
    """An image built from a folder of this project, on the Python base."""

    name: str
    context: Path


REDIS = Base(
    official="redis:8.0",
    packaged="compliance-redis:8.0-debian13",
    recipe=Recipe(
        packages=("redis-server",),
        finish=(
            'chroot "$1" groupmod --gid 999 redis && chroot "$1" usermod --uid 999 --gid 999 redis',
            'install -d -o 999 -g 999 "$1/data"',
        ),
    ),
)
PROMETHEUS = Base(
    official="prom/prometheus:v2.53.3",
    packaged="compliance-prometheus:2.53-debian13-2",
    recipe=Recipe(
        packages=("prometheus", "busybox"),  # the official image has its wget
        finish=('install -d -o 65534 -g 65534 "$1/prometheus"', 'ln -s busybox "$1/usr/bin/wget"'),
    ),
)
PYTHON = Base(
    official="python:3.13-slim",
    packaged="compliance-python:3.13-debian13",
    recipe=Recipe(packages=("python3", "python3-venv")),
)
ENGINE = Base(  # for checks that need an engine of their own
    official="docker:26-dind",
    packaged="compliance-engine:26-debian13",
    recipe=Recipe(packages=("docker.io", "iptables")),
)
BASES = (REDIS, PROMETHEUS, PYTHON)
API = Own(name="compliance-api", context=ROOT / "service")
HEALER = Own(name="compliance-healer", context=ROOT / "stack" / "healer")
