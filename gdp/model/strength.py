"""How long a passphrase withstands guessing. An estimate: refuses nothing, and keeps nothing of what it sees."""

from enum import IntEnum
from typing import NamedTuple

from gdp.core.language import N_
from gdp.core.sentences import fill
from gdp.model.events import Note

GUESSES_PER_SECOND = 1e4  # what a graphics card does with our scrypt, generously
LONGEST_LOOKED_AT = 72  # characters; the effort grows with the square, and more cannot make it weaker
MOST_CENTURIES = 1000  # beyond that the number says nothing more
_YEAR_SECONDS = 365.25 * 86400
_UNITS = (
    (100 * _YEAR_SECONDS, N_("{count:century|centuries}")),
    (_YEAR_SECONDS, N_("{count:year|years}")),
    (86400.0, N_("{count:day|days}")),
    (3600.0, N_("{count:hour|hours}")),
    (60.0, N_("{count:minute|minutes}")),
)


class Strength(IntEnum):
    """Powers of ten of guesses from which on a passphrase is called so."""

    WEAK = 0
    FAIR = 11
    """four months of one card, a day of a hundred"""
    STRONG = 14
    """three centuries of one card, three years of a hundred"""


class Estimate(NamedTuple):
    """What is thought of a passphrase."""

    strength: Strength
    guesses_log10: float


def estimate_strength(passphrase: str) -> Estimate:
    """Return how strong a passphrase is. Knows English words and names, patterns of keyboards, dates; no German words."""
    if not passphrase:
        return Estimate(Strength.WEAK, 0.0)
    from zxcvbn import zxcvbn  # start-up time

    guesses_log10 = float(zxcvbn(passphrase[:LONGEST_LOOKED_AT])["guesses_log10"])
    return Estimate(max(level for level in Strength if guesses_log10 >= level), guesses_log10)


def tell_strength(passphrase: str) -> Note:
    """Return the sentence that belongs beside the field where a passphrase is chosen. It holds nothing of the passphrase."""
    estimate = estimate_strength(passphrase)
    sentences = {
        Strength.WEAK: N_(
            "Strength: weak. One graphics card finds it within {time}. Take four or more words that do not belong together, "
            "or let 'gdp key generate' make one."
        ),
        Strength.FAIR: N_("Strength: fair. One graphics card finds it within {time}, many are quicker. One more word helps."),
        Strength.STRONG: N_("Strength: strong. One graphics card would need {time} to find it."),
    }
    return Note(sentences[estimate.strength], {"time": _Time(estimate.guesses_log10)})


class _Time:
    """A time in words, in the language of whoever reads it."""

    def __init__(self, guesses_log10: float) -> None:
        self._seconds = 10.0 ** min(guesses_log10, 30.0) / GUESSES_PER_SECOND

    def __str__(self) -> str:
        for seconds, template in _UNITS:
            if self._seconds >= seconds:
                count = int(self._seconds / seconds)
                if seconds > _YEAR_SECONDS and count > MOST_CENTURIES:
                    return fill(N_("more than {count:century|centuries}"), {"count": MOST_CENTURIES})
                return fill(template, {"count": count})
        return fill(N_("a minute"), {})
