"""Secrets that open something: made here, handed out once, kept as their hash."""

import secrets
from hashlib import sha256

_RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none looks like another
_RECOVERY_LENGTH = 10  # 49 bits, of which ten wrong ones may be tried in a quarter of an hour


def new_token() -> str:
    """Return a token of 256 bits that can stand in an address."""
    return secrets.token_urlsafe(32)


def new_recovery_code() -> str:
    """Return a code to be written down, such as ``k3m9p-x7w2q``."""
    letters = "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(_RECOVERY_LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def token_hash(token: str) -> str:
    """Return what is kept of a token: enough to know it again, not to use it. It is random, so it needs no slow hash."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def recovery_code_hash(user_id: int, code: str) -> str:
    """Return what is kept of a recovery code, however it was typed in."""
    letters = "".join(letter for letter in code.lower() if letter.isalnum())
    return token_hash(f"{user_id}:{letters}")
