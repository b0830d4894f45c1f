"""Runs in words, in the user's language: kinds, states, reasons, and what a run waits for."""

from gdp.core.language import N_, translate
from gdp.model.runs import Kind, Reason, Run, State

KINDS = {
    Kind.BACKUP: N_("backup"),
    Kind.RESTORE: N_("restore"),
    Kind.RETENTION: N_("retention"),
    Kind.PRUNE: N_("prune"),
    Kind.CHECK: N_("read-back"),
    Kind.DRILL: N_("restore drill"),
}
STATES = {
    State.RUNNING: N_("running"),
    State.OK: N_("ok"),
    State.ATTENTION: N_("needs attention"),
    State.ERROR: N_("failed"),
    State.INTERRUPTED: N_("broken off"),
    State.CANCELLED: N_("cancelled"),
    State.SKIPPED: N_("left out"),
}
REASONS = {
    Reason.OVERLAP: N_("the one before was still running"),
    Reason.UNREACHABLE: N_("the target does not answer"),
    Reason.BATTERY: N_("no mains power"),
    Reason.COMMAND: N_("a command of the set failed"),
    Reason.FORBIDDEN: N_("the repository lets nobody delete"),
    Reason.WINDOW: N_("the backup window closed"),
    Reason.LONGEST_RUN: N_("it took as long as it may"),
    Reason.SHUTDOWN: N_("the daemon was ended"),
    Reason.LOST: N_("the daemon was killed, or the power failed"),
    Reason.DAMAGE: N_("what was stored is damaged"),
}
WAITS = {
    "window": N_("waits for the backup window"),
    "resume": N_("waits for 'gdp resume'"),
    "repository": N_("waits for the repository"),
    "room": N_("waits for another run"),
    "answer": N_("asks whether the target answers"),
    "target": N_("waits for the target"),
    "power": N_("waits for mains power"),
}


def kind_in_words(run: Run) -> str:
    """Return what a run does."""
    return translate(KINDS[run.kind])


def state_of_run(run: Run) -> str:
    """Return how a run stands, with the reason where there is one."""
    text = translate(STATES[run.state])
    if run.times > 1:
        text += f" ×{run.times}"
    return f"{text}: {translate(REASONS[run.reason])}" if run.reason is not Reason.NONE else text
