"""Observations for R5 as no stack gave them: see the package."""

from dataclasses import replace

from checks.requirements.r5_app_credentials.judge import (
    Connections,
    LoginPlace,
    PasswordLengths,
    Sightings,
    WrongPassword,
)

CONNECTED = Connections(expected="app", users=("app",))
UNSEEN = Sightings(looked_for=("app",), looked_at=("inspect of api",), found=())
ILL = WrongPassword(
    tried_to_store=3,
    stored=0,
    bound_s=27.0,
    ill_after_s=24.0,
    log_lines=10,
    said=("Redis refused the credentials of user `app`",),
    printed=(),
)

NOBODY = LoginPlace(service="", because="no service runs the image or the program of a Redis")

PASSING: tuple[object, ...] = (
    LoginPlace(service="redis", because="it runs redis-server"),
    CONNECTED,
    UNSEEN,
    PasswordLengths(of={"app": 8, "auditor": 43}),
    ILL,
    replace(ILL, ill_after_s=0.4),
)

FAILING: dict[str, tuple[object, ...]] = {
    "redis-to-log-in-to": (NOBODY, LoginPlace(service="redis", because="it runs redis-server", has_no_login=True)),
    "logs-in-as-its-own-user": (
        replace(CONNECTED, users=("default",)),
        replace(CONNECTED, users=("app", "default")),
    ),
    "secret-nowhere-in-sight": (replace(UNSEEN, found=("app in inspect of api",)),),
    "password-long-enough": (PasswordLengths(of={"app": 43, "auditor": 7}),),
    "wrong-password-turns-unhealthy": (replace(ILL, ill_after_s=None), replace(ILL, ill_after_s=32.1)),
    "wrong-password-says-why": (replace(ILL, said=()), replace(ILL, said=(), log_lines=0)),
    "wrong-password-not-printed": (replace(ILL, printed=("the wrong one",)), replace(ILL, printed=("the right one",))),
    "no-other-credentials": (replace(ILL, stored=1), replace(ILL, stored=3, ill_after_s=None, said=())),
}

VACUOUS: tuple[object, ...] = (
    NOBODY,
    replace(CONNECTED, users=()),
    replace(CONNECTED, looks=0),
    replace(CONNECTED, items=0),
    PasswordLengths(of={}),
    replace(UNSEEN, looked_for=()),
    replace(UNSEEN, looked_at=()),
    replace(ILL, tried_to_store=0),
)
