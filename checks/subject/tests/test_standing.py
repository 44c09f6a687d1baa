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
