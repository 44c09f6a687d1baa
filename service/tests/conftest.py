"""A service on a real socket, and the ways in which a Redis can fail it."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests
import uvicorn

from service.app import create_app
from service.server import listener, listening
from service.settings import Limits, Settings

PASSWORD = "correct-horse"  # noqa: S105
ACL = f"user default off\nuser app on >{PASSWORD} ~item:* resetchannels -@all +set +get +ping\n"
DEFAULT_LIMITS = Limits()


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(
    redis_port: int, *, password: str = PASSWORD, timeout: float = 0.9, limits: Limits = DEFAULT_LIMITS
) -> Settings:
    """Patient, so that a busy machine fails no test, but for those that wait for the end of it."""
    return Settings(
        redis_host="127.0.0.1",
        redis_port=redis_port,
        redis_password=password,
        redis_timeout=timeout,
        redis_ping_timeout=timeout,
        limits=limits,
    )


@contextmanager
def running(given: Settings) -> Iterator[str]:
    """The address of a service with these settings."""
    http = listening(given.limits)
    config = uvicorn.Config(create_app(given), http=http, ws="none", lifespan="on", log_config=None)
    server = uvicorn.Server(config)
    socket_ = listener("127.0.0.1", 0, given.limits)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket_]})
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{socket_.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def wait_until(happened: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


def answers(port: int) -> bool:
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word, as a frozen process does."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def redis_server() -> str:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("there is no redis-server on the PATH")
    return binary


@pytest.fixture(scope="session")
def redis_port(redis_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    with redis(redis_server, port, tmp_path_factory.mktemp("redis")):
        yield port


@contextmanager
def redis(binary: str, port: int, folder: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    acl = folder / "users.acl"
    acl.write_text(ACL)
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--aclfile", str(acl), *more]
    with subprocess.Popen([binary, *options], cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: answers(port))
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="session")
def service(redis_port: int) -> Iterator[str]:
    with running(settings(redis_port)) as address:
        yield address


def put(address: str, item_id: str, data: str) -> requests.Response:
    return requests.post(f"{address}/set", json={"id": item_id, "data": data}, timeout=3)


def get(address: str, path: str) -> requests.Response:
    return requests.get(address + path, timeout=3)
