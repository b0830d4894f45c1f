"""The verdict on a run in words: one for the subject, a sentence for the top of the report. Pure."""

from gdp.core import figures
from gdp.core.language import N_, translate, translate_plural
from gdp.model.run import RunRecord, Verdict
from gdp.model.runs import Kind
from gdp.report.boxes import cause_title, main_cause
from gdp.report.cause import Weight
from gdp.report.page import Tone

_WORDS = {
    Verdict.OK: N_("OK"),
    Verdict.ATTENTION: N_("ATTENTION"),
    Verdict.ERROR: N_("ERROR"),
    Verdict.INTERRUPTED: N_("INTERRUPTED"),
    Verdict.SKIPPED: N_("LEFT OUT"),
}
_TONES = {
    Verdict.OK: Tone.GOOD,
    Verdict.ATTENTION: Tone.ATTENTION,
    Verdict.ERROR: Tone.ERROR,
    Verdict.INTERRUPTED: Tone.ATTENTION,
    Verdict.SKIPPED: Tone.IDLE,
}
_SENTENCES = {
    (Kind.BACKUP, Verdict.OK): N_("Everything is backed up: {set} on {host}."),
    (Kind.BACKUP, Verdict.ATTENTION): N_("The backup of {set} on {host} is made, but not everything went well."),
    (Kind.BACKUP, Verdict.ERROR): N_("The backup of {set} on {host} failed."),
    (Kind.BACKUP, Verdict.INTERRUPTED): N_("The backup of {set} on {host} broke off."),
    (Kind.BACKUP, Verdict.SKIPPED): N_("A backup of {set} on {host} was left out."),
    (Kind.CHECK, Verdict.OK): N_("The backups of {set} on {host} were checked and are in order."),
    (Kind.CHECK, Verdict.ATTENTION): N_("The backups of {set} on {host} were checked, but not everything is in order."),
    (Kind.CHECK, Verdict.ERROR): N_("The check of the backups of {set} on {host} failed."),
    (Kind.CHECK, Verdict.INTERRUPTED): N_("The check of the backups of {set} on {host} broke off."),
    (Kind.CHECK, Verdict.SKIPPED): N_("A check of the backups of {set} on {host} was left out."),
    (Kind.RETENTION, Verdict.OK): N_("Old backups of {set} on {host} were removed by its rules."),
    (Kind.RETENTION, Verdict.ATTENTION): N_(
        "Old backups of {set} on {host} were removed by its rules, but not everything went well."
    ),
    (Kind.RETENTION, Verdict.ERROR): N_("Removing old backups of {set} on {host} failed."),
    (Kind.RETENTION, Verdict.INTERRUPTED): N_("Removing old backups of {set} on {host} broke off."),
    (Kind.RETENTION, Verdict.SKIPPED): N_("Removing old backups of {set} on {host} was left out."),
    (Kind.PRUNE, Verdict.OK): N_("Old backups of {set} on {host} were cleaned up."),
    (Kind.PRUNE, Verdict.ATTENTION): N_("Old backups of {set} on {host} were cleaned up, but not everything went well."),
    (Kind.PRUNE, Verdict.ERROR): N_("Cleaning up old backups of {set} on {host} failed."),
    (Kind.PRUNE, Verdict.INTERRUPTED): N_("Cleaning up old backups of {set} on {host} broke off."),
    (Kind.PRUNE, Verdict.SKIPPED): N_("Cleaning up old backups of {set} on {host} was left out."),
    (Kind.RESTORE, Verdict.OK): N_("Files of {set} were restored on {host}."),
    (Kind.RESTORE, Verdict.ATTENTION): N_("Files of {set} were restored on {host}, but not everything went well."),
    (Kind.RESTORE, Verdict.ERROR): N_("Restoring files of {set} on {host} failed."),
    (Kind.RESTORE, Verdict.INTERRUPTED): N_("Restoring files of {set} on {host} broke off."),
    (Kind.RESTORE, Verdict.SKIPPED): N_("Restoring files of {set} on {host} was left out."),
    (Kind.DRILL, Verdict.OK): N_("Files of {set} on {host} were restored as a test, and are what they should be."),
    (Kind.DRILL, Verdict.ATTENTION): N_("Files of {set} on {host} were restored as a test, but not everything went well."),
    (Kind.DRILL, Verdict.ERROR): N_("Restoring files of {set} on {host} as a test failed."),
    (Kind.DRILL, Verdict.INTERRUPTED): N_("Restoring files of {set} on {host} as a test broke off."),
    (Kind.DRILL, Verdict.SKIPPED): N_("Restoring files of {set} on {host} as a test was left out."),
}


def verdict_word(verdict: Verdict) -> str:
    """Return the word for the subject."""
    return translate(_WORDS[verdict])


def verdict_tone(record: RunRecord) -> Tone:
    """Return how loud the report is. A run that was left out for no harmless reason needs attention."""
    return Tone.ATTENTION if record.verdict is Verdict.SKIPPED and needs_attention(record) else _TONES[record.verdict]


def verdict_sentence(record: RunRecord) -> str:
    """Return the sentence for the top."""
    return translate(_SENTENCES[record.kind, record.verdict]).format(set=record.set_name, host=record.host)


def needs_attention(record: RunRecord) -> bool:
    """Say whether a person has to look at it."""
    if record.verdict is Verdict.SKIPPED:
        cause = main_cause(record)
        return cause is None or cause.weight is not Weight.HARMLESS
    return record.verdict is not Verdict.OK


def how_it_ended(record: RunRecord) -> str:
    """Return, of a run that is not done, how far it came and what that means, as part of a sentence."""
    cause = main_cause(record)
    keeps = cause is not None and cause.is_resumed
    if record.share_reached is None or not (keeps or record.verdict is Verdict.INTERRUPTED):
        return cause_title(cause).rstrip(".") if cause else ""
    share = figures.decimal(int(record.share_reached * 100), 0)
    return translate(N_("broke off at {share} %, nothing lost") if keeps else N_("broke off at {share} %")).format(share=share)


def problem_words(count: int) -> str:
    """Return ``3 problems``."""
    return translate_plural("{count} problem", "{count} problems", count).format(count=figures.count(count))
