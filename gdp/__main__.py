"""The command ``gdp``: picks the front end."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from gdp.cli.program import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
