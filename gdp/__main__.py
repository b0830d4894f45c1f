"""The command ``gdp``: picks the front end."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from gdp.cli.program import run

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # so early, or so late, that nothing had to be tidied up
        sys.exit(130)


if __name__ == "__main__":
    main()
