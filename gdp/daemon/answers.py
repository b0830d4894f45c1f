"""What front ends may ask the daemon; ``docs/daemon.md`` describes each. All of it runs in the daemon's one thread."""

import os
from collections.abc import Mapping
from typing import Any

from gdp import __version__
from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.core.sentences import sentence_of
from gdp.daemon.record import AllFacts, newest_proof
from gdp.daemon.service import Answers, Service
from gdp.jobs.steps import Verdict
from gdp.model.backup_set import BackupSet
from gdp.model.restore_wish import read_wish
from gdp.model.run import saying_of
from gdp.model.runs import Facts, Kind, Run, State
from gdp.model.service import CAN_PAUSE, AtWork, Coming, ServiceStatus, SetStatus
from gdp.model.week import Day, week_began, week_of

MOST_RUNS = 1000


def status(service: Service, _fields: Mapping[str, Any]) -> Mapping[str, object]:
    """Say how everything stands."""
    facts = service.journal.facts()
    at_work = {run.set_name for run in service.work.runs.values()}
    names = sorted({*service.settings.sets, *service.settings.wrong, *at_work})
    now = service.now()
    begun = service.journal.begun_since(week_began(now), Kind.BACKUP)
    found = ServiceStatus(
        version=__version__,
        process=os.getpid(),
        since=service.since,
        is_paused=service.journal.is_paused,
        is_ending=service.conductor.is_ending,
        sets=tuple(_set_status(service, name, facts, week_of(begun.get(name, ()), now, service.settings.zone)) for name in names),
        mails=service.reports.backlog(),
        trouble=saying_of(service.conductor.trouble) if service.conductor.trouble else None,
    )
    return {"status": found}


def run(service: Service, fields: Mapping[str, Any]) -> Mapping[str, object]:
    """Make a backup of a set as soon as its repository is free. Refuses a set that is at work already."""
    one = _set_of(service, fields)
    _refuse_if_ending(service)
    if not one.is_active:
        raise BadInput(
            N_("the backup set {name!r} may not run yet: it is not settled who can help when the password is lost"),
            N_(
                "'gdp recovery sheet -S {name}' makes a recovery sheet, 'gdp recovery escrow -S {name}' seals a password for "
                "somebody else, 'gdp recovery decline -S {name}' settles that nobody can."
            ),
            name=one.name,
        )
    if any((run.set_name, run.kind) == (one.name, Kind.BACKUP) for run in service.work.runs.values()):
        raise BadInput(N_("{name} is being backed up already"), N_("'gdp status' shows how far it is."), name=one.name)
    service.journal.want(one.name, Kind.BACKUP, service.now())
    service.look()
    begun = [run for run in service.work.runs.values() if (run.set_name, run.kind) == (one.name, Kind.BACKUP)]
    return {"run": begun[0] if begun else None, "coming": _coming(service, one.name)}


def restore(service: Service, fields: Mapping[str, Any]) -> Mapping[str, object]:
    """Restore at once, whatever schedule, window, pause and other runs say; a set that may not run yet can be restored too."""
    one = _set_of(service, fields)
    _refuse_if_ending(service)
    return {"run": service.conductor.restore(one.name, read_wish(fields))}


def cancel(service: Service, fields: Mapping[str, Any]) -> Mapping[str, object]:
    """End what a set is doing, and forget that somebody asked for a run; or end one run, by its number."""
    if "run" in fields:
        return {"runs": [_cancelled(service, fields["run"])]}
    name = _name(fields)
    was_wanted = [kind for kind in Kind if service.journal.unwant(name, kind)]
    cancelled = [run for run in service.work.runs.values() if run.set_name == name]
    for one in cancelled:
        service.conductor.end_run(one.id, Verdict(State.CANCELLED))
    if not cancelled and not was_wanted:
        raise BadInput(N_("nothing runs for {name!r}"), N_("'gdp status' shows what runs."), name=name)
    service.look()
    return {"runs": cancelled}


def pause(service: Service, fields: Mapping[str, Any]) -> Mapping[str, object]:
    """Begin nothing by itself any more, while what runs goes on; or hold up one run, by its number."""
    return _set_paused(service, fields, is_paused=True)


def resume(service: Service, fields: Mapping[str, Any]) -> Mapping[str, object]:
    """Begin again what is due; or let one run go on."""
    return _set_paused(service, fields, is_paused=False)


def reload(service: Service, _fields: Mapping[str, Any]) -> Mapping[str, object]:
    """Go by what the settings say now."""
    service.reload()
    return {"wrong": {name: sentence_of(error) for name, error in service.settings.wrong.items()}}


