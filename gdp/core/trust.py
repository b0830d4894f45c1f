"""Whose certificates are believed: those the system believes, wherever it keeps them.

The program carries its own OpenSSL, which looks where the computer that built it keeps certificates. Other systems keep them
elsewhere.
"""

import os
import ssl
from collections.abc import Iterable

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Red Hat, Fedora
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine
)


def trusting_context(bundles: Iterable[str] = BUNDLES) -> ssl.SSLContext:
    """Return a context that checks certificates and names. SSL_CERT_FILE and SSL_CERT_DIR count, as for other programs."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or (paths.capath and os.listdir(paths.capath))):
        found = next((path for path in bundles if os.path.exists(path)), None)
        if found is not None:
            context.load_verify_locations(found)
    return context
