"""Every way in which the server says no, as one tree.

::

    ServerError                500    anything not named below
    ├── NotFound               404    it is not there, or it is foreign: nobody can tell which
    ├── RuleBroken             422    a value or a step that the business does not allow; names its field
    ├── NotAllowed             403    one's own party, but the role may not
    ├── Conflict               409    somebody else has saved meanwhile
    ├── LoginRefused           401    nobody is logged in, or the login is wrong
    ├── TooManyAttempts        429    too many logins failed; later again
    └── SetupError                    what the operator has to put right: settings, database, files

A message is a template with facts (see sentence.py), so that a page, a mail and a command can say it in the reader's language:
``str(error)`` is English. Messages never hold secrets.
"""

from typing import ClassVar

from server.domain.sentence import complete


class ServerError(Exception):
    """An error a person can act on: what happened, where, and (``hint``) what to do next.

    Args:
        template: the sentence, with ``{name}`` for each fact.
        hint: the next step, a template over the same facts; empty when there is none.
        field: the name of the field in a form that is wrong; empty when no single one is.
        facts: what fills the templates; names, numbers, days, never secrets.
    """

    http_status: ClassVar[int] = 500

    def __init__(self, template: str, hint: str = "", *, field: str = "", **facts: object) -> None:
        super().__init__(template, hint, field, facts)
        self.template = template
        self.hint_template = hint
        self.field = field
        self.facts = facts

    def __str__(self) -> str:
        return complete(self.template, self.facts, "en")

    @property
    def hint(self) -> str:
        """The next step in English, or an empty string."""
        return complete(self.hint_template, self.facts, "en")


class NotFound(ServerError):
    """It does not exist, or belongs to somebody else."""

    http_status = 404


class RuleBroken(ServerError):
    """A value or a step that the business does not allow; the message names it."""

    http_status = 422


class NotAllowed(ServerError):
    """The role of this user does not permit it."""

    http_status = 403


class Conflict(ServerError):
    """Somebody else has saved meanwhile; ``facts`` hold both versions where a page shows them."""

    http_status = 409


class LoginRefused(ServerError):
    """Nobody is logged in, or what was typed in is wrong."""

    http_status = 401


class TooManyAttempts(ServerError):
    """Too many logins have failed; ``facts["minutes"]`` says for how long none is tried."""

    http_status = 429


class SetupError(ServerError):
    """Settings, database or files are not as the server needs them."""
