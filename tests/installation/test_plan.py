"""What the plan does with a service, a daemon at work and old versions. Pure."""

from pathlib import Path

import msgspec
import pytest

from gdp.cli.installing_words import show_step
from gdp.cli.screen import Screen
from gdp.installation.places import Places, system_places, user_places
from gdp.installation.plan import Action, Found, Plan, Wanted, plan_install, systemctl
from gdp.installation.systemd import ServiceState
from gdp.installation.unit import unit_text

PLACES = system_places()
HOME = Path("/root/.local/share/gdp")
UNIT = unit_text(PLACES, HOME)
WANTED = Wanted(places=PLACES, version="2.0", folder="2.0-b", home=HOME, unit_text=UNIT, starts=True)


def installed(*, places: Places = PLACES, folder: str = "1.0-a", **changes: object) -> Found:
    """Return a computer where a version is installed and its service runs."""
    version, unit = folder.partition("-")[0], unit_text(places, HOME)
    wanted = Wanted(places=places, version=version, folder=folder, home=HOME, unit_text=unit, starts=True)
    found = Found(
        record=plan_install(wanted, Found(service=ServiceState())).record,
        is_sound=True,
        versions=(folder,),
        current=folder,
        command=str(places.runs),
        unit_text=unit,
        service=ServiceState(is_enabled=True, is_active=True, process=7),
        service_folder=folder,
    )
    return msgspec.structs.replace(found, **changes)


def orders(plan: Plan) -> list[str]:
    """Return what systemd is told."""
    return [" ".join(step.words) for step in plan.steps if step.action is Action.SYSTEMCTL]


def removed(plan: Plan) -> list[str]:
    """Return the versions that go."""
    return [step.path.name for step in plan.steps if step.action is Action.REMOVE and step.path]


@pytest.mark.parametrize(
    ("starts", "expected"),
    [(True, ["daemon-reload", "enable gdp.service", "start gdp.service"]), (False, ["daemon-reload", "enable gdp.service"])],
)
def test_a_first_installation_starts_the_service(starts: bool, expected: list[str]) -> None:
    assert orders(plan_install(msgspec.structs.replace(WANTED, starts=starts), Found(service=ServiceState()))) == expected


def test_a_new_program_restarts_the_service_once_it_is_in_use() -> None:
    plan = plan_install(WANTED, installed(is_sound=False))
    actions = [step.action for step in plan.steps]

    assert orders(plan) == ["restart gdp.service"]
    assert actions.index(Action.COPY) < actions.index(Action.SWITCH) < actions.index(Action.SYSTEMCTL)


def test_a_run_is_not_ended_unless_that_is_wanted() -> None:
    """The program is replaced all the same; the daemon goes on from its own folder, which stays."""
    busy = installed(is_sound=False, at_work=("daten",))
    plan, forced = plan_install(WANTED, busy), plan_install(msgspec.structs.replace(WANTED, interrupts=True), busy)

    assert (orders(plan), plan.waits_for) == ([], ("daten",))
    assert (orders(forced), forced.waits_for) == (["restart gdp.service"], ())


def test_the_next_call_restarts_what_still_runs_the_old_program() -> None:
    plan = plan_install(WANTED, installed(folder="2.0-b", service_folder="1.0-a"))

    assert [step.action for step in plan.steps] == [Action.SYSTEMCTL]
    assert orders(plan) == ["restart gdp.service"]


def test_a_service_that_somebody_stopped_is_started_by_install() -> None:
    stopped = installed(folder="2.0-b", service=ServiceState(is_enabled=True))

    assert orders(plan_install(WANTED, stopped)) == ["start gdp.service"]
    assert plan_install(msgspec.structs.replace(WANTED, starts=False), stopped).is_empty


def test_the_version_before_and_those_in_use_stay() -> None:
    plan = plan_install(
        WANTED, installed(versions=("0.8-x", "0.9-y", "1.0-a", ".new-1.1-z"), in_use=frozenset({"0.9-y"}), is_sound=False)
    )

    assert removed(plan) == ["0.8-x", ".new-1.1-z"]
    assert plan.record.previous == "1.0-a"


def test_without_a_service_the_unit_is_left_as_it_is() -> None:
    plan = plan_install(msgspec.structs.replace(WANTED, unit_text=None), installed())

    assert orders(plan) == []
    assert plan.record.unit == "/etc/systemd/system/gdp.service"


@pytest.mark.parametrize(
    ("home", "word"), [("/srv/100% $HOME", '"/srv/100%% $$HOME"'), ('/a"b\\c', '"/a\\"b\\\\c"'), ("/plain", "/plain")]
)
def test_words_of_a_unit_are_quoted(home: str, word: str) -> None:
    """A percent sign is a specifier to systemd, a dollar a variable."""
    assert f"\nExecStart=/opt/gdp/current/gdp --home {word} daemon\n" in unit_text(PLACES, Path(home))


@pytest.mark.parametrize(
    ("places", "said"),
    [(PLACES, "run: systemctl daemon-reload"), (user_places({"HOME": "/home/bob"}), "run: systemctl --user daemon-reload")],
    ids=["computer", "user"],
)
def test_a_step_says_what_is_run(places: Places, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever types it after us must not order about the services of the whole computer."""
    show_step(Screen(json=False, quiet=False), places, systemctl("daemon-reload"))
    printed = capsys.readouterr()

    assert said in printed.out + printed.err
