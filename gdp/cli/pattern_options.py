"""The options that say which files are meant, for every command that takes patterns."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from gdp.cli.translated import option
from gdp.core.language import N_
from gdp.engine.patterns.differences import tell_differences
from gdp.engine.patterns.lists import parse_patterns
from gdp.engine.patterns.selector import Selects, make_excludes, make_selects
from gdp.engine.patterns.verdict import Judge
from gdp.model.events import Emit
from gdp.model.exclusion import Pattern, PatternRules

Declare = Callable[[Callable[..., Any]], Callable[..., Any]]
_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True)


class ChosenPatterns(msgspec.Struct, frozen=True):
    """What the pattern options of a command line say."""

    excludes: Sequence[Pattern]
    includes: Sequence[Pattern]
    rules: PatternRules

    def judge(self) -> Judge | None:
        """Return what says whether a path is left out."""
        return make_excludes(self.excludes, self.rules)

    def selects(self) -> Selects | None:
        """Return what says which paths are wanted."""
        return make_selects(includes=self.includes, excludes=self.excludes, rules=self.rules)

    def warn(self, emit: Emit) -> None:
        """Tell of the patterns that have two meanings."""
        for note in tell_differences([*self.includes, *self.excludes], self.rules):
            emit(note)


def pattern_options(*, includes: bool = True) -> Declare:
    """Declare the pattern options; the command hands what it receives to ``read_patterns``."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        options = (*_EXCLUDES, *(_INCLUDES if includes else ()))
        function = rules_option(function)
        for names, settings in reversed(options):
            function = option(*names, **settings)(function)
        return function

    return declare


def rules_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare ``--pattern-rules``."""
    return option(
        "--pattern-rules",
        type=click.Choice([str(rules) for rules in PatternRules]),
        default=str(PatternRules.GITIGNORE),
        help=N_("Whose rules patterns follow: gitignore's (default) or restic's."),
    )(function)


def take_patterns(given: dict[str, Any]) -> ChosenPatterns:
    """Take the pattern options out of what a command received, and read the files they name. Raises BadInput."""
    rules = PatternRules(given.pop("pattern_rules"))
    return ChosenPatterns(_read(given, "exclude", rules), _read(given, "include", rules), rules)


def _read(given: dict[str, Any], kind: str, rules: PatternRules) -> list[Pattern]:
    found: list[Pattern] = []
    for prefix in ("", "i"):
        ignores_case = prefix == "i"
        found += [Pattern(text, ignores_case) for text in given.pop(f"{prefix}{kind}", ())]
        for name in given.pop(f"{prefix}{kind}_file", ()):
            text = read_list(name).decode("utf-8", "surrogateescape")
            found += parse_patterns(text, rules, os.environ, ignores_case=ignores_case)
    return found


def read_list(name: str) -> bytes:
    """Return the contents of a list; ``-`` is standard input."""
    if name == "-":
        return sys.stdin.buffer.read()
    return Path(name).read_bytes()


def _many(*names: str, metavar: str, help: str, **settings: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    return names, {"multiple": True, "metavar": metavar, "help": help, **settings}


_EXCLUDES = (
    _many("--exclude", "-e", metavar=N_("PATTERN"), help=N_("Leave out what fits. Repeatable.")),
    _many("--iexclude", metavar=N_("PATTERN"), help=N_("The same, whatever the case of letters.")),
    _many("--exclude-file", metavar=N_("FILE"), type=_FILE, help=N_("Leave out what fits a pattern in this file. Repeatable.")),
    _many("--iexclude-file", metavar=N_("FILE"), type=_FILE, help=N_("The same, whatever the case of letters.")),
)
_INCLUDES = (
    _many("--include", "-i", metavar=N_("PATTERN"), help=N_("Only what fits, and what lies below it. Repeatable.")),
    _many("--iinclude", metavar=N_("PATTERN"), help=N_("The same, whatever the case of letters.")),
    _many("--include-file", metavar=N_("FILE"), type=_FILE, help=N_("Only what fits a pattern in this file. Repeatable.")),
    _many("--iinclude-file", metavar=N_("FILE"), type=_FILE, help=N_("The same, whatever the case of letters.")),
)
