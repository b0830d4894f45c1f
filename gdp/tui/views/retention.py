"""How long backups are kept, in words, and what was typed for it. Pure."""

from collections.abc import Mapping

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.timing.words import listed

_WORDS = {
    "daily": N_("of each of the last {count:day|days}"),
    "weekly": N_("of each of the last {count:week|weeks}"),
    "monthly": N_("of each of the last {count:month|months}"),
    "yearly": N_("of each of the last {count:year|years}"),
}


def check_counts(keep: Mapping[str, str]) -> None:
    """Raise BadInput, with the field as its fact ``field``, where a number is none."""
    for period, text in keep.items():
        if text.strip() and not (text.strip().isascii() and text.strip().isdigit()):
            raise BadInput(N_("{text!r} is no number"), N_("Leave it empty for none."), field=f"keep-{period}", text=text.strip())


def kept_in_words(keep: Mapping[str, str]) -> str:
    """Return a sentence; an empty one while a number is none."""
    try:
        check_counts(keep)
    except BadInput:
        return ""
    parts = [fill(_WORDS[period], {"count": int(text)}) for period, text in keep.items() if text.strip() and int(text)]
    if not parts:
        return translate(N_("Everything is kept, for ever."))
    return translate(N_("Kept is the newest backup {parts}.")).format(parts=listed(parts))
