"""The catalogue of causes: every way in which runs really fail, each with a next step in words anybody can act on.

``find_cause`` says which of them a trouble is; see ``recognise.py``. ``docs/reports.md`` lists them.
"""

from gdp.core.language import N_
from gdp.report.cause import Cause, Weight

# --- Files of this computer -------------------------------------------------------------------------------------------

PERMISSION = Cause(
    N_("One file or folder was not backed up: access was denied."),
    N_("Run the backup service as root, give its account the right to read them, or exclude them from the set."),
    N_("{count} files or folders were not backed up: access was denied."),
)
VANISHED = Cause(
    N_("One file vanished while the backup was running."),
    N_("That is usual for temporary files: exclude their folder. Otherwise the next run saves it."),
    N_("{count} files vanished while the backup was running."),
    weight=Weight.MILD,
)
CHANGED = Cause(
    N_("One file was written to while it was being saved: its copy may mix old and new contents."),
    N_(
        "Back up when nobody works with it. For a database, let a command before the backup export it, and exclude its own files."
    ),
    N_("{count} files were written to while they were being saved: their copies may mix old and new contents."),
    weight=Weight.MILD,
)
IO_ERROR = Cause(
    N_("One file was not backed up: the disk could not read it."),
    N_("The disk may be failing. Have it checked at once (smartctl), and do not delete older backups."),
    N_("{count} files were not backed up: the disk could not read them."),
)
SHARE_AWAY = Cause(
    N_("One file was not backed up: the network drive it lies on did not answer."),
    N_("Check that the drive's server is running and that the drive is mounted, then run the set again."),
    N_("{count} files were not backed up: the network drive they lie on did not answer."),
)
SOURCE_MISSING = Cause(
    N_("One source of the set does not exist."),
    N_("Check whether its disk is mounted. If it was moved or renamed, change the sources of the set."),
    N_("{count} sources of the set do not exist."),
)
TOO_MANY_OPEN = Cause(
    N_("One file was not backed up: too many files are open on this computer."),
    N_("Restart the program that keeps so many files open, or raise the limit (ulimit -n)."),
    N_("{count} files were not backed up: too many files are open on this computer."),
)
SOURCE_UNLIKE = Cause(
    N_("One file is not what it was, although its size and time of change say so."),
    N_("Its disk may be failing: have it checked (smartctl). Compare the file with the one in the backup: it is as it was then."),
    N_("{count} files are not what they were, although their size and time of change say so."),
)
UNREADABLE = Cause(
    N_("One file or folder could not be read."),
    N_("The reason stands beside it. If it need not be backed up, exclude it from the set."),
    N_("{count} files or folders could not be read."),
)

# --- This computer ----------------------------------------------------------------------------------------------------

LOCAL_FULL = Cause(
    N_("A disk of this computer is full."),
    N_("Make room on the disk that is named below, then run the set again."),
    is_resumed=True,
)
COMMAND_FAILED = Cause(
    N_("A command that belongs to the set failed."),
    N_("Try the command by hand. It stands in the section [commands] of the set."),
)
COMMAND_IGNORED = Cause(
    N_("A command of the set failed, which is to be ignored."),
    N_("Nothing, if that was meant. Otherwise try the command by hand. It stands in the section [commands] of the set."),
    N_("{count} commands of the set failed, which is to be ignored."),
    weight=Weight.HARMLESS,
)
COMMAND_DECLINED = Cause(
    N_("A command of the set wanted no backup now."),
    N_("Nothing, if that was meant. The next run asks it again."),
    weight=Weight.HARMLESS,
)
SETTINGS = Cause(
    N_("The settings cannot be used as they are."),
    N_("Correct what is named below; 'gdp set check' says whether everything is right."),
)
SECRET = Cause(
    N_("The password file cannot be used."),
    N_("Check that the file named below exists, belongs to the account of the service and has mode 0600."),
)
PROGRAM = Cause(
    N_("The backup program itself failed."),
    N_("Run the set again. If it happens again, send the log to your dealer."),
)
MEMORY = Cause(
    N_("The run was killed by the system."),
    N_("Often memory has run out: the system's log says so (journalctl -k). Run the set again; it goes on where it was."),
    is_resumed=True,
)

CLOCK = Cause(
    N_("The clock of this computer was set while the run went on."),
    N_("See that the clock is right and stays so (timedatectl): by the times of snapshots it is settled which of them are kept."),
    weight=Weight.MILD,
)

# --- The way to the target --------------------------------------------------------------------------------------------

