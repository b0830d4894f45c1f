"""The text of a set that is written for the first time: every section with a comment that says what it is for.

The comments are in the language of whoever makes the set. Keys that were not given stand there as comments, with an example.
"""

import textwrap
from collections.abc import Mapping
from typing import Any

import tomlkit

from gdp.core.language import N_, translate
from gdp.settings.schema import SET

COMMENT_COLUMNS = 100  # an editor in a terminal shows it without wrapping
_TITLE = N_('Backup set "{name}" of GlobalDataProtect. All keys: docs/settings.md. After a change: gdp set check {name}')
_ABOUT = {
    "source": N_("What is backed up, and what is left out (patterns as in a .gitignore)."),
    "snapshot": N_("Tags for the snapshots, and the computer's name in them."),
    "target": N_(
        "Where to. The block size is fixed when the repository is made; the transfer block size may change at any time."
    ),
    "encryption": N_(
        "The password lies in a file that only its owner can read, never here. Recovery: nobody, sheet or escrow; "
        "the set runs once that is confirmed ('gdp recovery')."
    ),
    "schedule": N_("When it runs by itself, how often it tries again, and the hours it has for that."),
    "conditions": N_("What must hold before a run begins."),
    "commands": N_("Lines for /bin/sh before and after a backup. On error: ignore, cancel (leave the run out) or fail."),
    "bandwidth": N_(
        "How fast data may travel, by time of day; the first line whose hours hold counts. K is 1024 bytes a second."
    ),
    "retention": N_("Which snapshots stay: those that any rule wants. Without rules all of them."),
    "proof": N_(
        "After a backup a random sample is read back and compared; once a month random files are restored on trial. 0: never."
    ),
    "report": N_(
        "Who gets a mail: language de or en; mode every-run, problems or daily. Repeat the section for more recipients."
    ),
}
_EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "source": {
        "exclude": '["*.iso", "node_modules/"]',
        "exclude-caches": "true",
        "exclude-larger-than": '"2G"',
        "one-file-system": "true",
    },
    "snapshot": {"tags": '["office"]'},
    "target": {"block-size": '"1M"', "transfer-block-size": '"16M"', "compression": '"auto"'},
    "schedule": {
        "when": '["daily 02:30"]',
        "random-offset": '"15m"',
        "retry-pauses": '["1m", "10m", "1h"]',
        "window": '["20:00-06:00"]',
        "longest-run": '"6h"',
    },
    "conditions": {"target-reachable": "true", "mains-power": "false"},
    "commands": {"before": '["pg_dumpall > /var/backups/all.sql"]', "before-on-error": '"fail"'},
    "bandwidth": {"limits": '["weekdays 08:00-18:00 up 2M down 4M"]'},
    "retention": {"keep-daily": "14", "keep-weekly": "8", "keep-monthly": "12"},
    "proof": {"read-back": '"64M"', "drill-files": "20"},
    "report": {"to": '"admin@example.com"', "language": '"de"', "mode": '"every-run"'},
}


def first_text(name: str, values: Mapping[str, Any]) -> str:
    """Return the text of a new set with these values by the whole names of their keys."""
    lines = _comment(translate(_TITLE).format(name=name))
    for section in SET:
        lines += ["", *_comment(translate(_ABOUT[section.name]))]
        examples = _EXAMPLES.get(section.name, {})
        if section.is_many:
            entries = values.get(section.name) or []
            if not entries:
                lines += [f"# [[{section.name}]]", *(f"# {key} = {example}" for key, example in examples.items())]
            for entry in entries:
                lines += [f"[[{section.name}]]", *(f"{key} = {_as_text(value)}" for key, value in entry.items()), ""]
            continue
        lines.append(f"[{section.name}]")
        for key in section.keys:
            value = values.get(section.path_of(key))
            if value is not None:
                lines.append(f"{key.name} = {_as_text(value)}")
            elif key.name in examples:
                lines.append(f"# {key.name} = {examples[key.name]}")
    return "\n".join(lines).rstrip() + "\n"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, COMMENT_COLUMNS, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _as_text(value: Any) -> str:
    text: str = tomlkit.item(value).as_string()
    return text
