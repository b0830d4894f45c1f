"""What can be done: one function is one transaction with a name. Knows no web and no command line."""
