"""How sending a mail fails.

::

    MailError             1
    ├── MailDelayed           not now: repeating may help
    │   └── ServerUnusable        ... and no other mail would get through either
    └── MailRefused           this mail never, as it stands
"""

from gdp.core.errors import GdpError


class MailError(GdpError):
    """A mail was not sent."""


class MailDelayed(MailError):
    """Not now. Repeating may help."""


class ServerUnusable(MailDelayed):
    """No mail at all can be sent now: no answer, no encryption, no login."""


class MailRefused(MailError):
    """The server will never take this mail."""
