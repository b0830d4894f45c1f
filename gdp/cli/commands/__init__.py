"""One module a command or closely related group; each is imported only when it is called."""
