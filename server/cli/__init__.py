"""The command ``gdp-server``: translates options into calls."""
