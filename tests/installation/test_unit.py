"""The unit, as systemd itself reads it."""

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from gdp.installation.places import Places, system_places, user_places
from gdp.installation.unit import unit_text

ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("places", [system_places(), user_places({"HOME": "/home/x"})], ids=["system", "user"])
@pytest.mark.parametrize("folder", ["plain", "odd 100% x", "$HOME", "it's", 'a "b" \\c'])
def test_systemd_understands_every_line(places: Places, folder: str, tmp_path: Path) -> None:
    """It passes over what it does not know, and a service that is not hardened looks like one that is."""
    program = tmp_path / folder / "current"
    program.mkdir(parents=True)
    (program / "gdp").symlink_to("/bin/true")
    places = msgspec.structs.replace(places, program=tmp_path / folder)
    unit = tmp_path / "gdp.service"
    unit.write_text(unit_text(places, tmp_path / "home %n"))
    scope = ["--user"] if places.is_user else []
    run = subprocess.run(
        [str(ANALYZE), *scope, "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert [line for line in run.stderr.splitlines() if "gdp.service" in line] == []
    assert run.returncode == 0


@pytest.mark.parametrize("home", ["/home/a$b", "/home/$HOME", "/home/it's", '/home/"x"', "/home/a\\b"])
def test_a_shell_starts_what_systemd_would_not(home: str) -> None:
    """Systemd takes a program's ``$$`` as it stands, and no quotes in it. tests/binary/test_machine.py starts such."""
    start = next(
        line for line in unit_text(user_places({"HOME": home}), Path(home)).splitlines() if line.startswith("ExecStart=")
    )

    assert start.startswith('ExecStart=/bin/sh -c "exec \\"$$0\\" \\"$$@\\"" ')
    assert start.endswith(" daemon")


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_no_option_gives_the_service_a_file_system_of_its_own(tmp_path: Path) -> None:
    """A backup of another view of the files is no backup."""
    unit = tmp_path / "gdp.service"
    unit.write_text(unit_text(system_places(), Path("/root/x")))
    words = [str(ANALYZE), "security", "--offline=yes", "--no-pager", "--json=short", str(unit)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    if "unrecognized option" in run.stderr:
        pytest.skip("this systemd-analyze looks at no files")
    found = {entry["name"]: entry["set"] for entry in msgspec.json.decode(run.stdout)}
    views = ("ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectKernelModules", "RestrictSUIDSGID")

    assert {name: found.get(f"{name}=") for name in views} == dict.fromkeys(views, False)
    assert found["RestrictRealtime="]
    assert found["SystemCallFilter=~@module"]
