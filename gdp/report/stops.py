"""Why a run ended before it was done, or never began, where the command itself cannot say so. The daemon names one of these."""

from gdp.core.language import N_
from gdp.model import broken_off
from gdp.model.run import Fact, Trouble

WINDOW_CLOSED = Trouble(N_("the backup window closed before the run was done"))
TIME_OVER = Trouble(N_("the run took as long as it may"))
SHUTDOWN = Trouble(N_("the service was told to stop"))
CANCELLED = Trouble(N_("somebody cancelled the run"))
OVERLAP = Trouble(N_("the run before was still going on"))
ON_BATTERY = Trouble(N_("the computer had no mains power"))
TARGET_AWAY = Trouble(N_("the target did not answer when the run should have begun"))
FORBIDDEN = Trouble(N_("the repository lets nobody delete"))
PAUSED = Trouble(N_("nothing was begun by itself, since somebody had said so with 'gdp pause'"))
SILENT = Trouble(N_("a backup was due, and none took place"))
NOTHING_KEPT = Trouble(broken_off.NOTHING_KEPT)
LOST = Trouble(N_("the service ended without a word in the middle of the run: killed, or a power failure"))

_COMMAND_FAILED = N_("the command before the backup failed: {command} (exit code {code})")
_COMMAND_DECLINED = N_("the command before the backup said that there is to be none now: {command}")
_AFTER_FAILED = N_("the command after the backup failed: {command} (exit code {code})")
_BEFORE_IGNORED = N_("the command before the backup failed, and the backup was made all the same: {command} (exit code {code})")
_AFTER_IGNORED = N_("the command after the backup failed, which makes no difference to it: {command} (exit code {code})")
_SAID_LAST = N_("its last words were: {said}")
_OFF = N_("the computer was off or asleep, or the service did not run, for {hours:hour|hours}")
_SET_FORWARD = N_("the clock was set forward by {minutes:minute|minutes}")
_SET_BACK = N_("the clock was set back by {minutes:minute|minutes}")
_DIED = N_("the program ended without a word (exit code {code})")


def command_failed(command: str, exit_code: int, said: str = "") -> Trouble:
    """Return that a command before the backup failed, and the run with it."""
    return _of_command(_COMMAND_FAILED, command, exit_code, said)


def command_declined(command: str, said: str = "") -> Trouble:
    """Return that a command before the backup wanted none."""
    return _of_command(_COMMAND_DECLINED, command, 0, said)


def after_failed(command: str, exit_code: int, said: str = "") -> Trouble:
    """Return that a command after the backup failed, and the run with it; the snapshot itself is saved."""
    return _of_command(_AFTER_FAILED, command, exit_code, said)


def before_ignored(command: str, exit_code: int, said: str = "") -> Trouble:
    """Return that a command before the backup failed, which is to be ignored."""
    return _of_command(_BEFORE_IGNORED, command, exit_code, said)


def after_ignored(command: str, exit_code: int, said: str = "") -> Trouble:
    """Return that a command after the backup failed, which is to be ignored."""
    return _of_command(_AFTER_IGNORED, command, exit_code, said)


def died(exit_code: int) -> Trouble:
    """Return that the command gave no reason."""
    return Trouble(_DIED, {"code": exit_code})


def computer_off(hours: int) -> Trouble:
    """Return that nobody was there to begin a run."""
    return Trouble(_OFF, {"hours": hours})


def clock_set(minutes: int) -> Trouble:
    """Return that the clock was set while a run went on; back where the number is negative."""
    return Trouble(_SET_BACK if minutes < 0 else _SET_FORWARD, {"minutes": abs(minutes)})


def _of_command(template: str, command: str, exit_code: int, said: str) -> Trouble:
    facts: dict[str, Fact] = {"command": command, "code": exit_code}
    return Trouble(template, {**facts, "said": said}, _SAID_LAST) if said else Trouble(template, facts)
