"""Two installations on one computer must not share a home folder."""

from pathlib import Path

import pytest

from gdp.bootstrap import installing
from gdp.bootstrap.home import choose_home
from gdp.core.errors import BadInput
from gdp.installation.neighbours import neighbours, refuse_shared_home, refuse_to_purge_shared
from gdp.installation.places import Places, system_places, user_places
from gdp.installation.record import Record, encode_record
from tests.cli.command_line import here
from tests.installation.world import Admin, files_below


def install(places: Places, home: Path, *, has_service: bool = True) -> Record:
    """Leave what an installation leaves of itself."""
    record = Record(
        version="1.0",
        folder="1.0-a",
        home=str(home),
        is_user=places.is_user,
        root="/",
        command=str(places.command),
        unit=str(places.unit) if has_service else "",
    )
    places.program.mkdir(parents=True)
    places.record.write_bytes(encode_record(record))
    return record


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Where something is installed for the whole computer; it lies elsewhere than on a real one."""
    places = system_places(tmp_path / "computer")
    monkeypatch.setattr(installing, "system_places", lambda: places)
    return places


def test_every_other_installation_is_found_once(tmp_path: Path) -> None:
    """Not the one that is meant, none that nobody can read, and none twice that two ways lead to."""
    ours, other = user_places({"HOME": str(tmp_path / "me")}), system_places(tmp_path)
    broken = user_places({"HOME": str(tmp_path / "you")})
    install(ours, tmp_path / "home")
    record = install(other, tmp_path / "home")
    install(broken, tmp_path / "home")
    broken.record.write_text("{")

    assert neighbours(ours, [other, ours, broken, other, user_places({"HOME": "/nowhere"})]) == [record]


def test_a_service_beside_another_one_wants_a_home_of_its_own(admin: Admin, system: Places, isolated_home: Path) -> None:
    """Root's own installation would find the home folder of the computer's, and its daemon would never begin."""
    install(system, choose_home(None))
    before = files_below(isolated_home)
    refused = here(["install", "--user"])
    dry = here(["install", "--user", "--dry-run"])
    elsewhere = here(["install", "--user", "--home", str(isolated_home / "mine"), "--dry-run"])
    alone = here(["install", "--user", "--no-service"])

    assert (refused.code, dry.code, elsewhere.code, alone.code) == (1, 1, 0, 0)
    assert "two services cannot share one" in refused.err
    assert f"{system.command} uninstall" in refused.err
    assert "--home" in refused.err
    assert before == set()


def test_a_program_without_a_service_is_in_nobodys_way(tmp_path: Path, system: Places) -> None:
    record = install(system, tmp_path / "home", has_service=False)

    refuse_shared_home(tmp_path / "home", [record])
    with pytest.raises(BadInput):
        refuse_to_purge_shared(tmp_path / "home", [record])


def test_a_purge_leaves_what_another_installation_lives_by(admin: Admin, system: Places) -> None:
    home = choose_home(None)
    assert here(["install", "--user", "--no-service"]).code == 0
    (home / "sets").mkdir(parents=True)
    install(system, home)
    refused = here(["uninstall", "--user", "--purge", "--yes"])
    without = here(["uninstall", "--user"])

    assert (refused.code, without.code) == (1, 0)
    assert "uses the home folder" in refused.err
    assert (home / "sets").is_dir()
