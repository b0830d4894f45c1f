"""Pages for what went wrong: each says what happened and what to do, in the reader's language."""

import logging
import secrets

from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from server.domain.errors import ServerError
from server.domain.sentence import N_
from server.language import hint_of, say, sentence_of

Answer = tuple[str, int]
_log = logging.getLogger(__name__)
_HEADINGS = {
    401: N_("Please log in"),
    403: N_("Not permitted"),
    404: N_("Not found"),
    405: N_("Not possible here"),
    409: N_("Changed meanwhile"),
    413: N_("Too large"),
    422: N_("Not saved"),
    429: N_("Too many attempts"),
}
_EXPLANATIONS = {
    404: N_("There is nothing at this address, or it is not yours to see."),
    405: N_("This address does something only when a form is sent to it."),
    413: N_("What was sent is larger than the server takes."),
}


def explain(app: Flask) -> None:
    """Give ``app`` a page for each way to fail."""
    app.register_error_handler(ServerError, _refusal)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _crash)


def error_page(status: int, heading: str, explanation: str, advice: str = "", retry_url: str = "") -> Answer:
    """Return the page and its status; every text as it is to be shown."""
    page = render_template("error.html", heading=heading, explanation=explanation, advice=advice, retry_url=retry_url)
    return page, status


def _refusal(error: ServerError) -> Answer:
    status = error.http_status
    heading = say(_HEADINGS.get(status, N_("That did not work")))
    explanation = say(_EXPLANATIONS[404]) if status == 404 else sentence_of(error)
    return error_page(status, heading, explanation, "" if status == 404 else hint_of(error))


def _forged(_error: CSRFError) -> Answer:
    return error_page(
        400,
        say(N_("This form is no longer valid")),
        say(N_("Nothing was saved. It was opened before you logged in or out, or the browser keeps no cookies.")),
        say(N_("Open the page anew and send the form again.")),
        retry_url=request.path if request.method == "POST" and _answers_get(request.path) else "",
    )


def _http(error: HTTPException) -> Answer | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    return error_page(
        status,
        say(_HEADINGS.get(status, N_("That did not work"))),
        say(_EXPLANATIONS.get(status, N_("The server did not understand what was sent."))),
    )


def _crash(error: Exception) -> Answer:
    # The only place where whatever a page forgot to think of ends: in the log, under a number that its reader can name.
    number = secrets.token_hex(4)
    _log.error("error %s at %s %s", number, request.method, request.url_rule, exc_info=error)
    return error_page(
        500,
        say(N_("That did not work")),
        say(
            N_(
                "The server made a mistake; it is noted under the number {number}. Nothing was saved.",
            ),
            number=number,
        ),
        say(N_("Try again. If it happens once more, name the number to whoever runs the server.")),
    )


def _answers_get(path: str) -> bool:
    from flask import current_app

    try:
        current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return False
    return True
