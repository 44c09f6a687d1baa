"""Observations for R1 as no image gave them: see the package."""

from dataclasses import replace

from checks.requirements.r1_dockerfile.judge import (
    LABELS,
    OCI,
    Canaries,
    Compared,
    Container,
    Contents,
    Context,
    Dependencies,
    Inspected,
    Linted,
    Rebuilt,
    Stopped,
    Written,
)

WRITTEN = Written(stages=2, takes_from=("build",), bases=("python:3.13-slim",))
LINTED = Linted(hadolint="2.15.1", findings=())
LOCKED = Dependencies(installed=("redis==8.1.0",), unlocked=(), locks=("requirements.lock",))
INSPECTED = Inspected(
    user="10001:10001",
    uid=10001,
    entrypoint=("python3", "-m"),
    command=(),
    on_build=(),
    labels=tuple(OCI + name for name in (*sorted(LABELS), "revision")),
    secrets=(),
    looked_at=("environment", "history"),
)
CONTENTS = Contents(files=5000, tools=(), caches=(), git=())
STOPPED = Stopped(status="exited", exit_code=0, seconds=0.6, grace_s=5.0, healthy_again=True)
CONTEXT = Context(planted=(".env", "id_rsa"), let_in=())
CANARIES = Canaries(planted=(".env", "id_rsa"), layers=5, found=())
REBUILT = Rebuilt(steps=11, anew=())
DECLARED = Container(asked="files", user="", users=(), told=(), mounted=(), changed=())
RUNNING = replace(DECLARED, asked="container", user="10001:10001", users=(10001,))
COMPARED = Compared(files=5000, differing=())

PASSING: tuple[object, ...] = (
    WRITTEN,
    replace(WRITTEN, bases=("debian:13.1-slim", "scratch", "localhost:5000/base@sha256:" + 64 * "0")),
    LINTED,
    LOCKED,
    INSPECTED,
    replace(INSPECTED, user="app", uid=1000, entrypoint=(), command=("/app/server",)),
    replace(INSPECTED, entrypoint=("/bin/sh", "/docker-entrypoint.sh"), command=("server", "-c")),
    CONTENTS,
    STOPPED,
    replace(STOPPED, exit_code=143),
    CONTEXT,
    CANARIES,
    REBUILT,
    COMPARED,
    DECLARED,
    replace(DECLARED, user="app:0"),
    RUNNING,
)

FAILING: dict[str, tuple[object, ...]] = {
    "multi-stage": (replace(WRITTEN, stages=1, takes_from=()), replace(WRITTEN, takes_from=())),
    "pinned-base": (
        replace(WRITTEN, bases=("python",)),
        replace(WRITTEN, bases=("python:3.13-slim", "python:latest")),
        replace(WRITTEN, bases=("localhost:5000/python",)),
        replace(WRITTEN, bases=("",)),
        replace(WRITTEN, bases=()),
    ),
    "hadolint-clean": (replace(LINTED, findings=("line 3 DL3003: Use WORKDIR to switch to a directory",)),),
    "locked-dependencies": (
        replace(LOCKED, unlocked=("redis==8.1.0",)),
        replace(LOCKED, unlocked=("redis==8.1.0",), locks=()),
    ),
    "non-root-user": (
        replace(INSPECTED, user="", uid=0),
        replace(INSPECTED, user="toor", uid=0),
        replace(INSPECTED, user="nobody-knows", uid=None),
    ),
    "exec-form": (
        replace(INSPECTED, entrypoint=("/bin/sh", "-c")),
        replace(INSPECTED, command=("/bin/bash", "-ec")),
        replace(INSPECTED, on_build=("CMD",)),
        replace(INSPECTED, entrypoint=()),
    ),
    "oci-labels": (
        replace(INSPECTED, labels=()),
        replace(INSPECTED, labels=INSPECTED.labels[1:]),
        replace(INSPECTED, labels=INSPECTED.labels[:-1]),
    ),
    "no-secret-in-image": (replace(INSPECTED, secrets=("API_TOKEN in history",)),),
    "no-build-tools": (replace(CONTENTS, tools=("usr/bin/gcc",)),),
    "no-package-caches": (replace(CONTENTS, caches=("var/cache/apt/archives/gcc.deb",)),),
    "no-git-folder": (replace(CONTENTS, git=("app/.git/HEAD",)),),
    "stops-on-sigterm": (
        replace(STOPPED, exit_code=137, seconds=5.2),
        replace(STOPPED, status="running"),
        replace(STOPPED, healthy_again=False),
    ),
    "secrets-stay-out-of-the-build": (replace(CONTEXT, let_in=("id_rsa",)),),
    "canary-in-no-layer": (replace(CANARIES, found=("id_rsa (as app/id_rsa)",)),),
    "rebuild-is-cached": (replace(REBUILT, anew=("stage-1 2/5 COPY",)),),
    "container-non-root": (
        replace(DECLARED, user="0:0"),
        replace(DECLARED, user="root"),
        replace(RUNNING, user="00:10001"),
        replace(RUNNING, users=(0, 10001)),
    ),
    "container-exec-form": (
        replace(DECLARED, told=("sh", "-c")),
        replace(RUNNING, told=("/sbin/tini", "--", "bash", "-ec")),
    ),
    "runs-what-was-built": (
        replace(DECLARED, mounted=("/app: main.py",)),
        replace(RUNNING, mounted=("/app: app/main.py of the image",)),
        replace(RUNNING, changed=("/app/main.py",)),
    ),
    "same-content-twice": (replace(COMPARED, differing=("app/built-at: sha256",)),),
}

VACUOUS: tuple[object, ...] = (
    replace(WRITTEN, stages=0, takes_from=(), bases=()),
    replace(LINTED, hadolint=""),
    replace(LOCKED, installed=()),
    replace(INSPECTED, looked_at=()),
    replace(CONTENTS, files=0),
    replace(STOPPED, status="created"),
    replace(CONTEXT, planted=()),
    replace(CANARIES, planted=()),
    replace(CANARIES, layers=0),
    replace(REBUILT, steps=0),
    replace(COMPARED, files=0),
    replace(RUNNING, users=()),
)
