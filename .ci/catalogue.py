"""Brings the translations of gdp/ and server/ up to date: extract, merge into each .po, compile the .mo beside it.

usage: catalogue.py [--check]

With ``--check`` nothing is written; exit 1 names what would change, what is not translated and which sentence is not
written as it must be: a field that its source does not have, or not two forms of what is counted (``{n:file|files}``).
English is the source, so only German (``de``) has a catalogue. Sentences stand in Python as ``N_("...")``, ``translate("...")``,
``translate_plural("...", "...", n)`` or ``say("...")``, in Jinja templates of the server as ``_("...")``.
"""

import ast
import gettext
import io
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import jinja2
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import nodes

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("gdp", "server")  # each has a catalogue of its own, under its name
LANGUAGES = ("de",)
MO_MAGIC = (0x950412DE).to_bytes(4, "little")
PYTHONS_FORMAT = re.compile(r"[<>=^+ #0-9,_.-]*[a-zA-Z%]?")
FORMS = {"N_": 1, "translate": 1, "say": 1, "translate_plural": 2}  # how many sentences a call begins with


def main(arguments: list[str]) -> int:
    """Update the catalogues, or with ``--check`` say what is wrong with them. Returns the exit code."""
    check_only = arguments == ["--check"]
    complaints = [complaint for package in PACKAGES for complaint in bring_up_to_date(package, check_only=check_only)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if check_only and complaints else 0


def bring_up_to_date(package: str, *, check_only: bool) -> list[str]:
    """Update the catalogues of a package, or only look; return what is wrong with them."""
    complaints: list[str] = []
    template = extract(package)
    for language in LANGUAGES:
        po_path = PROJECT / package / "locale" / language / "LC_MESSAGES" / f"{package}.po"
        mo_path = po_path.with_suffix(".mo")
        catalogue = merge(template, po_path, language)
        complaints += gaps(catalogue)
        po_bytes, mo_bytes = as_po(catalogue), as_mo(catalogue)
        for path, wanted in ((po_path, po_bytes), (mo_path, mo_bytes)):
            if path.exists() and says_the_same(path.read_bytes(), wanted):
                continue
            if check_only:
                complaints.append(f"{path.relative_to(PROJECT)} is not current: run `make catalogue`")
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(wanted)
                print(f"wrote {path.relative_to(PROJECT)}")
    return complaints


def extract(package: str = "gdp") -> Catalog:
    """Return every marked sentence of a package, with the files it stands in."""
    catalogue = Catalog(charset="utf-8")
    for path in sorted((PROJECT / package).rglob("*.py")):
        _add(catalogue, path, marked_sentences(ast.parse(path.read_bytes(), str(path))))
    for path in _templates(PROJECT / package):
        _add(catalogue, path, sentences_in_template(path.read_text("utf-8")))
    return catalogue


def sentences_in_template(source: str) -> list[str | tuple[str, str]]:
    """Return the sentences that a Jinja template says with ``_("...")``, in order."""
    calls = jinja2.Environment(autoescape=True).parse(source).find_all(nodes.Call)
    said = [call.args[0] for call in calls if isinstance(call.node, nodes.Name) and call.node.name == "_" and call.args]
    return [part.value for part in said if isinstance(part, nodes.Const) and isinstance(part.value, str) and part.value]


def _templates(folder: Path) -> Iterator[Path]:
    """Yield the pages and mails of the server; gdp's own hold no sentences."""
    if folder.name == "server":
        yield from sorted(path for path in folder.rglob("templates/**/*") if path.is_file())


def _add(catalogue: Catalog, path: Path, messages: list[str | tuple[str, str]]) -> None:
    for message in messages:
        # No line numbers: they would change with every edit and make two branches collide.
        catalogue.add(message, locations=[(str(path.relative_to(PROJECT)), None)])  # type: ignore[list-item]


def marked_sentences(module: ast.Module) -> list[str | tuple[str, str]]:
    """Return the sentences a module marks, in order; those with a plural as a pair."""
    calls = [
        (node.lineno, node.func.id, node.args)
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORMS
    ]
    found: list[str | tuple[str, str]] = []
    for _line, name, arguments in sorted(calls, key=lambda call: call[0]):
        texts = [
            part.value for part in arguments[: FORMS[name]] if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        if len(texts) == FORMS[name] and all(texts):
            found.append((texts[0], texts[1]) if len(texts) > 1 else texts[0])
    return found


def merge(template: Catalog, po_path: Path, language: str) -> Catalog:
    """Return the catalogue at ``po_path`` with exactly the sentences of ``template``; new ones are empty."""
    old = Catalog(locale=language)
    if po_path.exists():
        with po_path.open("rb") as stream:
            old = read_po(stream, locale=language)
    merged = Catalog(locale=language, charset="utf-8", fuzzy=False)
    for message in template:
        if not message.id:
            continue
        known = old.get(message.id if isinstance(message.id, str) else message.id[0])
        translation = known.string if known and not known.fuzzy else ""
        if not isinstance(message.id, str) and not isinstance(translation, tuple | list):
            translation = ("",) * merged.num_plurals
        merged.add(message.id, translation, locations=sorted(set(message.locations)))
    return merged


def gaps(catalogue: Catalog) -> list[str]:
    """Return a sentence for each message without a translation, or with a field in it that the source does not fill."""
    complaints = []
    for message in catalogue:
        if not message.id:
            continue
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string or [""])
        if not all(texts):
            complaints.append(f"{catalogue.locale}: not translated: {sources[0]!r}")
            continue
        uncounted = [text for text in (*sources, *texts) if not all(map(is_format, specs(text)))]
        complaints += [f"{catalogue.locale}: not two forms of what is counted: {text!r}" for text in uncounted]
        strangers = set().union(*map(fields, texts)) - set().union(*map(fields, sources))
        if strangers:
            complaints.append(f"{catalogue.locale}: unknown field {sorted(strangers)} in the text for {sources[0]!r}")
    return complaints


def fields(text: str) -> set[str]:
    """Return the names in braces; text that is no template has none."""
    try:
        return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}
    except ValueError:
        return set()