UNREACHABLE = Cause(
    N_("The server with the backups cannot be reached."),
    N_("Check this computer's network, the address, and whether the server is running. Nothing is lost; the next run goes on."),
    is_resumed=True,
)
LINE_LOST = Cause(
    N_("The line to the server broke."),
    N_("Check router and line. Nothing is lost: the next run goes on and sends nothing twice."),
    is_resumed=True,
)
HOST_KEY = Cause(
    N_("The server shows another identity than before: somebody may be listening in."),
    N_("Send nothing for now. Ask whoever runs the server whether its key was changed, and compare the fingerprint below."),
)
LOGIN = Cause(
    N_("The server does not let this computer in."),
    N_("Ask whoever runs the server whether the account is active and knows this computer's key."),
)
PROTOCOL = Cause(
    N_("The server does not answer as it should."),
    N_("Tell whoever runs the server what stands below."),
)
TARGET_AWAY = Cause(
    N_("The target did not answer."),
    N_("Check that the server is running or the disk is plugged in. The run is made up for as soon as it answers."),
)

# --- The repository ---------------------------------------------------------------------------------------------------

TARGET_FULL = Cause(
    N_("The target has no room left."),
    N_("Make room there, order more storage, or keep fewer backups. Nothing is lost; new backups are not made until then."),
    is_resumed=True,
)
QUOTA = Cause(
    N_("The storage that was ordered is used up."),
    N_("Order more storage, or keep fewer backups. Nothing is lost; new backups are not made until then."),
    is_resumed=True,
)
TARGET_DENIED = Cause(
    N_("The target refuses access to its own files."),
    N_("Check who owns the folder with the backups, and whether it can be written to."),
)
NO_REPOSITORY = Cause(
    N_("There is no repository at the target."),
    N_("Check that its disk is mounted and the address is right. Make a new one (gdp init) only if there never was any."),
)
LOCKED = Cause(
    N_("Another program uses the repository."),
    N_("Wait until it is done; the next run tries again. If none is running on any computer: gdp unlock."),
)
LOCK_LOST = Cause(
    N_("The computer slept or stood still for too long, so the run stopped to be safe."),
    N_("Nothing is damaged. The next run goes on."),
    is_resumed=True,
)
LOCK_LEFT = Cause(
    N_("A lock was left in the repository."),
    N_("The next run from this computer removes it."),
    weight=Weight.MILD,
)
LOCK_STAYS = Cause(
    N_("The repository lets nobody delete, not even locks."),
    N_(
        "Have the server allow deleting in the repository's folder 'locks', and there only: each lock that stays slows runs down."
    ),
    weight=Weight.MILD,
)
PASSWORD = Cause(
    N_("The password does not open the repository."),
    N_("Check the password file of the set. If the password was changed, write the new one into the file."),
)
DAMAGED = Cause(
    N_("The repository is damaged."),
    N_("Run 'gdp check --read-data' to see what is affected, and have the target's disk checked. Delete no backups until then."),
)
TARGET_FAILED = Cause(
    N_("The target answered with an error."),
    N_("Have the target's disk and its free space checked; the server's log says more."),
)

# --- Ends that were meant ---------------------------------------------------------------------------------------------

TIME_LIMIT = Cause(
    N_("The time for the run was over before it was done."),
    N_("Nothing is lost; the next run goes on. If this happens often, widen the window, or back up less at a time."),
    weight=Weight.MILD,
    is_resumed=True,
)
TOO_SHORT = Cause(
    N_("The run ended before anything that lasts had been sent."),
    N_(
        "If the line was not known yet, the next run sends smaller blocks. If this comes again, no run gets any further: allow"
        " more time (longest-run, window) or more of the line (limits), or choose a smaller transfer-block-size."
    ),
)
STOPPED = Cause(
    N_("The run was stopped."),
    N_("Nothing is lost; the next run goes on."),
    weight=Weight.MILD,
    is_resumed=True,
)
LOST = Cause(
    N_("The run broke off without a word."),
    N_("Nothing is lost; the next run goes on. If nobody switched the computer off, its log says why (journalctl)."),
    weight=Weight.MILD,
    is_resumed=True,
)
COMPUTER_OFF = Cause(
    N_("The computer was off or asleep, or the backup service did not run."),
    N_("Nothing, if that was meant: the run is made up for. Otherwise look whether the service starts with the computer."),
    weight=Weight.MILD,
)
PAUSED = Cause(
    N_("The backups are paused."),
    N_("Say 'gdp resume' when they are to go on."),
    weight=Weight.MILD,
)
SILENT = Cause(
    N_("A backup was due, and none took place."),
    N_("'gdp status' says what the set waits for. Look as well whether its file is right: gdp set check."),
)
OVERLAP = Cause(
    N_("The run before was not done."),
    N_("Nothing, if it happens now and then. Otherwise let the set run less often."),
    weight=Weight.HARMLESS,
)
BATTERY = Cause(
    N_("The computer had no mains power."),
    N_("Plug it in. The run is made up for then."),
    weight=Weight.HARMLESS,
)
FORBIDDEN = Cause(
    N_("The repository lets nobody delete, so no old backups were removed."),
    N_("Nothing, if that is meant: it protects against a stolen computer. Old backups are removed at the server."),
    weight=Weight.HARMLESS,
)
OTHER = Cause(
    N_("Something else went wrong."),
    N_("It stands below; the log says more."),
)
