"""The command ``gdp-server``. The customer administration (GDPAC) is not built; this says so and does nothing else."""

import os

import click

_TO_COME = {
    "de": (
        "GDPAC, die Kundenverwaltung von GlobalDataProtect: Fachhändler, Aufträge, Verbrauch und Abrechnung.",
        "Diese Version enthält die Kundenverwaltung noch nicht. Sichern und Wiederherstellen (gdp) brauchen sie nicht.",
    ),
    "en": (
        "GDPAC, the customer administration of GlobalDataProtect: resellers, orders, usage and billing.",
        "This version does not contain the customer administration. Backup and restore (gdp) do not need it.",
    ),
}


def _language() -> str:
    for name in ("GDP_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if code := os.environ.get(name, "")[:2].lower():
            return code if code in _TO_COME else "en"
    return "en"


def main() -> None:
    """Say what is to come; exit 1, for nothing was served (0 for ``--help``)."""
    purpose, missing = _TO_COME[_language()]

    @click.command(help=purpose + "\n\n" + missing)
    @click.version_option(package_name="globaldataprotect")
    def command() -> None:
        raise click.ClickException(missing)

    command(prog_name="gdp-server")


if __name__ == "__main__":
    main()