def runs(service: Service, fields: Mapping[str, Any]) -> Mapping[str, object]:
    """Return the newest runs, newest first."""
    most, name = fields.get("most", 100), fields.get("set")
    if not isinstance(most, int) or not 0 < most <= MOST_RUNS or not isinstance(name, str | None):
        raise BadInput(N_("the daemon cannot be asked for that many runs"))
    return {"runs": service.journal.runs(most=most, set_name=name)}


def _cancelled(service: Service, number: object) -> Run:
    run = _run_at_work(service, number)
    service.conductor.end_run(run.id, Verdict(State.CANCELLED))
    return run


def _run_at_work(service: Service, number: object) -> Run:
    run = service.work.runs.get(number) if isinstance(number, int) else None
    if run is None:
        raise BadInput(N_("run {number} is not at work"), N_("'gdp status' shows what runs."), number=str(number))
    return run


def _refuse_if_ending(service: Service) -> None:
    if service.conductor.is_ending:
        raise BadInput(N_("the daemon is ending"))


ANSWERS: Answers = {
    "status": status,
    "watch": status,
    "run": run,
    "restore": restore,
    "cancel": cancel,
    "pause": pause,
    "resume": resume,
    "reload": reload,
    "runs": runs,
}


def _set_paused(service: Service, fields: Mapping[str, Any], *, is_paused: bool) -> Mapping[str, object]:
    if "run" in fields:
        run = _run_at_work(service, fields["run"])
        if run.kind not in CAN_PAUSE:
            raise BadInput(N_("run {number} cannot be paused: only backups and restores can"), number=str(run.id))
        service.work.pause(run.id, is_paused=is_paused)
        service.tell_run(run)
        return {"is_paused": is_paused, "run": run}
    service.journal.pause(is_paused=is_paused)
    service.look()
    return {"is_paused": is_paused}


def _at_work(service: Service, run: Run) -> AtWork:
    return AtWork(
        run=run,
        progress=service.work.progress.get(run.id, {}),
        is_ending=service.work.was_asked_to_end(run.id),
        is_paused=service.work.is_paused(run.id),
    )


def _set_status(service: Service, name: str, all_facts: AllFacts, week: tuple[Day, ...]) -> SetStatus:
    facts = all_facts.get((name, Kind.BACKUP), Facts())
    error = service.settings.wrong.get(name)
    problem = sentence_of(error) if error else ""
    sets = service.settings.sets.values()
    one = service.settings.sets.get(name)
    at_work = [_at_work(service, run) for run in service.work.runs.values() if run.set_name == name]
    return SetStatus(
        name=name,
        is_active=one is not None and one.is_active,
        problem=problem,
        target=str(one.target.repo) if one else "",
        schedule=tuple(map(str, one.schedule.when)) if one else (),
        last=facts.last,
        last_done=facts.last_done,
        left_out=left_out_since(facts),
        last_check=newest_proof(all_facts, one, Kind.CHECK, sets) if one else None,
        last_drill=newest_proof(all_facts, one, Kind.DRILL, sets) if one else None,
        at_work=tuple(at_work),
        coming=tuple(_coming(service, name)),
        week=week,
    )


def left_out_since(facts: Facts) -> Run | None:
    """Return the run that was left out after the newest one that began; once that has ended, what it was too long for is past."""
    skip, last = facts.last_skip, facts.last
    if skip is None or (last is not None and skip.id < last.id):
        return None
    if last is not None and last.ended is not None and (skip.ended or skip.began) <= last.ended:
        return None
    return skip


def _coming(service: Service, name: str) -> list[Coming]:
    waits = service.conductor.agenda.waits
    own = [(wait, wait.due) for wait in waits if wait.due.set_name == name]
    return [
        Coming(kind=due.kind, due=due.due, begins=wait.until, waits_for=wait.waits_for, is_manual=due.is_manual)
        for wait, due in own
    ]


def _set_of(service: Service, fields: Mapping[str, Any]) -> BackupSet:
    name = _name(fields)
    service.settings.read_if_changed()  # somebody may just have made it
    one = service.settings.sets.get(name)
    if one is None and name in service.settings.wrong:
        raise service.settings.wrong[name]
    if one is None:
        raise BadInput(
            N_("there is no backup set {name!r}"), N_("'gdp set list' shows the sets, 'gdp set add' makes one."), name=name
        )
    return one


def _name(fields: Mapping[str, Any]) -> str:
    name = fields.get("set")
    if not isinstance(name, str):
        raise BadInput(N_("the daemon was not told which backup set is meant"))
    return name
