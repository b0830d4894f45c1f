"""The key behind a recovery sheet: made, taken back, and proven to open. Knows no paper."""

from gdp.core.errors import BadInput, WrongPassword
from gdp.core.kdf import DEFAULT_COST, ScryptCost
from gdp.core.language import N_
from gdp.core.typed_password import make_password
from gdp.model.files import FileKind, StoredFile
from gdp.repo.key_files import add_key, open_with_password
from gdp.repo.repository import Repository


def make_sheet_key(repo: Repository, cost: ScryptCost = DEFAULT_COST) -> tuple[str, str]:
    """Let a new password open the repository; return it and the key's name. The key is stored and tried."""
    password = make_password()
    return password, add_key(repo.storage, repo.key, password.encode(), cost)


def take_back(repo: Repository, key_name: str) -> None:
    """Remove the key of a sheet that was never printed."""
    repo.storage.remove(StoredFile(FileKind.KEYS, key_name))


def prove_sheet(repo: Repository, password: str) -> str:
    """Return the name of the key that a sheet's password opens, in a repository that was opened with another password.

    Raises BadInput when it opens none, or the one in use: then it is the password of the file and not that of a sheet.
    """
    try:
        opened = open_with_password(repo.storage, password.encode())
    except WrongPassword as error:
        raise BadInput(
            N_("the password has no typing error, but does not open this repository"),
            N_("It may be another repository's sheet, or its key was removed. 'gdp recovery sheet' makes a new one."),
        ) from error
    if opened.name == repo.key_name:
        raise BadInput(
            N_("this is the password in the password file, and not that of a sheet"),
            N_("When the file is lost, only another password helps. 'gdp recovery sheet' makes one."),
        )
    return opened.name
