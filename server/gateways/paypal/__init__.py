"""PayPal's REST API: orders, captures, refunds, saved payment methods, disputes, messages."""
