"""What the service is told from outside: the environment, and a file that holds the password."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

Number = TypeVar("Number", int, float)


class SettingsError(Exception):
    """A setting cannot be used; the message is one sentence for whoever set it."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a client may ask for, all in one place: whatever is sent, memory and the time of others are bounded."""

    id_characters: int = 256
    body_bytes: int = 1024 * 1024  # 413
    head_bytes: int = 16 * 1024  # of request line and headers together: 431
    headers: int = 64  # 431
    request_seconds: float = 10.0  # from the first byte of a request to its last: 408
    idle_seconds: float = 5.0  # without a byte, before a first request and between two: closed
    answer_seconds: float = 15.0  # for the client to take its answer: closed
    connections: int = 2048  # with one more, whoever has waited longest without a whole request is closed
    socket_bytes: int = 128 * 1024  # that the kernel buffers for a connection, each way
    pipelined: int = 16  # requests that are read ahead of their answers on one connection: 429
    received_bytes: int = 32 * 1024 * 1024  # of bodies, for all clients together: 503
    unread_bytes: int = 32 * 1024 * 1024  # of answers that clients do not take, all together: the oldest is closed
    redis_commands: int = 4096  # without an answer yet: 503


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that differs between two runs."""

    redis_password: str = field(repr=False)
    redis_host: str = "redis"
    redis_port: int = 6379
    redis_username: str = "app"
    # From the request to Redis' answer: connecting and logging in included.
    redis_timeout: float = 0.7
    redis_ping_timeout: float = 0.5
    http_port: int = 5000
    version: str = "unknown"
    revision: str = "unknown"
    limits: Limits = Limits()


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings, with the defaults for what the environment leaves out."""
    password_file = text(environment, "REDIS_PASSWORD_FILE", "/run/secrets/redis-app-password")
    return Settings(
        redis_host=text(environment, "REDIS_HOST", Settings.redis_host),
        redis_port=whole_number(environment, "REDIS_PORT", Settings.redis_port, 1, 65535),
        redis_username=text(environment, "REDIS_USERNAME", Settings.redis_username),
        redis_password=secret(Path(password_file)),
        # The contract is an answer within a second, so a deadline of a second or more is refused.
        redis_timeout=seconds(environment, "REDIS_TIMEOUT", Settings.redis_timeout, 0.05, 0.9),
        redis_ping_timeout=seconds(environment, "REDIS_PING_TIMEOUT", Settings.redis_ping_timeout, 0.05, 0.9),
        http_port=whole_number(environment, "HTTP_PORT", Settings.http_port, 1, 65535),
        version=text(environment, "SERVICE_VERSION", Settings.version),
        revision=text(environment, "SERVICE_REVISION", Settings.revision),
    )


def text(environment: Mapping[str, str], name: str, default: str) -> str:
    """Compose passes an unset variable as an empty one, so empty means the default."""
    return environment.get(name, "").strip() or default


def whole_number(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    return number(environment, name, default, low, high, int, "a whole number")


def seconds(environment: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    return number(environment, name, default, low, high, float, "seconds")


def number(
    environment: Mapping[str, str],
    name: str,
    default: Number,
    low: Number,
    high: Number,
    parse: Callable[[str], Number],
    kind: str,
) -> Number:
    given = text(environment, name, str(default))
    try:
        value = parse(given)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:  # this way round, `nan` is refused too
        raise SettingsError(f"{name} must be {kind} from {low} to {high}, not `{given}`")
    return value


def secret(path: Path) -> str:
    """The file's only line; no message says anything about its content but that it is unusable."""
    try:
        value = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SettingsError(f"cannot read the password of Redis from {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"the password of Redis in {path} is not UTF-8 text") from None
    if not value.strip():
        raise SettingsError(f"the password file of Redis is empty: {path}")
    return value
