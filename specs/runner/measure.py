"""One measurement: a fresh API with some switches on, `specfuzz run` against it as a user would, its report judged."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from specs.runner.judge import Judgement, Report, judge, read_report
from specs.runner.serve import ServeError, serve, stop
from specs.runner.truth import Truth

ALL_ON = "all on"
ALL_OFF = "all off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to measure. `name` is `all on`, `all off`, or the switch that is on (with those that it needs)."""

    truth: Truth
    name: str
    seed: int

    @property
    def wanted(self) -> frozenset[str]:
        """The switches whose weaknesses have to be found."""
        if self.name == ALL_OFF:
            return frozenset()
        return frozenset(self.truth.switches) if self.name == ALL_ON else frozenset({self.name})

    @property
    def on(self) -> frozenset[str]:
        return self.wanted if self.name in (ALL_ON, ALL_OFF) else self.wanted | self.truth.needed_by(self.name)

    @property
    def served(self) -> bool:
        """Whether specfuzz reads the document from the running API: only for a switch that shows nowhere else."""
        return self.name not in (ALL_ON, ALL_OFF) and self.truth.wants_served(self.name)

    @property
    def title(self) -> str:
        return f"{self.truth.name}, {self.name}, seed {self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    job: Job
    report: Report
    judgement: Judgement
    seconds: float


def jobs_for(
    truths: Iterable[Truth], seeds: Sequence[int], *, quick: bool, switches: Collection[str] = ()
) -> list[Job]:
    """Everything on, everything off, each switch alone; with `quick` the first two; with `switches` only those."""
    found = []
    for truth in truths:
        alone = [name for name in truth.switches if name in switches or (not switches and not quick)]
        names = [*(() if switches else (ALL_ON, ALL_OFF)), *alone]
        found += [Job(truth=truth, name=name, seed=seed) for name in names for seed in seeds]
    return found


async def measure_all(
    jobs: Sequence[Job], *, at_once: int, limit_s: float, keep: Path | None = None
) -> AsyncGenerator[Measured, None]:
    """Measure every job, `at_once` at a time; each comes as soon as it is there. Leaving early stops what runs."""
    gate = asyncio.Semaphore(at_once)

    async def one(job: Job) -> Measured:
        async with gate:
            return await measure(job, limit_s=limit_s, keep=keep)

    tasks = [asyncio.create_task(one(job)) for job in jobs]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def measure(job: Job, *, limit_s: float, keep: Path | None = None) -> Measured:
    """Measure one job. What goes wrong is part of the result: nothing is green by accident."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="specfuzz-benchmark-") as scratch:
        folder = Path(scratch)
        try:
            async with serve(job.truth, job.on, log=folder / "server.log") as origin:
                started = time.monotonic()
                report = await _run(job, origin, folder, limit_s)
        except ServeError as error:
            report = Report(failure=str(error))
        seconds = time.monotonic() - started
        if keep is not None:
            _keep(job, folder, keep)
    judgement = judge(report, job.truth, on=job.on, wanted=job.wanted, served=job.served)
    return Measured(job=job, report=report, judgement=judgement, seconds=seconds)


def arguments_for(job: Job, origin: str, output: Path) -> list[str]:
    """The command line of specfuzz, as a user would write it."""
    truth = job.truth
    url = origin + truth.base_path
    spec = f"{url}/{truth.spec}" if job.served else str(truth.folder / truth.spec)
    auth = () if truth.auth is None else ("--auth", str(truth.folder / truth.auth))
    options = ("--url", url, *auth, "--seed", str(job.seed), "--format", "json", "--output", str(output), "--quiet")
    return ["run", spec, *options]


async def _run(job: Job, origin: str, folder: Path, limit_s: float) -> Report:
    output, errors = folder / "report.json", folder / "specfuzz.log"
    # Settings of the person who starts the benchmark are not part of it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPECFUZZ_")}
    with errors.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "specfuzz",
            *arguments_for(job, origin, output),
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        late = False
        try:
            code = await asyncio.wait_for(process.wait(), limit_s)
        except TimeoutError:
            late, code = True, 0
        finally:
            if process.returncode is None:
                await stop(process)
    if late:
        return Report(failure=f"specfuzz was not done after {limit_s:g} s")
    return _read(output, errors, code)


def _read(output: Path, errors: Path, code: int) -> Report:
    try:
        report = read_report(json.loads(output.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return Report(failure=f"exit code {code} without a report ({type(error).__name__}): {' | '.join(said[:4])}")
    if code not in (0, 1) and report.failure is None:
        return Report(
            findings=report.findings,
            coverage=report.coverage,
            requests=report.requests,
            operations=report.operations,
            failure=f"exit code {code}",
        )
    return report


def _keep(job: Job, folder: Path, keep: Path) -> None:
    name = f"{job.truth.name}-{job.name.replace(' ', '-')}-{job.seed}"
    for file in filter(Path.is_file, folder.iterdir()):
        (keep / f"{name}.{file.name}").write_bytes(file.read_bytes())
