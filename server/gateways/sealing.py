"""Seals secrets that rows hold, with a key that lies beside the database and not in it. What was sealed is never shown."""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from server.domain.errors import SetupError
from server.domain.sentence import N_


class Sealer:
    """Seals and opens texts with one key, a file that only the server reads. The file is made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def seal(self, text: str) -> str:
        """Return a text so that only this key opens it. Raises SetupError where the key cannot be read or made."""
        return self._fernet(create=True).encrypt(text.encode("utf-8")).decode("ascii")

    def open(self, sealed: str) -> str:
        """Return what was sealed. Raises SetupError where the key is missing or another one."""
        try:
            return self._fernet(create=False).decrypt(sealed.encode("ascii")).decode("utf-8")
        except (InvalidToken, UnicodeError) as error:
            raise SetupError(
                N_("{path} is not the key with which secrets were sealed."),
                N_("Restore it from the backup of the data folder, or enter the secrets anew."),
                path=self._path,
            ) from error

    def _fernet(self, *, create: bool) -> Fernet:
        try:
            if create and not self._path.exists():
                self._make()
            return Fernet(self._path.read_bytes().strip())
        except (OSError, ValueError) as error:
            raise SetupError(
                N_("{path} cannot be read: {reason}"),
                N_("Restore it from the backup of the data folder, or enter the secrets anew."),
                path=self._path,
                reason=getattr(error, "strerror", None) or error,
            ) from error

    def _make(self) -> None:
        part = self._path.with_name(f"{self._path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(Fernet.generate_key())
                file.flush()
                os.fsync(file.fileno())
            os.link(part, self._path)  # fails where somebody was quicker: then his key holds
        except FileExistsError:
            pass
        finally:
            part.unlink(missing_ok=True)
