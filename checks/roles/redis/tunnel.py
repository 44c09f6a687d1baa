"""A way from plain TCP on this machine to a Redis that answers over TLS or on a Unix socket alone.

Every connection is led on to where that Redis answers as it arrives, so that one which came back is found again. Over
TLS the certificate is not looked at: who answers is known by the container's address.
"""

from __future__ import annotations

import select
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from checks.roles.redis import inside
from checks.roles.redis.wire import ANSWER_SECONDS
from stack.driver import docker
from stack.driver.errors import StackError
from stack.driver.runners.protocol import Runner

AT_ONCE = 1 << 16  # bytes
ROOT_OF = "/proc/{pid}/root"  # as its first process sees it
CLIENT = ("tls-client-cert-file", "tls-client-key-file")
SERVER = ("tls-cert-file", "tls-key-file")  # what a Redis shows to others itself where it is told nothing else

Dial = Callable[[], socket.socket]


class Tunnel:
    """Listens on the loopback for as long as this process lives; who cannot be led on sees the connection end."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._receive, daemon=True).start()

    @property
    def address(self) -> str:
        host, port = self._door.getsockname()
        return f"{host}:{port}"

    def _receive(self) -> None:
        while True:
            near, _ = self._door.accept()
            threading.Thread(target=self._lead_on, args=(near,), daemon=True).start()

    def _lead_on(self, near: socket.socket) -> None:
        with near, suppress(OSError, StackError), self._dial() as far:
            while _exchanged(near, far):
                pass


def _exchanged(near: socket.socket, far: socket.socket) -> bool:
    """Pass on what came; False at the end of either side."""
    waiting = isinstance(far, ssl.SSLSocket) and far.pending() > 0
    ready = [far] if waiting else select.select([near, far], [], [])[0]
    for one in ready:
        told = _received(one)
        if told == b"":
            return False
        (far if one is near else near).sendall(told or b"")
    return True


def _received(one: socket.socket) -> bytes | None:
    """None where what arrived is nothing for who listens, such as a ticket of TLS."""
    one.settimeout(0)
    try:
        return one.recv(AT_ONCE)
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    finally:
        one.settimeout(ANSWER_SECONDS)


class OverTls:
    """Dials a port of a service that speaks TLS, with the certificate of its own that it is given in its container."""

    def __init__(self, runner: Runner, service: str, port: int, settings: Mapping[str, str]) -> None:
        self._runner = runner
        self._service = service
        self._port = port
        self._files = [settings.get(own) or settings.get(other, "") for own, other in zip(CLIENT, SERVER, strict=True)]

    def __call__(self) -> socket.socket:
        host, _, port = self._runner.address(self._service, self._port).partition(":")
        with socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS) as plain:
            return self._context.wrap_socket(plain)  # takes it over, so that what is closed is nothing

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with tempfile.TemporaryDirectory() as folder:
            kept = [Path(folder, name) for name in ("certificate", "key")]
            for path, inside in zip(kept, self._files, strict=True):
                path.write_text(self._text_of(inside))
            with suppress(ssl.SSLError):  # Redis decides whether it does without one (`tls-auth-clients`)
                context.load_cert_chain(kept[0], kept[1])
        return context

    def _text_of(self, path: str) -> str:
        status, text = docker.run_inside(self._runner.container(self._service).id, "cat", path) if path else (1, "")
        return text if status == 0 else ""


class OnSocket:
    """Dials a Unix socket in a service's container, as root of this machine may."""

    def __init__(self, runner: Runner, service: str, path: str) -> None:
        self._runner = runner
        self._service = service
        self._path = path

    def __call__(self) -> socket.socket:
        pid = self._runner.container(self._service).state.pid
        with inside.opened(ROOT_OF.format(pid=pid), self._path) as name:
            return dialled(name)


def dialled(path: str) -> socket.socket:
    """A connection to a Unix socket of this machine."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.settimeout(ANSWER_SECONDS)
        found.connect(path)
    except OSError:
        found.close()
        raise
    return found
