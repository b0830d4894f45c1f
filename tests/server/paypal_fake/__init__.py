"""A PayPal on this computer, for tests and for trying things out: ``python -m tests.server.paypal_fake --port 8900``.

It is an HTTP server that takes nothing that PayPal's references do not allow: who asks, headers, shapes, amounts as texts with
two decimals, a request's key that comes with another body. It keeps accounts apart, answers a request that it knows with what it
said before, signs its messages in a way of its own and judges signatures over their very bytes. What goes wrong can be asked for.

Its page ``/checkoutnow?token=...`` stands for PayPal's own, with a button to agree and one to leave.
"""

from tests.server.paypal_fake.desk import Account
from tests.server.paypal_fake.fake import FakePayPal, serving

__all__ = ["Account", "FakePayPal", "serving"]
