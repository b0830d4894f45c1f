"""The computer's time zone with its rules, and not only today's distance from UTC."""

import os
from collections.abc import Mapping
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

LOCALTIME = "/etc/localtime"


def local_zone(environment: Mapping[str, str] = os.environ, localtime: str = LOCALTIME) -> tzinfo:
    """Return the zone that TZ names, else that of the system; UTC where there is none."""
    name = environment.get("TZ", "").removeprefix(":")
    try:
        if name and not name.startswith("/"):
            return ZoneInfo(name)
        with open(name or localtime, "rb") as rules:
            return ZoneInfo.from_file(rules, key=None)
    except (OSError, ValueError, KeyError):  # an unknown name is a KeyError
        return UTC
