"""Log in to an SSH server: key files, the agent's keys, then a password. Never keeps a secret."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from paramiko import AuthenticationException, Message, PKey, SSHException, Transport
from paramiko.agent import Agent
from paramiko.ssh_exception import BadAuthenticationType

from gdp.core.errors import LoginRefused, StorageUnreachable
from gdp.core.language import N_
from gdp.storage.sftp_settings import AskSecret, SecretKind, SecretRequest, SftpSettings
from gdp.storage.ssh_config import Route

_PASSWORD_METHODS = {"password", "keyboard-interactive"}
_OF_AGENT, _PASSWORD = N_("the SSH agent's key"), N_("a password")


class ClientTransport(Transport):
    """A connection that knows whether the server ended it with a word, or the line broke: paramiko keeps no account of it."""

    was_dismissed = False

    def _parse_disconnect(self, message: Message) -> None:
        self.was_dismissed = True
        super()._parse_disconnect(message)  # type: ignore[misc]  # private there


class _Attempt:
    """What was tried so far, for the message at the end."""

    def __init__(self) -> None:
        self.allowed: set[str] | None = None
        """methods; None: the server has not said so far"""
        self.tried: list[str] = []
        self.unusable: list[str] = []

    @property
    def takes_keys(self) -> bool:
        """Say whether a key may be tried."""
        return self.allowed is None or "publickey" in self.allowed


def log_in(transport: ClientTransport, route: Route, settings: SftpSettings, ask: AskSecret | None) -> None:
    """Log in as the route's user. Raises LoginRefused, StorageUnreachable.

    A key that is at hand is offered at once. Only without one, or when it is refused, the server is asked what it allows: that
    costs two round trips.
    """
    attempt = _Attempt()
    try:
        if _with_keys(transport, route, settings, ask, attempt):
            return
        if attempt.allowed is None and _with_nothing(transport, route, attempt):
            return
        if attempt.allowed and attempt.allowed & _PASSWORD_METHODS and _with_password(transport, route, ask, attempt):
            return
    except (SSHException, EOFError, OSError) as error:
        if attempt.tried and transport.was_dismissed:  # too many keys; a line that broke may be better in a minute
            raise _refused(route, attempt, cut_off=True) from error
        raise StorageUnreachable(
            N_("{host} broke the connection off during the login: {reason}"),
            N_("Try again; the server's log says why."),
            host=route.known_as, reason=str(error) or type(error).__name__,
        ) from error  # fmt: skip
    raise _refused(route, attempt, cut_off=False)


def _with_nothing(transport: Transport, route: Route, attempt: _Attempt) -> bool:
    """Ask for access without anything, which is how the server says which methods it allows."""
    try:
        transport.auth_none(route.user)
    except BadAuthenticationType as error:
        attempt.allowed = set(error.allowed_types)
        return False
    except AuthenticationException as error:
        if not _is_answer(transport, error):
            raise
        attempt.allowed = {"publickey", "password"}  # it does not say what it wants
        return False
    return transport.is_authenticated()


def _with_keys(transport: Transport, route: Route, settings: SftpSettings, ask: AskSecret | None, attempt: _Attempt) -> bool:
    def ask_where_keys_are_taken(request: SecretRequest) -> str | None:
        if attempt.allowed is None and _with_nothing(transport, route, attempt):
            return None
        return ask(request) if ask is not None and attempt.takes_keys else None

    offered: set[bytes] = set()
    for name, key in _keys(route, settings, ask_where_keys_are_taken, attempt):
        if not attempt.takes_keys:
            break
        blob = key.asbytes()
        if blob in offered:
            continue
        offered.add(blob)
        attempt.tried.append(name)
        try:
            attempt.allowed = set(transport.auth_publickey(route.user, key)) or attempt.allowed
        except BadAuthenticationType as error:
            attempt.allowed = set(error.allowed_types)
            attempt.tried.remove(name)  # it was not looked at
        except AuthenticationException as error:
            if not _is_answer(transport, error):
                raise
            continue
        if transport.is_authenticated():
            return True
        break  # the key was good, and the server wants a password on top; or it takes no keys
    if not attempt.takes_keys:
        attempt.unusable.clear()
    return transport.is_authenticated()


def _keys(route: Route, settings: SftpSettings, ask: AskSecret, attempt: _Attempt) -> Iterator[tuple[str, PKey]]:
    chosen = (*settings.key_files, *route.key_files)
    for path in chosen:
        yield from _load_key(path, ask, attempt)
    if settings.uses_agent and not route.uses_only_these_keys:
        with closing(Agent()) as agent:
            for key in agent.get_keys():
                yield _OF_AGENT, key
    if not chosen:
        for path in settings.default_keys:
            if os.path.isfile(path):
                yield from _load_key(path, ask, attempt)


def _load_key(path: Path, ask: AskSecret, attempt: _Attempt) -> Iterator[tuple[str, PKey]]:
    """Yield the key of a file, or nothing and a note why. An encrypted one is opened with what the caller answers."""
    try:
        yield str(path), PKey.from_path(path)
        return
    except TypeError:  # so `cryptography` says that it is encrypted
        passphrase = ask(SecretRequest(SecretKind.KEY_PASSPHRASE, str(path)))
        if passphrase is None:
            attempt.unusable.append(f"{path} (needs a passphrase)")
            return
    except (OSError, ValueError, SSHException) as error:
        attempt.unusable.append(f"{path} ({getattr(error, 'strerror', None) or 'no private key'})")
        return
    try:
        # The types ask for a str, but only bytes are taken (paramiko 5.1).
        yield str(path), PKey.from_path(path, passphrase.encode())  # type: ignore[arg-type]
    except (ValueError, SSHException):
        attempt.unusable.append(f"{path} (wrong passphrase)")


def _with_password(transport: Transport, route: Route, ask: AskSecret | None, attempt: _Attempt) -> bool:
    about = f"{route.user}@{route.known_as}"
    password = ask(SecretRequest(SecretKind.PASSWORD, about)) if ask is not None else None
    if password is None:
        return False
    attempt.tried.append(_PASSWORD)
    try:
        transport.auth_password(route.user, password)
    except AuthenticationException as error:
        if not _is_answer(transport, error):
            raise
        return False
    return transport.is_authenticated()


def _is_answer(transport: Transport, error: AuthenticationException) -> bool:
    """Say whether the server said no; else the line broke, or nothing was said in time, for which paramiko has no own type."""
    return transport.is_active() and "timeout" not in str(error)


def _refused(route: Route, attempt: _Attempt, *, cut_off: bool) -> LoginRefused:
    if cut_off:
        hint = N_("The server allows fewer attempts; name the right key in the settings, so that it is tried first.")
    elif attempt.unusable:
        hint = N_("These keys could not be used: {unusable}.")
    else:
        hint = N_("Put the public key into {user}'s authorized_keys on the server, or give its password.")
    return LoginRefused(
        N_("{host} does not let {user} in; tried: {tried}; the server allows: {allowed}"),
        hint,
        host=route.known_as, user=route.user, tried=", ".join(attempt.tried) or "-",
        allowed=", ".join(sorted(attempt.allowed or ())) or "-", unusable=", ".join(attempt.unusable),
    )  # fmt: skip
