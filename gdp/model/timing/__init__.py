"""When something is due: schedules, windows, bandwidth, pauses. Pure: the caller supplies every moment and the zone.

Moments come in as aware datetimes and go out in UTC, since Python compares two datetimes of one zone by their clock readings
and so confuses the hour that comes twice. ``docs/schedules.md`` is the specification; a test runs its examples.
"""
