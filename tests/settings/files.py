"""A set as a user would have made it, and what it says in other words."""

from typing import Any

VALUES: dict[str, Any] = {
    "source.paths": ["/etc", "/srv"],
    "target.repo": "sftp://backup@storage.example.com/srv/backup",
    "encryption.password-file": "/etc/gdp/password",
    "encryption.recovery-confirmed": True,
}
SMALLEST = """\
[source]
paths = ["/etc"]
[target]
repo = "/srv/backup"
[encryption]
password-file = "/etc/gdp/password"
"""
HAND_WRITTEN = """\
# Written by hand, in an order of its own.   \r
[target]   # where to
repo = '/srv/backup'      # single quotes
"block-size" = "512K"

[source]
paths = [
    "/etc",      # all of it
    "/srv/daten",
]
exclude-caches = true


# nobody but us
[encryption]
password-file="/etc/gdp/password"
[[report]]
to = "a@example.com"
[[report]] # the second
to = "b@example.com"
mode = "problems"
"""
