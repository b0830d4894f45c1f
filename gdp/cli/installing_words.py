"""What ``install``, ``uninstall`` and ``update`` say of what they do."""

import getpass
import os
import shlex
from pathlib import Path

from gdp.bootstrap.home import choose_home
from gdp.bootstrap.installing import Choices, Prepared, has_daemon
from gdp.cli.screen import Screen
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.installation.places import Places
from gdp.installation.plan import Action, Step
from gdp.installation.systemd import computer_has_systemd, systemctl_words
from gdp.model.events import Note

_STEPS = {
    Action.COPY: N_("copy the program to {path}"),
    Action.SWITCH: N_("make {words} the version in use"),
    Action.LINK: N_("link {path} to {words}"),
    Action.UNIT: N_("write {path}"),
    Action.RECORD: N_("write {path}"),
    Action.SYSTEMCTL: N_("run: {systemctl} {words}"),
    Action.REMOVE: N_("remove {path}"),
    Action.FOLDER: N_("remove {path}, if it is empty"),
}


def show_step(screen: Screen, places: Places, step: Step) -> None:
    """Say what is done to an installation, or would be."""
    facts = {"path": step.path, "words": " ".join(step.words), "systemctl": _systemctl(places)}
    screen.say(fill(_STEPS[step.action], facts))
    fields = {"action": str(step.action), "path": str(step.path) if step.path else None, "words": list(step.words)}
    screen.record("step", fields)


def say_service(screen: Screen, prepared: Prepared, choices: Choices) -> None:
    """Say whether backups run by themselves now, and what to do where they do not."""
    places, systemd = prepared.places, prepared.work.systemd
    if places.root != Path("/"):
        if choices.has_service:
            sentence = N_("Nothing was started in {root}. 'systemctl --root {root} enable gdp' has it start with that system.")
            screen.say(fill(sentence, {"root": places.root}))
        return
    if systemd is None:
        _say_why_not(screen, prepared, choices)
        return
    if prepared.plan.waits_for:
        say_wait(screen, prepared.plan.waits_for)
    elif choices.starts or (prepared.found.service and prepared.found.service.is_active):
        screen.say(translate(N_("The service runs the backup sets as they are due; 'gdp status' shows them.")))
    else:
        sentence = N_("The service begins with the next start of the computer; now: {systemctl} start gdp")
        screen.say(fill(sentence, {"systemctl": _systemctl(places)}))
    user = getpass.getuser()
    if places.is_user and not systemd.lingers(user):
        sentence = N_("It runs only while {user} is logged in. With root's rights this changes: loginctl enable-linger {user}")
        screen.emit(Note(sentence, {"user": user}))


def _systemctl(places: Places) -> str:
    return " ".join(systemctl_words(is_user=places.is_user))


def _say_why_not(screen: Screen, prepared: Prepared, choices: Choices) -> None:
    """Say why there is no service, and what does instead."""
    user = getpass.getuser()
    if choices.has_service and prepared.places.is_user and computer_has_systemd():
        sentence = N_(
            "Nothing runs by itself: the systemd of {user} does not answer. Have root run 'loginctl enable-linger {user}', "
            "or log in as {user} without su, and call 'gdp install' again."
        )
        screen.say(fill(sentence, {"user": user}))
        return
    screen.say(translate(N_("Nothing runs by itself: there is no systemd here.") if choices.has_service
                         else N_("Nothing runs by itself: no service was made.")))  # fmt: skip
    daemon = shlex.join((str(prepared.places.runs), "--home", str(prepared.home), "daemon"))
    sentence = N_("This runs the backup sets as long as it runs; have it started with the computer: {daemon}")
    screen.say(fill(sentence, {"daemon": daemon}))


def say_old_daemon(screen: Screen, prepared: Prepared) -> None:
    """Say so where a daemon that somebody else looks after still runs the program that was there before."""
    is_switched = any(step.action is Action.SWITCH for step in prepared.plan.steps)
    if is_switched and prepared.work.systemd is None and prepared.places.root == Path("/") and has_daemon(prepared.home):
        sentence = N_("A daemon for {home} is running and goes on with the old program: end it, and start it again.")
        screen.emit(Note(sentence, {"home": prepared.home}))


def say_home(screen: Screen, prepared: Prepared) -> None:
    """Say so where the commands that are typed now would look elsewhere than the service does."""
    own = choose_home(None)
    if prepared.places.root == Path("/") and own != prepared.home:
        sentence = N_("The service keeps settings and state in {home}, while gdp without --home uses {own} now.")
        screen.emit(Note(sentence, {"home": prepared.home, "own": own}))


def say_path(screen: Screen, prepared: Prepared) -> None:
    """Say so where the shell does not look for commands in the folder of the link."""
    folder = prepared.places.command.parent
    if prepared.places.is_user and str(folder) not in os.environ.get("PATH", "").split(os.pathsep):
        sentence = N_("{folder} is not in the PATH of this shell; a new login may change that.")
        screen.emit(Note(sentence, {"folder": folder}))


def state_of_service(prepared: Prepared, choices: Choices) -> str:
    """Return how the service stands after the plan was carried out: ``none``, ``stopped``, ``old`` or ``running``."""
    if prepared.work.systemd is None:
        return "none"
    if prepared.plan.waits_for:
        return "old"
    was_active = prepared.found.service is not None and prepared.found.service.is_active
    return "running" if choices.starts or was_active else "stopped"


def say_wait(screen: Screen, sets: tuple[str, ...]) -> None:
    """Say that the service was not restarted, since these sets are at work."""
    sentence = N_("A run is at work ({sets}): the service goes on with the old program until it is restarted.")
    screen.say(fill(sentence, {"sets": ", ".join(sets)}))
    screen.say(translate(N_("With --now it is restarted at once; the run is ended and goes on right after.")))
