"""The door to Docker: python-on-whales, loaded at its first use, and the few questions asked without it.

The engine's words become errors of ours here, and nowhere else. Loading it takes longer
than starting a container, so `invoke up` has Compose at work before it needs the rest.
"""

from __future__ import annotations

import os
import re
import selectors
import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stack.driver.errors import EngineError, PortTakenError, StackError, last_lines, no_room
from stack.driver.menu import task

UNTIL_WE_END = ("setpriv", "--pdeathsig", "TERM")  # before a command that is to end even where we are killed
MOST_BYTES = 64 << 20  # of an answer: a log of that size is the longest that is asked for
AS_SEEN = 1e9  # seconds: what was inspected stays as it was seen, where python-on-whales would ask again after 10 ms
NOT_STARTED = 125  # from here on the exit code of `docker exec` is Docker's own, not the command's
PORT_TAKEN = re.compile(  # behind an address: other numbers with a colon in front are a time's
    r"(?:(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}|\[[\w:.%]+\]"
    r"|\b(?:listen \w+|bind(?: host)?(?: port)?(?: for)?|exposing port \w+) (?:[\da-f:]*:|localhost|\*|)):(\d+)\b"
    r".*(?:port is already allocated|address already in use"
    r"|only one usage of each socket address|access a socket in a way forbidden)",  # as Windows says it
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"privileged|not permitted|permission denied|authorization denied|/dev/loop|no loop device|No such device|mount: ",
    re.IGNORECASE,
)
NOT_BUILT = re.compile(r"^(?:ERROR: )?failed to solve: (?P<why>.*)$", re.MULTILINE)
REFERENCE = re.compile(r"failed to c\w+ (?:cache key|checksum of ref \S+): ")
NO_COMMAND = f"{task('engine')} provides one; for files alone docker-cli and docker-compose 2 are enough"
NO_COMPOSE = re.compile(  # without the plugin, docker reads the options of `docker compose` as its own
    r"unknown (?:shorthand )?flag: [^\n]*\s+(?:See 'docker --help'\.\s+)?Usage:\s+docker \[OPTIONS\] COMMAND"
    r"|'compose' is not a docker command|unknown command: docker compose"
)

if TYPE_CHECKING:
    from python_on_whales import Container as Container
    from python_on_whales import DockerClient as DockerClient
    from python_on_whales.components.container.models import ContainerHealthCheck as ContainerHealthCheck
    from python_on_whales.exceptions import DockerException as DockerException
    from python_on_whales.exceptions import NoSuchContainer as NoSuchContainer
else:

    def __getattr__(name: str) -> object:
        import python_on_whales.client_config
        import python_on_whales.exceptions

        python_on_whales.client_config.CACHE_VALIDITY_PERIOD = AS_SEEN
        return getattr(python_on_whales, name, None) or getattr(python_on_whales.exceptions, name)


def of_project(project: str) -> tuple[str, str]:
    """The words that narrow `docker ps` and the like to one Compose project."""
    return "--filter", f"label=com.docker.compose.project={project}"


def ask(*words: str, environment: Mapping[str, str] | None = None) -> str:
    """What the docker command answers to a short question; raises StackError, and not nothing, where it cannot.

    It runs in this process's environment where no other is given.
    """
    return _asked(*words, environment=environment).stdout


def complaints(*words: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """The lines that it prints beside its answer."""
    return _asked(*words, environment=environment).stderr.splitlines()


def ask_all(*words: str) -> str:
    """The same with what it prints beside its answer: a container's log has both streams."""
    done = _asked(*words)
    return done.stdout + done.stderr


def run_inside(container: str, *words: str, **environment: str) -> tuple[int, str]:
    """(exit code, both streams) of a command run in a container; raises StackError where it cannot be started."""
    given = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    done = _tried("exec", *given, container, *words)
    if done.returncode >= NOT_STARTED:
        raise from_words(done.stderr or done.stdout, f"run {words[0]} in a container")
    return done.returncode, done.stdout + done.stderr


def _asked(*words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    done = _tried(*words, environment=environment)
    if done.returncode != 0:
        raise from_words(done.stderr, f"answer `docker {words[0]}`")
    return done


def _tried(*words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        running = subprocess.Popen(
            ["docker", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
    except FileNotFoundError as problem:
        raise EngineError("there is no docker command", hint=NO_COMMAND) from problem
    with running:
        try:
            out, beside = _both_streams(running)
        except BaseException:
            running.kill()
            raise
    return subprocess.CompletedProcess(running.args, running.returncode, _text(out), _text(beside))


def _both_streams(running: subprocess.Popen[bytes]) -> tuple[bytearray, bytearray]:
    """To their end, in memory: whoever answers may be a stranger's container that never stops."""
    assert running.stdout
    assert running.stderr
    kept = {running.stdout: bytearray(), running.stderr: bytearray()}
    with selectors.DefaultSelector() as open_ones:
        for stream in kept:
            open_ones.register(stream, selectors.EVENT_READ)
        while open_ones.get_map():
            for key, _ in open_ones.select():
                part = os.read(key.fd, 65536)
                kept[key.fileobj] += part  # type: ignore[index] # one of these two
                if not part:
                    open_ones.unregister(key.fileobj)
            if sum(map(len, kept.values())) > MOST_BYTES:
                raise StackError(f"a command printed over {MOST_BYTES >> 20} MB, which nobody reads")
    return kept[running.stdout], kept[running.stderr]


def _text(printed: bytearray) -> str:
    """With plain line ends; what is no UTF-8 is a stranger's too."""
    return printed.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def refused_privileges(said: str) -> bool:
    """Whether an engine, or the kernel, said so."""
    return REFUSED.search(said) is not None


def from_docker(problem: DockerException, doing: str) -> StackError:
    """Docker's own complaint as one of ours; `doing` completes 'Docker could not ...'."""
    return from_words(f"{problem.stdout or ''}\n{problem.stderr or ''}", doing)


def from_words(output: str, doing: str) -> StackError:
    """The same for what the docker command printed."""
    said, text = last_lines(output), output.lower()
    if "no space left on device" in text:
        return no_room(f"Docker could not {doing}")
    if "cannot connect to the docker daemon" in text or "error during connect" in text:
        return EngineError(
            f"the Docker engine went away: Docker could not {doing}",
            hint=f"{task('engine')} starts one where there is none",
        )
    if NO_COMPOSE.search(output):
        return EngineError(
            "Docker Compose is missing: the docker command does not know it",
            hint="install docker-compose 2 (of Debian 13; Docker's own: docker-compose-plugin); files need no engine",
        )
    if taken := PORT_TAKEN.search(text):
        return PortTakenError(
            f"port {taken[1]} is taken: Docker could not {doing}",
            details=said[-1:],
            hint=f"`ss -ltnp 'sport = :{taken[1]}'` shows who listens there",
        )
    return StackError(f"Docker could not {doing}", details=said)


def why_not_built(output: str) -> str:
    """What the builder says kept it from building, without references that are others each time; '' if nothing did."""
    found = NOT_BUILT.search(output)
    return REFERENCE.sub("", found["why"]) if found else ""
