"""What a browser is told about every answer: nothing from elsewhere, nothing inline, no frame around it."""

from flask import Flask, Response, request

POLICY = "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # A link with a one-time token must not travel on; the check against forged forms needs the origin over https.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
YEAR = 365 * 24 * 3600  # seconds


def guard(app: Flask, *, is_https: bool) -> None:
    """Give every answer of ``app`` its headers."""

    @app.after_request
    def set_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)  # a file says less than a page may
        if is_https:
            response.headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
        if request.endpoint != "static":
            # A shared computer's "back" must not show what was logged out of.
            response.headers.setdefault("Cache-Control", "no-store")
        return response
