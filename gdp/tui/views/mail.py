"""The mail server as it is entered on a form. Pure."""

from typing import Any, Self

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.configuration import Mail, Smtp, parse_smtp


class MailEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is entered."""

    host: str = ""
    port: str = ""
    tls_at_once: bool = False
    user: str = ""
    password: str = ""
    """empty: the one that is kept already, if any"""
    sender: str = ""

    def __repr__(self) -> str:
        return f"MailEntry(host={self.host!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("host", self.host)]

    @classmethod
    def of(cls, mail: Mail) -> Self:
        """Return what is configured."""
        smtp = mail.smtp or Smtp("", 0)
        return cls(
            host=smtp.host,
            port=str(smtp.port or ""),
            tls_at_once=smtp.tls_at_once,
            user=smtp.user or "",
            sender=mail.sender or "",
        )

    @property
    def smtp(self) -> str:
        """The value of ``mail.smtp``. Raises BadInput, with the field as its fact ``field``."""
        host = self.host.strip()
        if not host:
            raise BadInput(N_("the mail server is missing"), field="mail-host")
        shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
        user = f"{self.user.strip()}@" if self.user.strip() else ""
        port = f":{self.port.strip()}" if self.port.strip() else ""
        try:
            return str(parse_smtp(f"{'smtps' if self.tls_at_once else 'smtp'}://{user}{shown}{port}"))
        except BadInput as error:
            raise BadInput(error.template, error.hint_template, **{**error.facts, "field": "mail-host"}) from error


def changes_of(entry: MailEntry, was: Mail, password_file: str | None) -> dict[str, str | None]:
    """Return the keys of the configuration that an entry changes. Raises BadInput.

    Args:
        password_file: where its password was put; None: none was typed.
    """
    values = {"mail.smtp": entry.smtp, "mail.from": entry.sender.strip() or None}
    values["mail.password-file"] = password_file or (was.password_file if entry.user.strip() else None)
    before = {"mail.smtp": str(was.smtp) if was.smtp else None, "mail.from": was.sender, "mail.password-file": was.password_file}
    return {name: value for name, value in values.items() if value != before[name]}
