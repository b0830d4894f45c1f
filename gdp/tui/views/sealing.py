"""What is entered for an escrow: the receiver's public key, and what it should be. Reads that one file."""

from pathlib import Path

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_

_MOST_BYTES = 1 << 16  # a key has some hundred


def file_of(text: str, field: str) -> Path:
    """Return a file that was typed. Raises BadInput with ``field`` as its fact."""
    path = Path(text.strip()).expanduser()
    if not path.is_absolute():
        raise BadInput(N_("the file must begin with a slash"), N_("Such as /root/dealer.pub."), field=field)
    return path


def fingerprint_of(key_file: Path) -> str:
    """Return the fingerprint of a public key. Raises BadInput with the field as its fact."""
    from gdp.core.sealed_box import read_public_key  # start-up time

    try:
        with key_file.open("rb") as stream:
            return read_public_key(stream.read(_MOST_BYTES)).fingerprint
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(N_("{path} cannot be read: {reason}"), path=key_file, reason=reason, field="to-key") from error
    except GdpError as error:
        facts = {**error.facts, "file": key_file, "reason": error, "field": "to-key"}
        raise BadInput(N_("{file}: {reason}"), error.hint_template, **facts) from error


def check_fingerprint(typed: str, found: str, key_file: Path) -> None:
    """Raise BadInput when a fingerprint was typed that is not the key's."""
    if typed.strip() and typed.strip() != found:
        raise BadInput(
            N_("the key in {file} has the fingerprint {found}, and not {wanted}"),
            N_("Somebody may have exchanged the key: ask the receiver for it once more."),
            file=key_file,
            found=found,
            wanted=typed.strip(),
            field="fingerprint",
        )
