"""The words with which a command reaches the target of a draft. A secret among them lies in a file while they are used."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from gdp.tui.secret_files import secret_for_a_moment
from gdp.tui.views.draft import Draft, LoginBy, Place, target_of


@contextlib.contextmanager
def reaching(draft: Draft, home: Path) -> Iterator[list[str]]:
    """Give the options that name target and login. Raises BadInput: something is malformed, or the file cannot be written."""
    words = ["--repo", str(target_of(draft))]
    if draft.place is not Place.SERVER:
        yield words
    elif draft.login_by is LoginBy.KEY:
        yield [*words, *(["--login-key-file", draft.key_file] if draft.key_file else [])]
    elif draft.login_password_file:
        yield [*words, "--login-password-file", draft.login_password_file]
    else:
        with secret_for_a_moment(home, draft.login_password) as file:
            yield [*words, "--login-password-file", str(file)]
