"""Runs the service until it is told to stop: `python3 -m service`."""

import os
import signal
import sys
from types import FrameType

from service.settings import Settings, SettingsError, from_environment


def main() -> int:
    # The first process of a container ignores a signal that it has no handler for, so this
    # comes before the imports below, which take most of the start.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        settings = from_environment(os.environ)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    serve(settings)
    return 0


def stop(_number: int, _frame: FrameType | None) -> None:
    """Being told to stop is no failure. The server, when it runs, finishes its requests first."""
    sys.exit(0)


def serve(settings: Settings) -> None:
    import uvicorn

    from service.app import create_app
    from service.logs import CONFIG
    from service.server import listener, listening

    config = uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http=listening(settings.limits),
        ws="none",
        lifespan="on",
        log_config=CONFIG,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    every_address = "0.0.0.0"  # noqa: S104 - of a container's own network
    uvicorn.Server(config).run(sockets=[listener(every_address, settings.http_port, settings.limits)])


if __name__ == "__main__":
    sys.exit(main())
