"""What nobody will ask for any more is deleted."""

from datetime import datetime, timedelta

from server.models.people import Invitation
from server.models.sessions import Session
from server.services import attempts
from server.services.login import LONGEST

KEPT_AFTER_END = timedelta(days=30)


def tidy(*, now: datetime) -> None:
    """Delete attempts, sessions that ended, and links that no longer work, each a month after. In the caller's transaction."""
    attempts.forget_old(now=now)
    past = now - KEPT_AFTER_END
    Session.delete().where((Session.revoked_at < past) | (Session.created_at < past - LONGEST)).execute()
    Invitation.delete().where(Invitation.expires_at < past).execute()
