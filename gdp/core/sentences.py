"""Sentences of the engine with their facts, in the user's language, the system's reasons included."""

from collections.abc import Mapping

from gdp.core.errors import GdpError
from gdp.core.language import N_, complete, current_language, translate

SYSTEM_REASONS = (
    N_("Argument list too long"),
    N_("Broken pipe"),
    N_("Connection refused"),
    N_("Connection reset by peer"),
    N_("Connection timed out"),
    N_("Device or resource busy"),
    N_("Directory not empty"),
    N_("Disk quota exceeded"),
    N_("File exists"),
    N_("File name too long"),
    N_("File too large"),
    N_("Input/output error"),
    N_("Invalid argument"),
    N_("Is a directory"),
    N_("Name or service not known"),
    N_("Network is unreachable"),
    N_("No route to host"),
    N_("No space left on device"),
    N_("No such device or address"),
    N_("No such file or directory"),
    N_("Not a directory"),
    N_("Operation not permitted"),
    N_("Operation not supported"),
    N_("Permission denied"),
    N_("Read-only file system"),
    N_("Stale file handle"),
    N_("Structure needs cleaning"),
    N_("Temporary failure in name resolution"),
    N_("Too many levels of symbolic links"),
    N_("Too many open files"),
    N_("Value too large for defined data type"),
)
"""What the system says in English, whatever the user's language"""


def fill(template: str, facts: Mapping[str, object]) -> str:
    """Return a template in the user's language with its facts. A fact may be an error itself, or a reason of the system."""
    shown = {name: _shown(name, fact) for name, fact in facts.items()}
    return complete(translate(template), shown, current_language())


def sentence_of(error: GdpError) -> str:
    """Return what went wrong."""
    return fill(error.template, error.facts)


def hint_of(error: GdpError) -> str:
    """Return what to do about it; empty when there is nothing to say."""
    return fill(error.hint_template, error.facts)


def error_text(error: GdpError) -> str:
    """Return what went wrong as sentences, with what to do about it."""
    said, hint = sentence_of(error), hint_of(error)
    if not error.template.startswith("{"):  # a name keeps its letters
        said = said[:1].upper() + said[1:]
    if said and said[-1] not in ".!?":
        said += "."
    return f"{said} {hint}".strip()


def _shown(name: str, fact: object) -> object:
    if isinstance(fact, GdpError):
        return sentence_of(fact)
    if name == "tried" and isinstance(fact, str):  # several, of which some have names in every language
        return ", ".join(map(translate, fact.split(", ")))
    return translate(fact) if name == "reason" and isinstance(fact, str) else fact
