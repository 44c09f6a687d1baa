"""A Compose project as files: which they are, and what `docker compose config` resolves them to. No engine is asked."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stack.driver import bounded, docker
from stack.driver.detached import detached
from stack.driver.environment import for_strangers
from stack.driver.errors import EngineError, StackError, SubjectError
from stack.driver.labels import STACK_LABEL, Labels

Config = Mapping[str, Any]
"""What `docker compose config --format json` says: services, networks, volumes, resolved."""
OVERRIDE_NAME = ".compliance.override.yaml"
QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\nrt])*"')  # as Go quotes, where JSON does so too
COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")  # as Compose prefers them
OVERRIDE_NAMES = (
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"
)  # fmt: skip


class ComposeProject:
    """The Compose file `file` in `directory`, what was laid over it, and the name that its containers carry."""

    def __init__(
        self, directory: Path, file: str, name: str, labels: Labels | None = None, *, aside: Path | None = None,
        more: Sequence[str] | None = None, started_in: str = ".",
    ) -> None:  # fmt: skip
        self.directory = directory
        self.file = file
        self.more = more  # files merged over it, relative to the directory; None for what Compose finds by itself
        self.folder = Path(os.path.normpath(directory / started_in))  # in which `docker compose up` is run
        self.name = name
        self.labels = labels or {STACK_LABEL: name}
        self.of_strangers = False  # who may not read this process's environment
        self.kept_in = False  # whether its copies get no route out of this machine
        self.options: list[str] = []
        self._ended: set[str] = set()
        self._aside = aside or directory  # where what is laid over it is written
        self._overrides: list[Path] = []
        self._detaching: Path | None = None
        self._resolved: dict[tuple[object, ...], Config | SubjectError] = {}

    @property
    def files(self) -> tuple[Path, ...]:
        """The Compose file and what was laid over it, in the order in which Compose merges them."""
        file = self.directory / self.file
        more = merged_with(file) if self.more is None else [self.directory / name for name in self.more]
        return (file, *more, *self._overrides)

    @property
    def environment(self) -> dict[str, str]:
        """What Compose is run in: as in a shell in its folder, to which `${PWD}` leads; a stranger's gets no more."""
        inherited = for_strangers(os.environ) if self.of_strangers else os.environ
        return {**inherited, "PWD": str(self.folder)}

    @property
    def env_files(self) -> tuple[Path, ...]:
        """The `.env` beside the Compose file, and that of the folder it is started in, which goes before."""
        found = dict.fromkeys((self.directory / ".env", self.folder / ".env"))
        return tuple(path for path in found if path.is_file())

    @property
    def config(self) -> Config:
        """The resolved Compose file; raises SubjectError with Compose's words where it does not resolve."""
        return self._resolve(self.files)

    @property
    def declared(self) -> Config:
        """The same as it is meant: with the ports that it publishes where it stands, not those of a detached copy."""
        return self._resolve(tuple(path for path in self.files if path != self._detaching))

    @property
    def profiled(self) -> Mapping[str, Config]:
        """{service: what is said of it} of those that only come up with a profile; raises SubjectError as `config`."""
        files = tuple(path for path in self.files if path != self._detaching)
        every: Mapping[str, Config] = self._resolve(files, "--profile", "*")["services"]
        return {name: spec for name, spec in every.items() if name not in self.config["services"]}

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that the Compose file names and that is to go on running, in its order."""
        services = self.config["services"]
        return tuple(name for name, spec in services.items() if name not in self.one_shots and replicas_of(spec))

    @property
    def one_shots(self) -> frozenset[str]:
        """Services that are to end: others wait for their success, or they were seen to end with 0 at the start."""
        waits = [spec.get("depends_on") or {} for spec in self.config["services"].values()]
        done = "service_completed_successfully"
        waited_for = {name for wait in waits for name, how in wait.items() if how["condition"] == done}
        return frozenset(waited_for | self._ended)

    def note_one_shot(self, service: str) -> None:
        """One that ended with 0 at the start, and may, is of that kind, waited for or not."""
        if may_end(self.config["services"][service]):
            self._ended.add(service)

    def depends_on(self, service: str) -> tuple[str, ...]:
        """The services that the Compose file says it needs all the time."""
        needed = self.config["services"][service].get("depends_on") or {}
        return tuple(name for name in needed if name not in self.one_shots)

    def image_of(self, service: str) -> str:
        """Its image as the Compose file says, or as Compose names what it builds without being given a name."""
        return str(self.config["services"][service].get("image") or f"{self.name}-{service}")

    def mounting_a_socket(self) -> tuple[str, ...]:
        """The services that have a socket of this machine mounted: the engine's, for all that is known."""
        volumes = {name: self.config["services"][name].get("volumes") or () for name in self.services}
        return tuple(name for name in volumes if any(Path(str(one.get("source"))).is_socket() for one in volumes[name]))

    def asking_through(self, holders: Collection[str]) -> tuple[str, ...]:
        """The services that may ask the engine through others: by a volume that they share, or by DOCKER_HOST."""
        shared = {volume for name in holders for volume in self._named_volumes(name)}
        others = (name for name in self.services if name not in holders)
        return tuple(
            name
            for name in others
            if self._named_volumes(name) & shared or urlsplit(self._docker_host(name)).hostname in holders
        )

    def _named_volumes(self, service: str) -> set[str]:
        volumes = self.config["services"][service].get("volumes") or ()
        return {str(one["source"]) for one in volumes if one.get("type") == "volume" and one.get("source")}

    def _docker_host(self, service: str) -> str:
        return str((self.config["services"][service].get("environment") or {}).get("DOCKER_HOST") or "")

    def warnings(self) -> tuple[str, ...]:
        """What `docker compose config` warns of."""
        said = docker.complaints(*self.command("config", "--quiet"), environment=self.environment)
        warned = [_plain(line) for line in said if bounded.WARNING in line]
        return tuple(dict.fromkeys(line.replace(f"{self.directory}/", "") for line in warned))

    def as_json(self) -> str:
        """The resolved Compose file as JSON."""
        return json.dumps(self.config, indent=2) + "\n"

    def override(self, text: str) -> None:
        """Lay another Compose file over those there are (YAML; `!override` and `!reset` work)."""
        path = self._aside / f"{OVERRIDE_NAME}.{len(self._overrides)}"
        path.write_text(text)
        self._overrides.append(path)

    @property
    def overrides(self) -> tuple[Path, ...]:
        """What was laid over its Compose file."""
        return tuple(self._overrides)

    def overridden_by(self, overrides: Sequence[Path]) -> None:
        """Have laid over it what was laid over another of its directory, whose last that detaches it."""
        self._overrides = [*overrides]
        self._detaching = overrides[-1] if overrides else None

    def laid_over(self, text: str, aside: Path) -> ComposeProject:
        """The same project with one more Compose file over it, written to `aside`; this one stays as it is."""
        other = copy(self)
        other._aside, other._resolved = aside, {}
        other._overrides, other.options = [*self._overrides], [*self.options]
        other.override(text)
        return other

    def detach(self) -> None:
        """Lay over it what lets a copy run beside the original; raises SubjectError for what both would share."""
        self.override(detached(self.config, self.name, self.labels, kept_in=self.kept_in))
        self._detaching = self._overrides[-1]

    def command(self, *words: str, files: tuple[Path, ...] = (), options: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The words of a `docker compose` command on this project; one without a name gets it from its files."""
        named = [word for path in files or self.files for word in ("--file", str(path))]
        told = self.folder == self.directory or any(option.startswith("--env-file") for option in self.options)
        given = [] if told else [f"--env-file={path}" for path in self.env_files]
        called = ("--project-name", self.name) if self.name else ()
        return ("compose", *named, *given, *self.options, *options, *called, *words)

    def _resolve(self, files: tuple[Path, ...], *options: str) -> Config:
        asked = self.command("config", "--format", "json", files=files, options=options)
        if asked not in self._resolved:
            self._resolved[asked] = self._asked(asked, files)
        found = self._resolved[asked]
        if isinstance(found, SubjectError):  # Compose would say it again
            raise found
        return found

    def _asked(self, asked: tuple[str, ...], files: tuple[Path, ...]) -> Config | SubjectError:
        """What Compose resolves the files to, or why it cannot."""
        try:
            resolved: Config = json.loads(bounded.ask(*asked, files=files, environment=self.environment))
        except EngineError:
            raise
        except SubjectError as too_much:
            return too_much
        except StackError as problem:
            return SubjectError(f"{files[0]} does not resolve", details=tuple(map(_plain, problem.details)))
        return resolved


def _plain(line: str) -> str:
    """What a warning of Compose's log says, as it was meant; another line as it stands."""
    message = line.partition("msg=")[2] if bounded.WARNING in line else line
    return str(json.loads(message)) if QUOTED.fullmatch(message) else message


def merged_with(file: Path) -> list[Path]:
    """The override file that Compose merges by itself, for a Compose file of a usual name."""
    beside = [file.with_name(name) for name in OVERRIDE_NAMES if file.name in COMPOSE_NAMES]
    return [path for path in beside if path.is_file()][:1]


AS_COMPOSE_READS = {"any": "always", "none": "no"}  # conditions of `deploy.restart_policy`


def may_end(spec: Config) -> bool:
    """Whether a service that ended with 0 has done what it is for, as a job does.

    Nothing restarts it then, and nothing says that it is to go on: no health check, and no port for others to reach.
    """
    if declared_policy(spec) not in {"no", "on-failure"}:
        return False
    return not (spec.get("healthcheck") or spec.get("ports") or spec.get("expose"))


def declared_policy(spec: Config) -> str:
    """The restart policy of a service: 'on-failure' of 'on-failure:3'; 'no' where nothing is said, as Docker has it.

    That of `deploy` goes before `restart` where both are there, and without a condition is none: so Compose 2.26 makes
    the container (getRestartPolicy in pkg/compose/create.go), whatever its specification says of `any`.
    """
    told = (spec.get("deploy") or {}).get("restart_policy")
    if told is not None:
        condition = str(told.get("condition") or "none")
        return AS_COMPOSE_READS.get(condition, condition)
    return str(spec.get("restart") or "no").partition(":")[0]


def replicas_of(spec: Config) -> int:
    """How many containers a service is to have."""
    deployed = (spec.get("deploy") or {}).get("replicas")
    return int(next(number for number in (spec.get("scale"), deployed, 1) if number is not None))


def is_global(spec: Config) -> bool:
    """Whether Swarm is to run one task of a service on each node."""
    return bool((spec.get("deploy") or {}).get("mode") == "global")


def seconds_in(duration: str) -> float:
    """'1m30s' as seconds: a duration as Compose resolves it (Go's notation)."""
    units = {"h": 3600.0, "ms": 1e-3, "m": 60.0, "us": 1e-6, "\u00b5s": 1e-6, "ns": 1e-9, "s": 1.0}
    parts = re.findall(rf"([\d.]+)({'|'.join(units)})", duration)
    return sum(float(number) * units[unit] for number, unit in parts)
