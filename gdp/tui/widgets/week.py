"""Seven days of backups as seven signs."""

from collections.abc import Iterable, Mapping

from rich.text import Text

from gdp.model.week import DAYS, Day

_SIGNS = {Day.NONE: ("·", "idle"), Day.GOOD: ("▇", "good"), Day.ATTENTION: ("▅", "attention"), Day.BAD: ("▂", "bad")}


def week_bar(days: Iterable[Day], colours: Mapping[str, str]) -> Text:
    """Return one sign a day, today last. Height says the same as colour.

    Args:
        colours: of the theme, by name.
    """
    text = Text(no_wrap=True)
    for day in tuple(days) or (Day.NONE,) * DAYS:
        sign, name = _SIGNS[day]
        text.append(sign, colours[name])
    return text
