"""Side by side with restic (and borg, where it is installed): the same data, line and key file, one after the other.

usage: python -m bench.run --data small --target local --rows first,unchanged --runs 3 --scale 1.0

In each repetition every row is run by every program before the next row begins, and the order changes from repetition to
repetition, so that a noisy minute hits all. Rows build on each other: leaving one out runs it unmeasured where a later one
needs it. GDP_BENCH_RESTIC, GDP_BENCH_GDP and GDP_BENCH_BORG choose programs.
"""

import argparse
import filecmp
import json
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bench import data as data_sets
from bench.measure import Measurement, measure
from bench.report import Run, as_markdown, summarise
from bench.target import NAMES, Target, opened
from bench.tools import Restic, Tool, find

ROWS = ("first", "unchanged", "changed", "restore", "check")
MB = 1e6
TMPFS = Path("/dev/shm")


@dataclass
class Bench:
    """What stays the same during one benchmark."""

    data_name: str
    data: Path
    target: Target
    tools: list[Tool]
    rows: list[str]
    work: Path
    template: Path
    results: Path
    compare: bool
    done: list[Run] = field(default_factory=list)

    def repetition(self, number: int) -> None:
        """Run every row once with every program."""
        order = self.tools if number % 2 == 0 else self.tools[::-1]
        for tool in order:
            shutil.rmtree(self._folder(tool), ignore_errors=True)
            self._state(tool).mkdir(parents=True)
            tool.create(self._repository(tool), self.template, self.target, self._state(tool))
        last = max(ROWS.index(row) for row in self.rows)
        for row in ROWS[: last + 1]:
            if row not in self.rows and row != "first":
                continue
            if row == "changed":
                data_sets.change(self.data, number)
            for tool in order:
                self._one(tool, row, number)
        for tool in order:
            shutil.rmtree(self._folder(tool))

    def _one(self, tool: Tool, row: str, number: int) -> None:
        os.sync()  # what the last one left to be written is not this one's time
        if self.target.line:
            self.target.line.carried_bytes()
        if row == "restore":
            cost = self._restore(tool)
        elif row == "check":
            cost = self._run(tool, tool.check(self._repository(tool), self.target), self.work)
        else:
            cost = self._run(tool, tool.backup(self._repository(tool), self.data, self.target), self.work)
        carried = (self.target.line.carried_bytes() if self.target.line else 0) or 0
        if row not in self.rows:
            return
        size = data_sets.tree_size(self._repository(tool)) / MB if row == "first" else 0.0
        run = Run(
            self.data_name, self.target.name, row, tool.name, number,
            cost.wall_seconds, cost.cpu_seconds, cost.peak_bytes / MB, size, carried / MB,
        )  # fmt: skip
        self.done.append(run)
        with self.results.open("a") as lines:
            lines.write(json.dumps(run.as_row()) + "\n")
        print(
            f"{self.data_name:6} {self.target.name:6} {number + 1:3} {row:10} {tool.name:7} {run.wall:8.2f} s wall "
            f"{run.cpu:8.2f} s CPU {run.memory:7.0f} MB" + (f"  repository {size:,.0f} MB" if size else ""),
            flush=True,
        )

    def _restore(self, tool: Tool) -> Measurement:
        base = TMPFS if TMPFS.is_dir() else self.work  # what is measured is the program, not the disk
        with tempfile.TemporaryDirectory(prefix="gdp-bench-", dir=base) as folder:
            into = Path(folder)
            cost = self._run(tool, tool.restore(self._repository(tool), into, self.target), into)
            restored = into / self.data.relative_to("/")
            if self.compare and not same_tree(self.data, restored):
                sys.exit(f"{tool.name} restored something else than it backed up; see {self._log(tool)}")
        return cost

    def _run(self, tool: Tool, command: list[str], folder: Path) -> Measurement:
        cost = measure(command, tool.environment(self.target, self._state(tool)), folder, self._log(tool))
        if cost.exit_code != 0:
            sys.exit(f"{tool.name} ended with exit code {cost.exit_code}; see {self._log(tool)}")
        return cost

    def _folder(self, tool: Tool) -> Path:
        return self.work / "tools" / tool.name

    def _repository(self, tool: Tool) -> Path:
        return self._folder(tool) / "repository"

    def _state(self, tool: Tool) -> Path:
        return self._folder(tool) / "state"

    def _log(self, tool: Tool) -> Path:
        return self.work / f"{tool.name}.log"


