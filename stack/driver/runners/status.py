"""How a container is, read from what `docker ps` says of it."""

from stack.driver.runners.protocol import ServiceStatus


def status_in(state: str, status: str, ports: str) -> ServiceStatus:
    """What `docker ps` says of a container."""
    return ServiceStatus(
        health=health_in(state, status), addresses=addresses_in(ports), ended_well=status.startswith("Exited (0)")
    )


def health_in(state: str, status: str) -> str:
    """'running', 'Up 2 seconds (health: starting)' is starting; running without a health check counts as healthy."""
    if state != "running" or "(" not in status:
        return "healthy" if state == "running" else state
    return status.rpartition("(")[2].rstrip(")").removeprefix("health: ").lower()


def addresses_in(ports: str) -> tuple[str, ...]:
    """'127.0.0.1:5000->5000/tcp, 6379/tcp' as what can be reached from the host: ('127.0.0.1:5000',)."""
    return tuple(port.partition("->")[0] for port in ports.split(", ") if "->" in port)
