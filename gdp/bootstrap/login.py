"""How we log in to a server by ourselves: with what files that were named hold, before anybody is asked."""

from dataclasses import replace
from pathlib import Path

from gdp.bootstrap.storages import Ask, Login
from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.settings.secrets import read_secret
from gdp.storage.sftp_settings import AskSecret, SecretKind, SecretRequest, SftpSettings

_QUESTIONS = {
    SecretKind.PASSWORD: N_("Password of {about}: "),
    SecretKind.KEY_PASSPHRASE: N_("Passphrase of the key {about}: "),
}


def with_key(settings: SftpSettings, login: Login) -> SftpSettings:
    """Return settings that try the key file first, if one was named."""
    return replace(settings, key_files=(Path(login.key_file),)) if login.key_file else settings


def answering(login: Login, ask: Ask) -> AskSecret:
    """Return who answers with the password of the file that was named, and asks the user for all else. May raise BadInput."""

    def answer(request: SecretRequest) -> str | None:
        if request.kind is SecretKind.PASSWORD and login.password_file:
            return _password(login.password_file)
        return ask(_QUESTIONS[request.kind], {"about": request.about})

    return answer


def _password(file: str) -> str:
    hint = N_("Look whether the path is right. The file holds the password of the user on the server.")
    try:
        password = read_secret(file, hint_where_missing=hint).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadInput(N_("the password file {path} is not UTF-8 text"), path=file) from error
    if not password:
        raise BadInput(N_("the password file {path} is empty"), hint, path=file)
    return password
