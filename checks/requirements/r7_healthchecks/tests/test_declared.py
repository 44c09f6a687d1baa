"""The health check that files declare is what `docker inspect` would say."""

from pathlib import Path

import pytest

from checks.subject import health_checks as declared

FIVE_SECONDS = "FROM a\nHEALTHCHECK --interval=5s --retries=2 CMD probe\n"


@pytest.mark.parametrize(
    ("spec", "test"),
    [
        ({}, ()),
        ({"healthcheck": {"test": ["CMD", "probe", "$$HOME"]}}, ("CMD", "probe", "$HOME")),
        ({"healthcheck": {"test": ["NONE"]}}, ()),
        ({"healthcheck": {"disable": True}}, ()),
        (
            {"healthcheck": {"interval": "2s"}, "build": {"dockerfile_inline": "FROM a\nHEALTHCHECK CMD b\n"}},
            ("CMD-SHELL", "b"),
        ),
        (
            {"build": {"target": "a", "dockerfile_inline": "FROM x AS a\nHEALTHCHECK CMD b\nFROM y\n"}},
            ("CMD-SHELL", "b"),
        ),
        ({"build": {"context": "/nowhere"}}, ()),
        ({"build": {"context": ".", "dockerfile_inline": "FROM a\nHEALTHCHECK CMD probe\n"}}, ("CMD-SHELL", "probe")),
        ({"healthcheck": {"interval": "10s"}, "build": {"dockerfile_inline": FIVE_SECONDS}}, ("CMD-SHELL", "probe")),
        ({"healthcheck": {"disable": True}, "build": {"dockerfile_inline": FIVE_SECONDS}}, ()),
    ],
)
def test_what_compose_says_counts(spec: dict[str, object], test: tuple[str, ...]) -> None:
    assert declared.declared_test(spec) == test


@pytest.mark.parametrize(
    ("dockerfile", "test"),
    [
        ('FROM a\nHEALTHCHECK --interval=2s --timeout=1s \\\n  CMD ["probe", "-q"]\n', ("CMD", "probe", "-q")),
        ("FROM a\nHEALTHCHECK CMD first\nHEALTHCHECK CMD last || exit 1\n", ("CMD-SHELL", "last || exit 1")),
        ("FROM a\nHEALTHCHECK CMD probe\nFROM b\n", ()),
        ("FROM a AS one\nHEALTHCHECK CMD probe\nFROM one\nRUN <<END\nHEALTHCHECK NONE\nEND\n", ("CMD-SHELL", "probe")),
        ("FROM a\nHEALTHCHECK CMD probe\nHEALTHCHECK NONE\n", ()),
        ("FROM a AS base\nHEALTHCHECK CMD probe\nFROM base\nUSER 1\n", ("CMD-SHELL", "probe")),
        ("FROM a\nRUN <<EOF\nHEALTHCHECK CMD none\nEOF\n", ()),
        ("HEALTHCHECK CMD probe\n", ()),
    ],
)
def test_else_the_dockerfile_does(dockerfile: str, test: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(dockerfile)
    assert declared.declared_test({"build": {"context": str(tmp_path), "dockerfile": "Dockerfile"}}) == test


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        ({"healthcheck": {"test": ["CMD", "probe"]}}, 180.0),
        ({"healthcheck": {"test": ["CMD", "probe"], "interval": "10m0s", "timeout": "1m30s", "retries": 2}}, 1380.0),
        ({"build": {"dockerfile_inline": FIVE_SECONDS}}, 70.0),
        ({"build": {"dockerfile_inline": "FROM a\n"}}, 180.0),
        ({"healthcheck": {"interval": "10s"}, "build": {"dockerfile_inline": FIVE_SECONDS}}, 80.0),
        ({"healthcheck": {"timeout": "5s"}, "build": {"dockerfile_inline": FIVE_SECONDS}}, 20.0),
        ({"healthcheck": {"test": ["CMD", "other"]}, "build": {"dockerfile_inline": FIVE_SECONDS}}, 70.0),
    ],
)
def test_its_times_are_read_as_docker_would(spec: dict[str, object], seconds: float) -> None:
    assert declared.declared_check(spec).detection_bound in {seconds, 0.0}
    assert bool(declared.declared_check(spec).detection_bound) is bool(declared.declared_test(spec))


@pytest.mark.parametrize(
    ("spec", "perhaps"),
    [
        ({"image": "shop/web:1"}, True),
        ({"image": "registry.example/shop/web:1", "healthcheck": {"interval": "2s"}}, True),
        ({"image": "redis:8"}, False),
        ({"image": "docker.io/library/postgres:17"}, False),
        ({"image": "prom/prometheus:v3"}, False),
        ({"image": "shop/web:1", "build": {"context": "."}}, False),
        ({"image": "shop/web:1", "healthcheck": {"disable": True}}, False),
        ({"image": "shop/web:1", "healthcheck": {"test": ["CMD", "probe"]}}, False),
    ],
)
def test_an_image_from_elsewhere_may_bring_one(spec: dict[str, object], perhaps: bool) -> None:
    assert declared.may_be_in_image(spec) is perhaps