def specs(text: str) -> list[str]:
    """Return the formats in braces, such as ``02d`` or ``file|files``; text that is no template has none."""
    try:
        return [spec for _literal, _name, spec, _conversion in string.Formatter().parse(text) if spec]
    except ValueError:
        return []


def is_format(spec: str) -> bool:
    """Say whether a format names what is counted once for one and once for many, or is one of Python's."""
    forms = spec.split("|")
    return (len(forms) == 2 and all(form.strip() for form in forms)) or bool(PYTHONS_FORMAT.fullmatch(spec))


def as_po(catalogue: Catalog) -> bytes:
    """Return the file a translator edits. The header holds no dates: two runs give the same bytes."""
    stream = io.BytesIO()
    write_po(stream, catalogue, width=120, omit_header=True, sort_by_file=True)
    header = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {catalogue.locale}\\n"\n'
    plural = f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    return (header + plural).encode() + stream.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """Return the compiled catalogue: translated sentences only, under the same fixed header."""
    plain = read_po(io.BytesIO(as_po(catalogue)), locale=catalogue.locale)
    stream = io.BytesIO()
    write_mo(stream, plain)
    return stream.getvalue()


def says_the_same(stored: bytes, wanted: bytes) -> bool:
    """Say whether two catalogues hold the same sentences; a compiled one's header holds the time and babel's version."""
    if stored[:4] != MO_MAGIC or wanted[:4] != MO_MAGIC:
        return stored == wanted
    return _sentences(stored) == _sentences(wanted)


def _sentences(compiled: bytes) -> dict[object, str]:
    catalogue: dict[object, str] = vars(gettext.GNUTranslations(io.BytesIO(compiled)))["_catalog"]
    return {source: text for source, text in catalogue.items() if source}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
