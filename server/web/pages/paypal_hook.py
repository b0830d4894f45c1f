"""Where PayPal tells that something happened. Nobody logs in here; who wrote a message, PayPal says when it is asked."""

from flask import Blueprint, Response, request

from server.domain.errors import ServerError
from server.services import paypal_events
from server.services.paypal_orders import Now
from server.web import visit
from server.web.days import today

pages = Blueprint("paypal_hook", __name__, url_prefix="/paypal/hook")
LARGEST_MESSAGE = 128 * 1024  # bytes; PayPal's have some three thousand
_AWAY = 503
_SENT_AGAIN = 500  # from this status on PayPal sends a message again


@pages.post("/<hook>")
def receive(hook: str) -> Response:
    """Take a message. Answers with a status and one word, for programs."""
    request.max_content_length = LARGEST_MESSAGE
    body = request.get_data(cache=False)
    try:
        verdict = paypal_events.receive(
            visit.paypal(), hook, body, dict(request.headers), address=visit.address(), at=Now(visit.now(), today())
        )
    except ServerError as error:
        status = _AWAY if error.http_status >= _SENT_AGAIN else error.http_status
        return Response("refused\n", status, mimetype="text/plain")
    return Response(f"{verdict}\n", mimetype="text/plain")
