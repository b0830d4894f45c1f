"""The command line: translates options into calls and events into lines. Knows nothing about backup."""
