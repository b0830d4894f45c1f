"""Shows what ``gdp advise`` found: for people two tables of 80 columns at most, for programs one object."""

import dataclasses

from gdp.cli.screen import Screen
from gdp.cli.table import layout
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.engine.advise.estimate import PACK_CHOICES, Cost, Estimate
from gdp.engine.advise.measured import BLOCK_CHOICES, ClassCount, Line, Measured
from gdp.engine.advise.recommend import ByteCount, Percent, Reason, Recommendation
from gdp.model.sizes import typed_size

WIDTH = 80


def show_advice(screen: Screen, measured: Measured, estimate: Estimate, advice: Recommendation) -> None:
    """Show everything."""
    if screen.json:
        screen.record("summary", _record(measured, estimate, advice))
        return
    for line in (*_about_sources(measured, estimate), *_about_line(measured.line)):
        screen.result(line)
    for heading, table in ((_block_heading, _blocks), (_pack_heading, _packs)):
        screen.result()
        for line in (heading(advice), *table(estimate, advice)):
            screen.result(line)
    screen.result()
    for line in _wrapped(_about_columns(measured)):
        screen.result(line)
    facts = {"block": typed_size(advice.block_bytes), "pack": typed_size(advice.pack_bytes)}
    screen.result()
    screen.result(fill(N_("Recommended: --block-size {block} --transfer-block-size {pack}"), facts))
    for reason in (advice.block_reason, advice.pack_reason):
        for line in _wrapped(_sentence(reason)):
            screen.result(line)


def _about_sources(measured: Measured, estimate: Estimate) -> list[str]:
    census, sample = measured.census, measured.sample
    facts = {"files": census.files, "folders": census.directories, "size": figures.size(census.bytes)}
    lines = [fill(N_("Sources: {files:file|files}, {size}, in {folders:folder|folders}"), facts)]
    rows = [[_class_name(each), figures.count(each.files), figures.size(each.bytes)] for each in census.classes if each.files]
    if rows:
        lines += [f"  {line}" for line in layout(["", translate(N_("files")), translate(N_("size"))], rows, right=(1, 2))]
    shares = {
        "size": figures.size(sample.read_bytes),
        "part": figures.decimal(100 * estimate.read_part),
        "repeated": figures.decimal(100 * estimate.repeated_part),
    }
    return [*lines, fill(N_("Sample:  {size} ({part} %), of which {repeated} % were repetitions"), shares)]


def _class_name(count: ClassCount) -> str:
    if count.limit is None:
        return translate(N_("larger"))
    return translate(N_("up to {size}")).format(size=typed_size(count.limit))


def _about_line(line: Line | None) -> list[str]:
    if line is None:
        return [translate(N_("Line:    not measured"))]
    rate = figures.size(round(line.bytes_per_second))
    if line.round_trip_seconds is None:
        return [translate(N_("Line:    {rate} a second, as you said")).format(rate=rate)]
    facts = {"rate": rate, "answer": _milliseconds(line.round_trip_seconds), "file": _milliseconds(line.seconds_a_file)}
    return [translate(N_("Line:    {rate} a second, answers after {answer}, each file costs {file}")).format(**facts)]


def _milliseconds(seconds: float) -> str:
    return f"{figures.decimal(seconds * 1000)} ms"


def _block_heading(advice: Recommendation) -> str:
    return fill(N_("Block size, with transfer blocks of {pack}:"), {"pack": typed_size(advice.pack_bytes)})


def _blocks(estimate: Estimate, advice: Recommendation) -> list[str]:
    rows = [
        [
            _marked(typed_size(size), is_best=size == advice.block_bytes),
            _upload(cost),
            figures.size(cost.stored_bytes),
            figures.count(cost.blobs),
            figures.size(cost.index_memory_bytes),
            figures.size(cost.restore_bytes),
        ]
        for size in BLOCK_CHOICES
        for cost in [estimate.costs[size, advice.pack_bytes]]
    ]
    names = (N_("size"), N_("upload"), N_("stored"), N_("blocks"), N_("index memory"), N_("one file"))
    return layout([translate(name) for name in names], rows, right=(1, 2, 3, 4, 5))


def _pack_heading(advice: Recommendation) -> str:
    return fill(N_("Transfer block size, with blocks of {block}:"), {"block": typed_size(advice.block_bytes)})


def _packs(estimate: Estimate, advice: Recommendation) -> list[str]:
    rows = [
        [
            _marked(typed_size(size), is_best=size == advice.pack_bytes),
            _upload(cost),
            figures.size(cost.stored_bytes),
            figures.count(cost.packs),
            figures.size(cost.restore_bytes),
        ]
        for size in PACK_CHOICES
        for cost in [estimate.costs[advice.block_bytes, size]]
    ]
    names = (N_("size"), N_("upload"), N_("stored"), N_("files there"), N_("one file"))
    return layout([translate(name) for name in names], rows, right=(1, 2, 3, 4))


def _about_columns(measured: Measured) -> str:
    census = measured.census
    facts = {"size": figures.size(census.bytes // census.files if census.files else 0)}
    return fill(
        N_(
            "upload: of the first backup; index memory: while a backup runs; one file: what is fetched to restore a file "
            "of {size}, the average, on a new computer"
        ),
        facts,
    )


def _marked(text: str, *, is_best: bool) -> str:
    return f"{text} ←" if is_best else text


def _upload(cost: Cost) -> str:
    return "–" if cost.upload_seconds is None else figures.duration(cost.upload_seconds)


def _sentence(reason: Reason) -> str:
    return fill(reason.template, {name: _fact(fact) for name, fact in reason.facts.items()})


def _fact(fact: object) -> object:
    if isinstance(fact, ByteCount):
        return figures.size(fact)
    return figures.decimal(fact, 0 if fact.is_integer() else 1) if isinstance(fact, Percent) else fact


def _wrapped(text: str) -> list[str]:
    import textwrap  # start-up time

    return textwrap.wrap(text, WIDTH)


def _record(measured: Measured, estimate: Estimate, advice: Recommendation) -> dict[str, object]:
    line = measured.line
    return {
        "files": measured.census.files,
        "directories": measured.census.directories,
        "bytes": measured.census.bytes,
        "classes": [dataclasses.asdict(each) for each in measured.census.classes],
        "sample_bytes": measured.sample.read_bytes,
        "sample_unreadable": measured.sample.unreadable,
        "sample_repeated_part": estimate.repeated_part,
        "line": None if line is None else dataclasses.asdict(line),
        "costs": [cost._asdict() for cost in estimate.costs.values()],
        "block_size": advice.block_bytes,
        "transfer_block_size": advice.pack_bytes,
        "reasons": [_sentence(reason) for reason in (advice.block_reason, advice.pack_reason)],
    }
