"""A fake PayPal for trying things out."""

import argparse
import threading

from tests.server.paypal_fake.fake import serving


def main() -> None:
    """Serve until Ctrl-C, with one account whose id and secret are printed."""
    parser = argparse.ArgumentParser(description="A PayPal on this computer, for trying things out.")
    parser.add_argument("--port", type=int, default=8900)
    with serving(parser.parse_args().port) as fake:
        account = fake.open_account("demo")
        print(f"{fake.url}  client id {account.client_id}  secret {account.secret}  webhook id {account.webhook_id}")  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
