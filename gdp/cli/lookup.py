"""From the first digits of a name to the file of the repository that is meant."""

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.files import FileKind
from gdp.storage.contract import Storage


def full_name(storage: Storage, kind: FileKind, text: str) -> str:
    """Return the one name that begins with ``text``. Raises BadInput."""
    names = [name for name, _ in storage.list(kind) if text and name.startswith(text.lower())]
    if not names:
        raise BadInput(N_("nothing in {folder} begins with {text!r}"), folder=str(kind), text=text)
    if len(names) > 1:
        raise BadInput(N_("{text} fits {count} names"), N_("Give more digits."), text=text, count=len(names))
    return names[0]
