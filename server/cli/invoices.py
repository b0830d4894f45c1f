"""Commands for invoices: a month is billed, its documents are drawn, what was stored is taken in."""

import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import click

from server.bootstrap.home import Home, open_rows, read_home
from server.cli.books import rows
from server.cli.common import Common
from server.domain.errors import RuleBroken, ServerError, SetupError
from server.domain.month import Month
from server.gateways.files import FileStore
from server.language import N_, ZONE, hint_of, money, say, sentence_of, translate
from server.models.party import Party
from server.services import invoice_files, invoice_run
from server.services.invoice_plan import Refused, plan
from server.services.issuing import Planned
from server.services.usage import import_usage

LARGEST_FILE = 20_000_000  # bytes
AT_ONCE = 200  # documents that are handed to the workers together


def add_invoice_commands(group: click.Group) -> None:
    """Give the program these commands, with help in the language spoken now."""

    @group.command(help=translate(N_("Issue the invoices of a month on all tiers; what is issued already stays as it is.")))
    @click.option("--month", required=True, metavar="2026-11")
    @click.option("--dry-run", is_flag=True, help=translate(N_("Only say what would be issued.")))
    @click.pass_obj
    def invoice(common: Common, month: str, dry_run: bool) -> None:  # noqa: FBT001 named by click
        with rows(common):
            now = datetime.now(UTC)
            _bill(Month.parse(month), now=now, dry_run=dry_run)

    @group.command(help=translate(N_("Draw the PDFs that are not drawn yet, and mail whom they are for.")))
    @click.option("--workers", type=click.IntRange(1, 64), default=os.cpu_count() or 1, metavar=translate(N_("NUMBER")),
                  help=translate(N_("How many are drawn at once; else one for each processor.")))  # fmt: skip
    @click.pass_obj
    def documents(common: Common, workers: int) -> None:
        with rows(common):
            failed = _draw(common, workers)
        if failed:
            raise RuleBroken(N_("{count:document|documents} could not be drawn; the causes stand above."), count=failed)

    @group.command(help=translate(N_("Take in how much was stored: a CSV file of contract;day;bytes.")))
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar=translate(N_("FILE")))
    @click.pass_obj
    def usage(common: Common, file: Path) -> None:
        with rows(common):
            _take_in(file, now=datetime.now(UTC))


def _take_in(file: Path, *, now: datetime) -> None:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise RuleBroken(N_("{path} is larger than {most:byte|bytes}."), N_("Divide it."), path=file, most=LARGEST_FILE)
        data = file.read_bytes()
    except OSError as error:
        raise SetupError(N_("{path} cannot be read: {reason}"), path=file, reason=error.strerror or error) from error
    report = import_usage(data, today=now.astimezone(ZONE).date(), now=now)
    for one in report.bad:
        words = " ".join(filter(None, (sentence_of(one.error), hint_of(one.error))))
        click.echo(say(N_("Line {line}: {words}"), line=one.line, words=words), err=True)
    if report.bad:
        raise RuleBroken(
            N_("{count:line is|lines are} wrong; nothing of the file was taken in."),
            N_("Put it right and take the file in again."),
            count=len(report.bad),
        )
    click.echo(say(N_("{count:day|days} taken in."), count=report.lines))


def _bill(month: Month, *, now: datetime, dry_run: bool) -> None:
    names: dict[int, str] = {}
    count = total = refused = 0
    today = now.astimezone(ZONE).date()
    for one in plan(month) if dry_run else invoice_run.run(month, today=today, now=now):
        if isinstance(one, Refused):
            refused += 1
            click.echo(_refusal(one, names), err=True)
            continue
        planned, number = (one, "") if isinstance(one, Planned) else (one.planned, one.issued.number)
        count, total = count + 1, total + planned.net
        facts = {
            "number": number, "issuer": _name(planned.issuer_id, names), "recipient": _name(planned.recipient_id, names),
            "net": money(planned.net), "gross": money(planned.gross), "contract": planned.contract,
        }  # fmt: skip
        click.echo(say(N_("{number} {issuer} > {recipient} {contract}: {net} net, {gross} with VAT"), **facts).strip())
    sentence = N_("{count:document|documents} would be issued, {total} net.") if dry_run else None
    click.echo(say(sentence or N_("{count:document|documents} issued, {total} net."), count=count, total=money(total)))
    if refused:
        raise RuleBroken(
            N_("{count:document|documents} could not be issued; the causes stand above."),
            N_("Put them right and run the same command again: what is issued stays as it is."),
            count=refused,
        )


def _refusal(one: Refused, names: dict[int, str]) -> str:
    who = f"{_name(one.issuer_id, names)} > {_name(one.recipient_id, names)} {one.contract}".strip()
    return " ".join(part for part in (f"{who}:", sentence_of(one.error), hint_of(one.error)) if part)


def _name(party_id: int, names: dict[int, str]) -> str:
    if party_id not in names:
        names[party_id] = Party.get_by_id(party_id).legal_name
    return names[party_id]


def _draw(common: Common, workers: int) -> int:
    """Draw what waits in processes of their own, which go on where others were stopped. Returns how many failed."""
    total, done, failed = invoice_files.waiting(), 0, 0
    waiting = invoice_files.to_draw()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(common,)) as pool:
        while chunk := list(islice(waiting, AT_ONCE)):
            for told in as_completed([pool.submit(_draw_one, number) for number in chunk]):
                if problem := told.result():
                    failed += 1
                    click.echo(problem, err=True)
                done += 1
            click.echo(say(N_("{done} of {total:document|documents}"), done=done, total=total))
    return failed


_worker: dict[str, FileStore] = {}


def _begin(common: Common) -> None:
    home: Home = read_home(common.folder, database_url=common.database_url)
    open_rows(home)
    _worker["files"] = FileStore(home.files)


def _draw_one(invoice_id: int) -> str:
    """Draw one document in a worker; returns what went wrong, empty where nothing did."""
    try:
        invoice_files.draw(invoice_id, _worker["files"], now=datetime.now(UTC))
    except ServerError as error:
        return " ".join(filter(None, (f"#{invoice_id}:", sentence_of(error), hint_of(error))))
    return ""