def same_tree(left: Path, right: Path) -> bool:
    """Say whether both hold the same names with the same contents."""
    comparison = filecmp.dircmp(left, right, ignore=[])
    if comparison.left_only or comparison.right_only or comparison.funny_files:
        return False
    _same, different, errors = filecmp.cmpfiles(left, right, comparison.common_files, shallow=False)
    if different or errors:
        return False
    return all(same_tree(left / name, right / name) for name in comparison.common_dirs)


def main() -> None:
    """Read the arguments, run what they ask for, print the tables."""
    options = _options()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    results = options.results or work / "results.jsonl"
    done: list[Run] = []
    titles = {}
    if options.report:
        done = [Run(**json.loads(line)) for path in options.report for line in path.read_text().splitlines()]
        titles = {(run.data, run.target): f"{run.data}, {run.target}" for run in done}
    else:
        for data_name in options.data:
            data = data_sets.ensure(work / "data", data_name, options.scale)
            data_sets.warm(data)
            for target_name in options.target:
                tools = [tool for tool in find(target_name) if not options.tools or tool.name in options.tools]
                template = _template(work, target_name)
                with opened(target_name, work, options.link_tool) as target:
                    bench = Bench(data_name, data, target, tools, options.rows, work, template, results, not options.no_compare)
                    for number in range(options.runs):
                        bench.repetition(number)
                done += bench.done
                versions = ", ".join(tool.version() for tool in tools)
                titles[data_name, target_name] = f"{data_name} ({data_sets.describe(data)}), {target_name}; {versions}"
    text = "\n".join(as_markdown(titles[key], lines) for key, lines in summarise(done).items())
    text += f"\n{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}; medians.\n"
    print("\n" + text)
    if options.markdown:
        options.markdown.write_text(text)


def _template(work: Path, target_name: str) -> Path:
    """Return an empty repository made by restic, whose key file every repository of this benchmark uses."""
    template = work / "template"
    if not template.exists():
        restic = next(tool for tool in find(target_name) if isinstance(tool, Restic))
        restic.make_template(template)
    return template


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=_names("small", "large"), default=["small", "large"])
    parser.add_argument("--target", type=_names(*NAMES), default=list(NAMES))
    parser.add_argument("--rows", type=_names(*ROWS), default=list(ROWS))
    parser.add_argument("--tools", type=_names("restic", "gdp", "borg"), default=[], help="only these")
    parser.add_argument("--runs", type=int, default=3, help="repetitions (default 3)")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the data sets (default 1.0)")
    parser.add_argument("--work", type=Path, default=Path("build/bench"), help="for data, repositories, logs: needs 15 GB")
    parser.add_argument("--results", type=Path, help="append each run to this file (default: WORK/results.jsonl)")
    parser.add_argument("--report", type=Path, nargs="+", help="measure nothing: make the tables from results files")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file too")
    parser.add_argument("--link-tool", help="another relay: called as TOOL LISTEN_PORT TARGET_PORT --delay-ms N --rate-mbit N")
    parser.add_argument("--no-compare", action="store_true", help="do not compare what was restored")
    return parser.parse_args()


class _names:
    """A comma-separated choice."""

    def __init__(self, *known: str) -> None:
        self._known = known

    def __call__(self, text: str) -> list[str]:
        chosen = text.split(",")
        if strangers := set(chosen) - set(self._known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(strangers))}: choose from {', '.join(self._known)}")
        return [name for name in self._known if name in chosen]


if __name__ == "__main__":
    main()
