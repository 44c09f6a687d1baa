"""What of this process's environment a stranger's Compose file may read: what a fresh shell has, and Docker's own.

`${AWS_SECRET_ACCESS_KEY}` in a file of somebody else's would otherwise lead from this process into their container.
"""

import re
from collections.abc import Iterable, Mapping

OF_A_SHELL = """
    PATH HOME USER LOGNAME SHELL UID GID EUID HOSTNAME LANG LANGUAGE TZ TERM COLORTERM COLUMNS LINES NO_COLOR
    TMPDIR PWD XDG_RUNTIME_DIR
    DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_API_VERSION
    DOCKER_BUILDKIT DOCKER_DEFAULT_PLATFORM BUILDX_BUILDER BUILDX_CONFIG BUILDKIT_PROGRESS
    SSL_CERT_FILE SSL_CERT_DIR SSH_AUTH_SOCK
"""  # the last three only lead to files, by which Docker reaches its engine and its registries
KNOWN = re.compile(rf"{'|'.join(OF_A_SHELL.split())}|LC_[A-Z]+|COMPOSE_[A-Z_]+")


def for_strangers(environment: Mapping[str, str]) -> dict[str, str]:
    """What of it a project that is not trusted may read."""
    return {name: value for name, value in environment.items() if KNOWN.fullmatch(name)}


def withheld(environment: Mapping[str, str], texts: Iterable[str]) -> tuple[str, ...]:
    """The names in these texts, as they are written in Compose files, of what such a project may not read."""
    words = {word for text in texts for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text)}
    return tuple(sorted(words & (environment.keys() - for_strangers(environment).keys())))
