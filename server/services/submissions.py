"""Forms that were sent: so that one sent twice does its work once. Called inside the transaction of the work."""

from datetime import datetime

from server.models.submission import Submission
from server.services.scope import Actor

LONGEST_KEY = 64  # characters


def earlier(actor: Actor, key: str) -> int | None:
    """Return the id of what this form created before; None if it has created nothing."""
    row = Submission.get_or_none((Submission.user == actor.user_id) & (Submission.key == key[:LONGEST_KEY])) if key else None
    return None if row is None else int(row.subject_id)


def note(actor: Actor, key: str, subject_id: int, *, now: datetime) -> None:
    """Remember what a form created. Raises peewee's IntegrityError when a twin of the request has done so meanwhile."""
    if key:
        Submission.create(user=actor.user_id, key=key[:LONGEST_KEY], subject_id=subject_id, at=now)
