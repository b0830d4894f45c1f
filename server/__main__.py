"""The command ``gdp-server``."""

import sys


def main() -> None:
    """Run the command line and end the process with its code."""
    try:
        from server.cli.program import run
    except ModuleNotFoundError as error:
        if (error.name or "server").partition(".")[0] == "server":
            raise
        # Without its packages nothing of ours can be imported that knows languages.
        sys.exit(f"gdp-server: {error.name} is not installed / ist nicht installiert: pip install 'globaldataprotect[server]'")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
