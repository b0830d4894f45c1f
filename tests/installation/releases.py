"""Keys and signed releases, made by the script that makes the real ones."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from Crypto.PublicKey import ECC

from gdp.installation.release import Release
from tests.conftest import PROJECT


def release_script() -> ModuleType:
    """Return ``.ci/release.py``."""
    spec = importlib.util.spec_from_file_location("release_script", PROJECT / ".ci" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["release_script"] = module
    spec.loader.exec_module(module)
    return module


SCRIPT = release_script()
RELEASE = Release(
    version="1.2.0", platform="linux-x86_64", archive="gdp.tar.gz", size=10, sha256="0" * 64, made="2026-11-24T12:00:00+00:00"
)


def make_key() -> ECC.EccKey:
    """Return a new key."""
    return ECC.generate(curve="Ed25519")


def public(key: ECC.EccKey) -> str:
    """Return its public half."""
    return str(key.public_key().export_key(format="PEM"))


def signed(release: Release, key: ECC.EccKey) -> bytes:
    """Return a signed description."""
    raw: bytes = SCRIPT.sign(release, key)
    return raw


def release_of(program: Path, key: Path, folder: Path) -> Path:
    """Make a release of a program; return the description."""
    SCRIPT.make_release(key, None, program, folder)
    return next(folder.glob("release-*.json"))
