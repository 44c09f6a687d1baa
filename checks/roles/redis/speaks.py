"""Whether a Redis, or what speaks as one, answers somewhere."""

from checks.roles.redis.wire import Wire, packed

TO_PING = ("+PONG", "-NOAUTH", "-NOPERM", "-DENIED", "-LOADING", "-MASTERDOWN")


def speaks(address: str) -> bool:
    """Whether PING is answered in RESP there."""
    try:
        with Wire(address) as wire:
            return wire.ask(packed("PING")).startswith(TO_PING)
    except OSError:
        return False
