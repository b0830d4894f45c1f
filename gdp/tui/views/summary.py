"""A draft in words, before it becomes a set. Pure."""

from gdp.core import figures
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.backup_set import Recovery
from gdp.model.timing.reading import parse_schedule
from gdp.model.timing.words import listed
from gdp.tui.views.draft import Draft, LoginBy, PasswordBy, Place, fitting_excludes, target_of
from gdp.tui.views.retention import kept_in_words
from gdp.tui.views.schedules import WHEN, offset_words, window_of

_RECOVERY = {
    Recovery.SHEET: N_("Recovery sheet: it comes next, is printed and typed in again."),
    Recovery.NOBODY: N_("Nobody else can open the backups: keep a copy of the password file in a second place."),
    Recovery.ESCROW: N_("Escrow: the receiver's key comes next, and the password is sealed to it."),
}
_MODES = {
    "every-run": N_("to {to} after every run"),
    "problems": N_("to {to} when there are problems"),
    "daily": N_("to {to} once a day"),
}


def summary_rows(draft: Draft) -> list[tuple[str, str]]:
    """Return what each part is called, and what is meant."""
    return [
        (translate(N_("Target")), _target(draft)),
        (translate(N_("Sources")), _sources(draft)),
        (translate(N_("Encryption")), _encryption(draft)),
        (translate(N_("Blocks")), _blocks(draft)),
        (translate(N_("Schedule")), _schedule(draft)),
        (translate(N_("Retention")), kept_in_words(draft.keep)),
        (translate(N_("Report")), _report(draft)),
    ]


def _target(draft: Draft) -> str:
    if draft.place is Place.SHARED:
        return fill(N_("the repository of {set}, which is shared"), {"set": draft.shared})
    try:
        target = str(target_of(draft))
    except BadInput:
        return ""
    sentence = (
        N_("{target}, where a repository is already") if draft.has_repository else N_("{target}, where a repository is made")
    )
    return fill(sentence, {"target": target}) + _login(draft)


def _login(draft: Draft) -> str:
    if draft.place is not Place.SERVER:
        return ""
    if draft.login_by is LoginBy.PASSWORD:
        return translate(N_("; login with a password, which is kept in a file for this user only"))
    return fill(N_("; login with the key {file}"), {"file": draft.key_file}) if draft.key_file else ""


def _sources(draft: Draft) -> str:
    words = listed(draft.sources)
    if excludes := fitting_excludes(draft):
        words += fill(N_(", less what {count:pattern leaves|patterns leave} out"), {"count": len(excludes)})
    size = draft.advice.get("bytes")
    return f"{words} · {figures.size(size)}" if isinstance(size, int) else words


def _encryption(draft: Draft) -> str:
    if draft.place is Place.SHARED:
        return fill(N_("with the password of {set}"), {"set": draft.shared})
    if draft.has_repository:
        how = N_("With its own password, which is kept in a file for this user only.")
    elif draft.password_by is PasswordBy.GENERATED:
        how = N_("With a generated key, which is kept in a file for this user only.")
    else:
        how = N_("With your passphrase, which is kept in a file for this user only.")
    return f"{translate(how)} {translate(_RECOVERY[draft.recovery])}"


def _blocks(draft: Draft) -> str:
    if draft.has_repository:
        return translate(N_("as the repository has them"))
    facts = {"block": draft.block_size or "1M", "pack": draft.transfer_block_size or "16M"}
    return fill(N_("{block}, fixed from now on; transfer blocks of {pack}"), facts)


def _schedule(draft: Draft) -> str:
    sentences = draft.schedule.get(WHEN, ())
    if not sentences:
        return translate(N_("only when somebody asks for it"))
    words = "; ".join(parse_schedule(sentence).describe() for sentence in sentences)
    if offset := offset_words(draft.schedule.get("schedule.random-offset", "")):
        words += f", {offset}"
    if window := window_of(draft.schedule.get("schedule.window", "")):
        words += " · " + fill(N_("only {window}"), {"window": window.describe()})
    return words


def _report(draft: Draft) -> str:
    if not draft.reports:
        return translate(N_("none: nobody hears of a backup that fails"))
    return fill(_MODES[draft.mail_mode], {"to": draft.mail_to.strip()})
