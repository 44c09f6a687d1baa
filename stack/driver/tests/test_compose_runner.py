"""What Compose and Docker print is read in our words."""

import signal

import pytest

from stack.driver.runners import start
from stack.driver.runners.status import addresses_in, health_in


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (" Container shop-api-1  Healthy", ("shop-api-1", "Healthy")),
        ("Container shop-redis-1 Starting ", ("shop-redis-1", "Starting")),
        (" Network shop_default  Created", None),
    ],
)
def test_composes_progress_is_read(line: str, found: tuple[str, str] | None) -> None:
    seen = start.STARTING.search(line)
    assert (seen and (seen["container"], seen["state"])) == found


@pytest.mark.parametrize(
    ("state", "status", "word"),
    [
        ("running", "Up 2 seconds (healthy)", "healthy"),
        ("running", "Up 2 seconds (health: starting)", "starting"),
        ("running", "Up 2 hours (unhealthy)", "unhealthy"),
        ("running", "Up 2 seconds", "healthy"),
        ("paused", "Up 2 minutes (Paused)", "paused"),
        ("exited", "Exited (137) 2 seconds ago", "exited"),
        ("restarting", "Restarting (1) 2 seconds ago", "restarting"),
        ("created", "Created", "created"),
    ],
)
def test_a_container_is_told_in_a_word(state: str, status: str, word: str) -> None:
    assert health_in(state, status) == word


@pytest.mark.parametrize(
    ("ports", "addresses"),
    [
        ("127.0.0.1:5000->5000/tcp", ("127.0.0.1:5000",)),
        ("6379/tcp, 127.0.0.1:81->81/tcp, 127.0.0.1:82->80/tcp", ("127.0.0.1:81", "127.0.0.1:82")),
        ("6379/tcp", ()),
        ("", ()),
    ],
)
def test_an_address_is_what_can_be_reached_from_the_host(ports: str, addresses: tuple[str, ...]) -> None:
    assert addresses_in(ports) == addresses


def test_a_command_ends_when_who_reads_it_is_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt), start.running_command(["sleep", "60"]) as process:
        raise KeyboardInterrupt
    assert process.returncode == -signal.SIGTERM
