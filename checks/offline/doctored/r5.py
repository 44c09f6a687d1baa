"""Observations for R5 as no stack gave them: see the package."""

from dataclasses import replace

from checks.test_r5_credentials import Connections, Sightings

CONNECTED = Connections(expected="app", users=("app",))
UNSEEN = Sightings(looked_for=("app",), looked_at=("inspect of api",), found=())

PROVING: tuple[object, ...] = (
    CONNECTED,
    UNSEEN,
)

VIOLATING: dict[str, tuple[object, ...]] = {
    "logs-in-as-its-own-user": (
        replace(CONNECTED, users=("default",)),
        replace(CONNECTED, users=("app", "default")),
    ),
    "secret-nowhere-in-sight": (replace(UNSEEN, found=("app in inspect of api",)),),
}

NOTHING_TRIED: tuple[object, ...] = (
    replace(CONNECTED, users=()),
    replace(UNSEEN, looked_for=()),
    replace(UNSEEN, looked_at=()),
)
