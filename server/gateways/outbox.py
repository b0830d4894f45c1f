"""Lays mails into a folder instead of sending them: for development, and until a mail server is named."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from server.domain.sentence import N_
from server.gateways.mail import Letter, MailDelayed, as_message


@dataclass(frozen=True, slots=True)
class OutboxFolder:
    """A folder with a file for each mail, named after its number: laid twice, it is there once."""

    folder: Path
    sender: str

    keeps_mails: ClassVar[bool] = True

    def post(self, letter: Letter) -> None:
        path = self.folder / f"{letter.number:08}.eml"
        partial = path.with_suffix(f".{os.getpid()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial.touch(mode=0o600)
            partial.write_bytes(as_message(letter, self.sender).as_bytes())
            partial.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            raise MailDelayed(
                N_("{path} cannot be written: {reason}"), path=str(path), reason=error.strerror or str(error)
            ) from error
