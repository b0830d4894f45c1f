"""Which passwords are taken. Pure."""

from zxcvbn import zxcvbn

from server.domain.errors import RuleBroken
from server.domain.sentence import N_

SHORTEST = 12  # characters
LONGEST = 500  # characters; what is longer costs time to hash
_LOOKED_AT = 72  # characters; guessing takes zxcvbn long for more
_GUESSABLE = 3  # zxcvbn's score, 0 to 4: below it, 10^8 guesses are enough


def check_password(password: str, *, known: tuple[str, ...]) -> None:
    """Raise RuleBroken unless a password is hard to guess; ``known`` is what others know of the person: name, address."""
    if len(password) < SHORTEST:
        raise RuleBroken(
            N_("A password has at least {count:character|characters}."),
            N_("Four words that have nothing to do with each other are easy to keep in mind."),
            field="password",
            count=SHORTEST,
        )
    if len(password) > LONGEST:
        raise RuleBroken(N_("A password has at most {count:character|characters}."), field="password", count=LONGEST)
    words = [part for one in known for part in (one, *one.replace("@", " ").replace(".", " ").split())]
    if zxcvbn(password[:_LOOKED_AT], user_inputs=words)["score"] < _GUESSABLE:
        raise RuleBroken(
            N_("This password is easy to guess."),
            N_("Four words that have nothing to do with each other are easy to keep in mind."),
            field="password",
        )
