"""What the service is told from outside: the environment, and a file that holds the password."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

Number = TypeVar("Number", int, float)


class SettingsError(Exception):
    """A setting cannot be used; the message is one sentence for whoever set it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that differs between two runs."""

    redis_password: str = field(repr=False)
    redis_host: str = "redis"
    redis_port: int = 6379
    redis_username: str = "app"
    redis_pool_size: int = 32
    # From the request to Redis' answer: waiting for a connection, connecting and logging in included.
    redis_timeout: float = 0.7
    redis_ping_timeout: float = 0.5
    http_port: int = 5000


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings, with the defaults for what the environment leaves out."""
    password_file = text(environment, "REDIS_PASSWORD_FILE", "/run/secrets/redis-app-password")
    return Settings(
        redis_host=text(environment, "REDIS_HOST", Settings.redis_host),
        redis_port=whole_number(environment, "REDIS_PORT", Settings.redis_port, 1, 65535),
        redis_username=text(environment, "REDIS_USERNAME", Settings.redis_username),
        redis_password=secret(Path(password_file)),
        redis_pool_size=whole_number(environment, "REDIS_POOL_SIZE", Settings.redis_pool_size, 1, 1024),
        # The contract is an answer within a second, so a deadline of a second or more is refused.
        redis_timeout=seconds(environment, "REDIS_TIMEOUT", Settings.redis_timeout, 0.05, 0.9),
        redis_ping_timeout=seconds(environment, "REDIS_PING_TIMEOUT", Settings.redis_ping_timeout, 0.05, 0.9),
        http_port=whole_number(environment, "HTTP_PORT", Settings.http_port, 1, 65535),
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
