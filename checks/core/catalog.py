"""The requirements that there are."""

import importlib
import pkgutil

from checks import requirements
from checks.core.codec import DamagedError
from checks.core.requirement import (
    CIS,
    COMPOSE_SECRETS,
    COMPOSE_STARTUP_ORDER,
    DOCKER_HEALTHCHECK,
    DOCKER_RESTART,
    DOCKERFILE_PRACTICES,
    HADOLINT,
    OCI_ANNOTATIONS,
    PROMETHEUS_ALERTING,
    PROMETHEUS_CONFIGURATION,
    PROMETHEUS_JOBS,
    REDIS_ACL,
    REDIS_PERSISTENCE,
    REDIS_WAITAOF,
    Reference,
    Requirement,
    Rule,
)


def load_judges() -> None:
    """Import every judge, so that the function that judges each class of observation is known."""
    for module in pkgutil.walk_packages(requirements.__path__, "checks.requirements."):
        if ".judge" in module.name:
            try:
                importlib.import_module(module.name)
            except Exception as error:
                raise DamagedError(f"{module.name} cannot be imported: {error!r}") from error


REQUIREMENTS = (
    Requirement(
        id="R1",
        title="Dockerfile written with best practices",
        wording="A Dockerfile written with best practices.",
        why="Whatever the image carries beyond the service is attack surface, weight or a secret lost.",
        references=(
            DOCKERFILE_PRACTICES,
            Reference(f"{CIS} 4.1: a user for the container has been created"),
            Reference(f"{CIS} 4.10: secrets are not stored in Dockerfiles"),
            OCI_ANNOTATIONS,
            HADOLINT,
        ),
        rules=(
            Rule(
                "multi-stage",
                "One stage builds, and the final one, or one that it starts from, takes from it what is to run.",
            ),
            Rule(
                "pinned-base",
                "Every image that the build needs is named by a digest, or a tag that names a version of its program:"
                " a number, date or commit, or its release's name (`debian:trixie`); no word that moves (`lts`), and no"
                " number of what the program stands on (`redis:alpine3.20`), which leaves the program to be anything."
                " A stage that the target does not need is not built, so its base is not asked.",
            ),
            Rule("hadolint-clean", "hadolint, with its own defaults, finds nothing in the Dockerfile."),
            Rule(
                "locked-dependencies",
                "Every Python distribution installed in the image is pinned, with a hash that pip takes, by a lock file"
                " of pip, pip-tools, uv, Poetry, PDM or Pipenv, or by a pylock.toml.",
            ),
            Rule("non-root-user", "The image runs as a user other than root."),
            Rule(
                "exec-form",
                "What the image runs is in exec form: no shell is told a command between Docker and the service.",
            ),
            Rule("oci-labels", "Labels tell title, description, version, licence and revision (or source)."),
            Rule(
                "no-secret-in-image",
                "No secret shows in the image's environment, labels or history: none of the stack's own, none by its"
                " name or by the form that its maker gave it. A fingerprint, or a word about a secret, is none.",
            ),
            Rule("no-build-tools", "The image has no compiler, linker, build tool or installer of language packages."),
            Rule(
                "no-package-caches",
                "No layer carries what a package manager or compiler downloaded, listed or made for its next run; "
                "other data below `.cache`, such as a model, is the service's own.",
            ),
            Rule("no-git-folder", "No layer carries a git folder."),
            Rule(
                "stops-on-sigterm",
                "Told to stop, the service exits within its grace period and is not killed; started, it is well again.",
            ),
            Rule(
                "secrets-stay-out-of-the-build",
                "Of secrets and data planted in the build context, .dockerignore lets none into the build.",
            ),
            Rule("canary-in-no-layer", "Built beside planted secrets and data, no layer of the image holds any."),
            Rule(
                "rebuild-is-cached",
                "A rebuild takes every step from the cache; new times, git history and data beside it do not matter.",
            ),
            Rule(
                "same-content-twice",
                "A build without a cache gives the same files (path, kind, mode, owner, content) as the image has.",
            ),
        ),
    ),
    Requirement(
        id="R2",
        title="One compose file brings everything up",
        wording="A compose file brings up the service together with Redis and Prometheus.",
        why="A step by hand before the start is a step that is forgotten, or done differently.",
        references=(COMPOSE_STARTUP_ORDER,),
        rules=(
            Rule(
                "up-from-nothing",
                "With nothing of it there before, one `up` ends with every service healthy.",
            ),
            Rule("restart-comes-back", "A restart of all services ends with each of them started anew and healthy."),
            Rule(
                "down-up-comes-back",
                "`down` leaves no container and no network; `up` then ends with every service healthy.",
            ),
            Rule("config-without-warning", "`docker compose config` has no warning."),
            Rule(
                "images-carry-versions",
                "Every image is named with a digest, or with a tag that names a version of its program, as in R1.",
            ),
            Rule(
                "published-on-loopback-only",
                "What is published answers on loopback, and on no other address of the machine.",
            ),
            Rule(
                "nothing-else-published",
                "No container publishes a port that the Compose file does not name, or uses the machine's own network.",
            ),
            Rule("redis-on-no-host-port", "Redis is published on no port of the machine."),
        ),
    ),
    Requirement(
        id="R3",
        title="Redis saves the data on every change",
        wording="Redis saves the data on every change to attached storage (a directory mounted into the container).",
        why="A client that was told `ok` does not write again: what was acknowledged must outlive a restart, "
        "a kill and a power cut.",
        references=(REDIS_PERSISTENCE, REDIS_WAITAOF),
        rules=(
            Rule("restart-keeps", "Every value written through the api is there after a restart."),
            Rule("kill-keeps", "A SIGKILL under load loses no write that was acknowledged."),
            Rule(
                "rewrite-keeps",
                "A rewrite of the append-only file under load, then a SIGKILL, loses no write that was acknowledged.",
            ),
            Rule(
                "down-up-keeps",
                "Every value is there after the stack was taken down and brought up.",
            ),
            Rule(
                "fsynced-before-acknowledged",
                "A write is fsynced before it is acknowledged (WAITAOF on the connection that wrote, and the disk's "
                "flushes where the kernel counts them).",
            ),
            Rule(
                "power-cut-keeps",
                "After a power cut at any moment Redis starts by itself, and no write is lost that was acknowledged.",
            ),
            Rule(
                "full-disk-loses-nothing",
                "On a full disk no write is acknowledged that is not kept, and no earlier one is lost, even if Redis "
                "is killed over it.",
            ),
            Rule(
                "full-disk-is-told",
                "On a full disk whoever writes is refused at once (by the api with a 5xx, by Redis with an error or a "
                "closed connection), and Redis logs why.",
            ),
            Rule(
                "full-disk-is-no-tight-loop",
                "While the disk is full, Redis is started no more often than a restart policy's growing delays allow.",
            ),
            Rule(
                "full-disk-comes-back",
                "When there is room again, all is healthy and stores by itself, within the delay that the restart "
                "policy has grown to.",
            ),
            Rule(
                "files-in-mounted-directory",
                "The append-only files lie on the host's disk, in a directory or volume mounted into the container.",
            ),
            Rule(
                "nothing-suspends-fsync",
                "Redis appends every change and fsyncs always, also while it rewrites the file (CONFIG GET).",
            ),
            Rule(
                "torn-tail-is-no-obstacle",
                "A record that a power cut tore at the end of the file does not keep Redis from starting by itself, "
                "and costs no write that was acknowledged.",
            ),
            Rule(
                "damage-is-not-swallowed",
                "Redis refuses to start when a record in the middle of the file has lost its frame, and leaves every "
                "byte to a person, who restores a backup or tries redis-check-aof on a copy.",
            ),
            Rule(
                "no-transactions-in-the-file",
                "Each change is one command: a transaction (MULTI) in the file, once torn, can cost later writes.",
            ),
            Rule(
                "backup-restores",
                "A backup that is taken while Redis works brings every write back that was acknowledged before, after "
                "the data were wiped.",
            ),
        ),
    ),
    Requirement(
        id="R4",
        title="Redis has ACLs, and the default user is off",
        wording="Redis has ACLs, user and password, and the default user's password access is disabled.",
        why="Whoever reaches the port must be somebody, and somebody must not be able to do everything.",
        references=(REDIS_ACL,),
        rules=(
            Rule(
                "default-user-rejected",
                "Nobody runs a command unauthenticated, or as `default` with any password.",
            ),
            Rule("default-user-off", "User `default` is off (ACL LIST)."),
            Rule("every-user-has-a-password", "No user that is on gets in without a password."),
            Rule("nobody-may-do-everything", "No user that is on may run every command."),
            Rule("app-user-accepted", "The app's user logs in and can do what the service needs."),
            Rule(
                "denied-beyond-need",
                "The app's user is denied every command and key that the service does not need.",
            ),
            Rule(
                "others-limited",
                "Every other user that the profile names can do what it is for, and is denied all else.",
            ),
            Rule("wrong-login-rejected", "A wrong password, and a user whom nobody made, are rejected (WRONGPASS)."),
            Rule("rejections-are-logged", "Rejected logins and commands show in ACL LOG, with who tried."),
            Rule("acl-survives-restart", "After a restart the users are the same, and the same are let in."),
            Rule(
                "no-plaintext-password",
                "Redis is given SHA-256 only: no password in its files, settings or command line; a probe's password "
                "file is a Compose secret that others cannot read.",
            ),
        ),
    ),
    Requirement(
        id="R5",
        title="The app is given those credentials",
        wording="Those credentials are passed to the app.",
        why="An ACL user that the app does not use protects nothing; a password in the environment is "
        "shown by `docker inspect`.",
        references=(COMPOSE_SECRETS,),
        rules=(
            Rule("logs-in-as-its-own-user", "Every connection of the app to Redis is logged in as the app's user."),
            Rule(
                "secret-nowhere-in-sight",
                "No password shows in inspect, image, history, logs, arguments, environment, metrics or responses.",
            ),
            Rule(
                "wrong-password-turns-unhealthy",
                "With a wrong password the app turns unhealthy, or ends, within the bound that its settings declare.",
            ),
            Rule("wrong-password-says-why", "Its log then says that its credentials were refused."),
            Rule("wrong-password-not-printed", "Its log then holds neither the wrong password nor the right one."),
            Rule("no-other-credentials", "With a wrong password nothing is stored: the app has no other way in."),
        ),
    ),
    Requirement(
        id="R6",
        title="Prometheus gets the metrics from the app",
        wording="Prometheus gets the metrics from the app.",
        why="A target that is up and never moves is a monitor that watches nothing.",
        references=(PROMETHEUS_CONFIGURATION, PROMETHEUS_JOBS, PROMETHEUS_ALERTING),
        rules=(
            Rule("target-up", "Prometheus reports the app's scrape target as up."),
            Rule("scrapes-the-metrics-route", "The target's path is the app's metrics route itself."),
            Rule("scraped-by-one-job", "One job leads to the app, so that nothing is counted twice."),
            Rule(
                "counter-moves-exactly",
                "After N requests the request counter in Prometheus has risen by exactly N.",
            ),
            Rule("configuration-clean", "promtool has nothing to say against the configuration and its rules."),
            Rule("rule-tests-pass", "The tests of its alerting rules pass, where it has some (`promtool test rules`)."),
            Rule("interval-honoured", "The app is scraped as often as its job declares."),
            Rule("alert-fires", "An alert that names the app fires when it stops, within what its rule declares."),
            Rule("alert-resolves", "That alert is over when the app is back."),
            Rule("samples-survive-restart", "What Prometheus had scraped is there after it was restarted."),
        ),
    ),
    Requirement(
        id="R7",
        title="Every service has a health check",
        wording="All services have health checks.",
        why="A check that cannot fail is worse than none: it says that all is well.",
        references=(
            DOCKER_HEALTHCHECK,
            Reference(f"{CIS} 4.6: HEALTHCHECK instructions have been added to container images"),
            Reference(f"{CIS} 5.26: container health is checked at runtime"),
        ),
        rules=(
            Rule("has-a-health-check", "Every service that is to go on running has a health check."),
            Rule("check-can-fail", "No health check passes whatever happens: nothing in its command hides a failure."),
            Rule("no-password-in-probe", "No password stands on a health check's command line."),
            Rule("green-when-well", "Docker reports each service as healthy before it is broken, and again after."),
            Rule(
                "red-when-broken",
                "Docker reports each service as unhealthy, when it is frozen, within the bound its settings declare.",
            ),
            Rule(
                "red-without-credentials",
                "Docker reports Redis as unhealthy within that bound when it refuses the health check's credentials.",
            ),
        ),
    ),
    Requirement(
        id="R8",
        title='GET /healthcheck answers {"status": "ok"}',
        wording='`GET /healthcheck` returns `{"status": "ok"}` whenever it is called.',
        why="It is what a load balancer, a monitor and Docker believe: it must be quick, exact, and never a "
        "failure dressed as 200.",
        references=(DOCKER_HEALTHCHECK,),
        rules=(
            Rule("exact-when-well", 'While all is well the answer is 200, JSON, and {"status": "ok"} exactly.'),
            Rule(
                "answer-when-redis-gone",
                'While Redis is stopped the answer is 503 and {"status": "failure"}; 200 if read as liveness.',
            ),
            Rule("answer-when-redis-frozen", "So it is while Redis is frozen."),
            Rule("answer-when-credentials-refused", "So it is while Redis refuses the app's credentials."),
            Rule(
                "answers-in-time",
                "Every call is answered within the timeout of the service's own health check, however Redis is.",
            ),
            Rule("answers-under-load", "Under load every call is answered as exactly, and in the same time."),
            Rule("not-counted", "The service's request counters do not count these calls."),
        ),
    ),
    Requirement(
        id="R9",
        title="An unhealthy container is restarted",
        wording="All services are monitored by those health checks by Docker: an unhealthy container is restarted.",
        why="A restart policy acts when a process exits, never on `unhealthy`: a frozen container stays frozen "
        "for ever.",
        references=(
            DOCKER_RESTART,
            DOCKER_HEALTHCHECK,
            Reference(f"{CIS} 5.26: container health is checked at runtime"),
        ),
        rules=(
            Rule(
                "found-unhealthy",
                "Docker reports a service that is frozen, hangs or cannot be probed as unhealthy within the bound its "
                "settings declare.",
            ),
            Rule("restarted", "The unhealthy container is restarted: it has a new start time."),
            Rule(
                "healthy-again",
                "After the restart the service is healthy again, as soon as health check, stop time and start allow.",
            ),
            Rule(
                "others-left-alone",
                "No other service is restarted meanwhile, not even one whose dependency is the sick one.",
            ),
            Rule(
                "nothing-missed",
                "What falls sick while a healer is frozen whole is restarted all the same, and so is the healer.",
            ),
            Rule("clean-exit-comes-back", "A service that ends by itself without a failure is back and healthy."),
            Rule("crash-comes-back", "A service whose main process is killed is back and healthy."),
            Rule("oom-kill-comes-back", "A service that the kernel kills for want of memory is back and healthy."),
            Rule(
                "engine-restart-comes-back",
                "When the engine has been stopped and started, every service is healthy again by itself.",
            ),
            Rule(
                "crash-at-start-comes-back",
                "A service that crashes again at each of its next starts is back and healthy once it crashes no more.",
            ),
            Rule("stop-left-alone", "A service that somebody stopped by hand stays stopped."),
            Rule(
                "pause-left-alone", "A service that somebody paused stays paused, and is not restarted when it goes on."
            ),
            Rule("stall-left-alone", "Nothing is restarted for a stall that is over before Docker's verdict."),
            Rule(
                "dependent-left-alone",
                "A service whose dependency is frozen is not restarted for that, neither then nor when it is over.",
            ),
        ),
    ),
)
BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
