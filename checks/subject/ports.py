"""On which ports of its container a service may answer HTTP, as its files say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from checks.subject.health_checks import declared_test
from checks.subject.image_recipe import recipe_of
from checks.subject.links import labelled
from checks.subject.programs import arguments_started, programs_of
from checks.subject.role_tables import Role, product
from stack.driver.project import Config

TOLD = re.compile(
    r"(?:^|\s)(?:"
    r"(?:(?:--|-D)(?:[\w.-]*[.-])?port|-p|runserver|http\.server)[=\s](?P<port>\d{2,5})"
    r"|(?:--?(?:[\w.-]*[.-])?(?:bind|listen|listen-address|http|http-socket|httpListenAddr)|-b)[=\s]\S*?:(?P<bound>\d{2,5})"
    r"|(?:\d+\.\d+\.\d+\.\d+|\[[\da-f:]*\]|\*|localhost):(?P<plain>\d{2,5})"
    r")(?=\s|$)"
)
ITSELF = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])[: ](\d{2,5})\b")
VARIABLE = re.compile(r"\${1,2}(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<plain>[A-Za-z_]\w*))")
ARGUMENTS = ("GUNICORN_CMD_ARGS",)  # variables that stand for words of a command
TELLS_A_PORT = re.compile(r"(?:[A-Z]+_)*(?:HTTP_|SERVER_|RUN_|APP_)?PORTS?")
TELLS_AN_ADDRESS = re.compile(r"(?:[A-Z]+_)*(?:ADDR|ADDRESS|LISTEN|BIND|URLS?)")
OF_ITS_OWN = re.compile(r"(?:https?://)?(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\]|[*+])?:(\d{2,5})/?(?:;.*)?")
DEBUGGERS = product(Role.API).debuggers
OF_ANOTHER = re.compile(  # `REDIS_PORT` is where somebody else listens
    r"(?:REDIS|VALKEY|DB|DATABASE|POSTGRES\w*|PG|MYSQL|MARIADB|MONGO\w*|RABBITMQ|AMQP|KAFKA|SMTP|MAIL|EMAIL|CACHE|BROKER"
    r"|ELASTIC\w*|MEMCACHED?|DEBUG\w*|METRICS|STATSD|JAEGER|OTEL\w*|PROXY)_\w*"
)


def http_ports(config: Config, service: str, led_to: Iterable[int] = ()) -> tuple[int, ...]:
    """The container ports of the best evidence that there is, () where there is none.

    What its own command says counts before where others look for it (`led_to`), that before what it publishes, what its
    environment names, what its health check asks, what it exposes, and where its web server listens that is told
    nothing. Ports of debuggers do not count beside others; of several, those that other evidence names too come first.
    """
    spec = config["services"][service]
    where = (*led_to, *(link.port for link in labelled(config, service, "") if link.port))
    pieces = (_told(spec), where, published(spec), _in_environment(spec), _asked(spec), _exposed(spec), _usual(spec))
    seen = [tuple(port for port in dict.fromkeys(found) if port not in DEBUGGERS) for found in pieces]
    kept = next(filter(None, seen), ())
    for ports in reversed(seen):  # the strongest decides last
        kept = tuple(sorted(kept, key=lambda port: port not in ports)) if set(kept) & set(ports) else kept
    return kept or tuple(dict.fromkeys(published(spec)))


def published(spec: Config) -> Iterator[int]:
    """The container ports that a service publishes on the host."""
    return (int(port["target"]) for port in spec.get("ports") or () if port.get("protocol", "tcp") == "tcp")


def _told(spec: Config) -> Iterator[int]:
    environment = _environment(spec)
    words = [*arguments_started(spec), *(str(environment.get(name) or "") for name in ARGUMENTS)]
    line = VARIABLE.sub(lambda found: _value(found, environment), " ".join(words))
    for found in TOLD.finditer(line):
        yield int(found["port"] or found["bound"] or found["plain"])


def _value(variable: re.Match[str], environment: Mapping[str, str]) -> str:
    """What a shell makes of a variable of the container."""
    return environment.get(variable["braced"] or variable["plain"]) or variable["default"] or ""


def _in_environment(spec: Config) -> Iterator[int]:
    for name, value in _environment(spec).items():
        if OF_ANOTHER.fullmatch(name):
            continue
        port = value.partition(";")[0]
        if TELLS_A_PORT.fullmatch(name) and port.isdigit():
            yield int(port)
        elif TELLS_AN_ADDRESS.fullmatch(name) and (address := OF_ITS_OWN.fullmatch(value)):
            yield int(address[1])


def _environment(spec: Config) -> Mapping[str, str]:
    """The variables of its Dockerfile, and those of its Compose file over them."""
    recipe = recipe_of(spec)
    told = {name: str(value) for name, value in (spec.get("environment") or {}).items() if value is not None}
    return {**(recipe.environment if recipe else {}), **told}


def _asked(spec: Config) -> Iterator[int]:
    """Where its own health check asks it."""
    return (int(found[1]) for found in ITSELF.finditer(" ".join(declared_test(spec))))


def _exposed(spec: Config) -> Iterator[int]:
    recipe = recipe_of(spec)
    told = spec.get("expose") or (recipe.exposed if recipe else ())
    return (int(number) for port in told if (number := str(port).removesuffix("/tcp")).isdigit())


def _usual(spec: Config) -> Iterator[int]:
    listens = product(Role.API).listens
    return (listens[program] for program in programs_of(spec) if program in listens)
