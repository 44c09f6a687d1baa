"""A subject resolves where it stands, with what is missing made up and told."""

from pathlib import Path

from checks.subject.profile import read
from checks.subject.standing import standing
from checks.subject.tests.compose import needs_compose

UNDER_A_PROFILE = """
services:
  web: { image: "shop/web:${VERSION:?say which}", env_file: [.env], profiles: [web] }
  store: { image: "redis:8.0", profiles: [store] }
"""


@needs_compose
def test_what_services_of_a_profile_want_is_made_up_too(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(UNDER_A_PROFILE)
    with standing(read(tmp_path)) as files:
        assert set(files.services) == {"web", "store"}
        assert files.made_up == ("VERSION", "env_file", "profiles")
    told = " ".join(files.complaint)
    assert "VERSION" in told
    assert "env file .env not found" in told
    assert "every service stands under a profile" in told


@needs_compose
def test_what_nobody_can_make_up_is_told_last(tmp_path: Path) -> None:
    text = UNDER_A_PROFILE.replace("profiles: [store]", "depends_on: [nobody]")
    (tmp_path / "compose.yaml").write_text(text)
    with standing(read(tmp_path)) as files:
        assert "nobody" in files.complaint[-1]


BLANK = """
services:
  web:
    image: "shop/web:${VERSION}"
    ports: ["80:${PORT}"]
    environment: { KEY: "${KEY}", NAME: "${NAME}", A: "${A}" }
"""


@needs_compose
def test_what_does_not_resolve_for_a_blank_is_made_up(tmp_path: Path) -> None:
    """As in a clone, where `.env` is missing that everybody writes for himself."""
    (tmp_path / "compose.yaml").write_text(BLANK)
    with standing(read(tmp_path)) as files:
        (port,) = files.services["web"]["ports"]
        assert files.is_made_up(str(port["target"]))
        assert files.made_up == ("A", "KEY", "NAME", "PORT", "VERSION")
        (told,) = files.complaint
    assert told == "No port specified: 80:<empty> (not set: A, KEY, NAME, PORT, VERSION)"


@needs_compose
def test_what_resolves_with_a_blank_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text('services: { web: { image: web, environment: { KEY: "${KEY}" } } }')
    with standing(read(tmp_path)) as files:
        assert (files.made_up, files.complaint) == ((), ())


@needs_compose
def test_a_blank_is_not_blamed_for_another_fault(tmp_path: Path) -> None:
    text = 'services: { web: { image: web, environment: { KEY: "${KEY}" }, depends_on: [nobody] } }'
    (tmp_path / "compose.yaml").write_text(text)
    with standing(read(tmp_path)) as files:
        (told,) = files.complaint
    assert "nobody" in told
    assert "KEY" not in told
