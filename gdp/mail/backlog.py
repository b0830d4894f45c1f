"""Which mails of the queue did not get out, and why. Pure."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from gdp.core.errors import GdpError
from gdp.mail.queue import Entry
from gdp.model.run import saying_of
from gdp.model.service import HeldMails, MailBacklog

PATIENCE = timedelta(minutes=2)  # so long a mail may be on its way to its first attempt
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def mail_backlog(entries: Sequence[Entry], now: datetime, hindrance: GdpError | None = None) -> MailBacklog:
    """Return what there is to say of the mails in the queue.

    Args:
        entries: the queue, the oldest first.
        now: aware.
        hindrance: why no mail at all could be tried, where that is known.
    """
    refused = [entry for entry in entries if entry.state.is_refused]
    waiting = [
        entry for entry in entries if not entry.state.is_refused and (entry.state.attempts or now - entry.header.made > PATIENCE)
    ]
    return MailBacklog(
        waiting=_held(waiting, lambda entry: entry.state.next_try or _LONG_AGO, hindrance),
        refused=_held(refused, lambda entry: entry.header.made, None),
    )


def _held(entries: Sequence[Entry], newest: Callable[[Entry], datetime], hindrance: GdpError | None) -> HeldMails | None:
    if not entries:
        return None
    tried = [entry for entry in entries if entry.state.failure]
    reason = max(tried, key=newest).state.failure if tried else saying_of(hindrance) if hindrance else None
    return HeldMails(count=len(entries), since=entries[0].header.made, reason=reason)
