"""On which ports of its container a service may answer HTTP, as its files say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from checks.subject.programs import arguments_of, programs_of
from checks.subject.role_tables import Role, product
from stack.driver.project import Config

TOLD = re.compile(
    r"(?:^|\s)(?:"
    r"(?:--(?:[\w.-]*[.-])?port|-p)[=\s](?P<port>\d{2,5})"
    r"|(?:--?(?:[\w.-]*[.-])?(?:bind|listen|listen-address|http|http-socket|httpListenAddr)|-b)[=\s]\S*?:(?P<bound>\d{2,5})"
    r"|(?:\d+\.\d+\.\d+\.\d+|\[[\da-f:]*\]|\*|localhost):(?P<plain>\d{2,5})"
    r")(?=\s|$)"
)
TELLS_A_PORT = re.compile(r"(?:[A-Z]+_)*(?:HTTP_|SERVER_|RUN_|APP_)?PORT")
OF_ANOTHER = re.compile(  # `REDIS_PORT` is where somebody else listens
    r"(?:REDIS|VALKEY|DB|DATABASE|POSTGRES\w*|PG|MYSQL|MARIADB|MONGO\w*|RABBITMQ|AMQP|KAFKA|SMTP|MAIL|EMAIL|CACHE|BROKER"
    r"|ELASTIC\w*|MEMCACHED?|DEBUG\w*|METRICS|STATSD|JAEGER|OTEL\w*|PROXY)_\w*"
)


def http_ports(config: Config, service: str, led_to: Iterable[int] = ()) -> tuple[int, ...]:
    """The container ports of the best evidence that there is, () where there is none.

    What its own command says counts before where others look for it (`led_to`), that before what it publishes, what its
    environment names, what it exposes, and where its web server listens that is told nothing. Ports of debuggers do not
    count beside others.
    """
    spec = config["services"][service]
    for found in (_told(spec), led_to, published(spec), _in_environment(spec), _exposed(spec), _usual(spec)):
        ports = tuple(dict.fromkeys(found))
        if kept := tuple(port for port in ports if port not in product(Role.API).debuggers):
            return kept
    return tuple(dict.fromkeys(published(spec)))


def published(spec: Config) -> Iterator[int]:
    """The container ports that a service publishes on the host."""
    return (int(port["target"]) for port in spec.get("ports") or () if port.get("protocol", "tcp") == "tcp")


def _told(spec: Config) -> Iterator[int]:
    for found in TOLD.finditer(" ".join(arguments_of(spec))):
        yield int(found["port"] or found["bound"] or found["plain"])


def _in_environment(spec: Config) -> Iterator[int]:
    for name, value in (spec.get("environment") or {}).items():
        if TELLS_A_PORT.fullmatch(name) and not OF_ANOTHER.fullmatch(name) and str(value).isdigit():
            yield int(value)


def _exposed(spec: Config) -> Iterator[int]:
    return (int(number) for port in spec.get("expose") or () if (number := str(port).partition("/")[0]).isdigit())


def _usual(spec: Config) -> Iterator[int]:
    listens = product(Role.API).listens
    return (listens[program] for program in programs_of(spec) if program in listens)
