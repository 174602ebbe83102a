"""Whether an installation bears a life's load: ``make load [MINUTES=30]``.

PostgreSQL, Redis and the services of compose.yaml with their commands, the sample community with a trained model, and
people who arrive at a constant rate (``locustfile``). First a short ramp finds what the installation can do; then seven tenths of
it come for so many minutes. The load is made on the same machine and takes of the same cores.

Exit status 0 where it held: every answer was one, memory stayed, and ``/livez`` answered throughout.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from discovery.embedded.postgres import PostgresServer
from discovery.embedded.process import child_start, last_lines
from discovery.embedded.redis import RedisServer
from discovery.embedded.scratch import ScratchFolder
from tests.deploy.installation import Installation
from tests.load.measured import Lives, Service, percentile

HERE = Path(__file__).parent
SERVICES = ("web", "worker", "training", "beat")
STAYS = ("web", "worker")  # whose memory is held against the bound
RAMP_SECONDS = 12.0
SLOWEST_RAMP_MS = 1_000.0  # p95 of a step that still held
SHARE = 0.7
MOST_GROWTH = 0.05
LARGEST_LIVEZ_MS = 100.0
# A machine may fail here, too: nothing is spared that an installation has.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "100"}


@dataclass
class Part:
    """One run of the load: what was answered, and what it cost."""

    rate: float
    seconds: float = 0.0
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def answered(self) -> list[float]:
        return [each for kind in self.took.values() for each in kind]

    @property
    def per_cpu_second(self) -> float:
        return len(self.answered) / self.cpu["web"] if self.cpu.get("web") else 0.0

    def held(self) -> bool:
        """Whether everybody who came in this step of the ramp was answered, and soon."""
        return not self.wrong and percentile(self.answered, 0.95) < SLOWEST_RAMP_MS

    def line(self) -> str:
        p50, p95, p99 = (percentile(self.answered, share) for share in (0.5, 0.95, 0.99))
        return (
            f"{self.rate:6.1f} a second: p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f} ms; {sum(self.wrong.values())} wrong; "
            f"{self.per_cpu_second:.1f} requests per CPU-second of web, which took {self.cpu['web'] / self.seconds:.0%} of a core"
        )


class Load:
    """A running installation, and the load on it."""

    def __init__(self, installation: Installation, locust: Path, servers: dict[str, int]) -> None:
        self.installation, self._locust = installation, locust
        self._home: Path = installation.home
        self._people = self._home / "people.json"
        pids = {**servers, **{name: child.pid for name, child in installation.children.items()}}
        self.services = {name: Service(pid) for name, pid in pids.items()}

    def people_make(self) -> None:
        done = self.installation.run(["python", "-m", "tests.load.people"])
        if done.returncode:
            raise SystemExit(done.stderr)
        self._people.write_text(done.stdout)

    def run(self, rate: float, seconds: float, *, marks: dict[float, dict[str, float]] | None = None) -> Part:
        """Have people arrive for so long; at each of ``marks``, in seconds, write down who has how much memory."""
        output = self._home / "answers.jsonl"
        told = {"port": self.installation.port, "rate": rate, "seconds": seconds, "people": str(self._people)}
        told |= {"output": str(output), "seed": secrets.randbelow(1 << 30)}
        command = [str(self._locust), "--headless", "--only-summary", "--skip-log", "-u", "1", "-r", "1", "-f", str(HERE / "locustfile.py")]  # fmt: skip
        before, begun = self.cpu(), time.monotonic()
        child = child_start(
            command, log=self._home / "log" / "locust.log", environment={"EARSHOT_LOAD": json.dumps(told)}
        )
        generator = Service(child.pid)
        made, part = 0.0, Part(rate)
        while child.poll() is None:
            time.sleep(0.5)
            made = _cpu_of(generator, made)
            for at in sorted(marks or {}):
                if marks is not None and not marks[at] and time.monotonic() - begun >= at:
                    marks[at] = self.memory()
            self.alive_ensure()
        part.seconds = time.monotonic() - begun
        part.cpu = {name: spent - before[name] for name, spent in self.cpu().items()} | {"load": made}
        for line in output.read_text().splitlines():
            kind, took, wrong, refused = json.loads(line)
            if wrong:
                part.wrong[f"{kind}: {wrong}"] += 1
            else:
                part.took[kind].append(took)
            part.refused.update(f"{kind}: {code}" for code in refused)
        if not part.took:
            raise SystemExit(
                f"Nobody was answered:\n{last_lines(self._home / 'log' / 'locust.log')}\n{part.wrong}"
            )
        return part

    def ramp(self) -> Part:
        """The last step that held."""
        rate, best = 8.0, None
        while True:
            part = self.run(rate, RAMP_SECONDS)
            say(f"  {part.line()}")
            if not part.held():
                break
            best, rate = part, rate * 1.35
        if best is None:
            raise SystemExit(f"Not even {rate:.0f} a second were answered: {dict(part.wrong)}")
        return best

    def cpu(self) -> dict[str, float]:
        return {name: service.cpu() for name, service in self.services.items()}

    def memory(self) -> dict[str, float]:
        return {name: service.memory() for name, service in self.services.items()}

    def alive_ensure(self) -> None:
        for name, child in self.installation.children.items():
            if child.poll() is not None:
                raise SystemExit(f"{name} has ended:\n{last_lines(self._home / 'log' / f'{name}.log', 40)}")


def _cpu_of(service: Service, last: float) -> float:
    try:
        return service.cpu()
    except psutil.NoSuchProcess:
        return last


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--listeners", type=int, default=300)
    parser.add_argument("--rate", type=float, help="arrivals in a second, in place of what a ramp finds")
    parser.add_argument("--locust", type=Path, required=True, help="the program, in whatever environment")
    parser.add_argument("--logs", type=Path, help="where to leave the services' logs")
    asked = parser.parse_args()
    with ExitStack() as stack:
        scratch = ScratchFolder("earshot-load-")
        stack.callback(scratch.remove)
        postgres = stack.enter_context(PostgresServer(DURABLE))
        os.environ["DATABASE_URL"] = postgres.url
        redis = stack.enter_context(RedisServer(scratch.path / "redis.sock"))
        installation = Installation(scratch.path, redis.url)
        if asked.logs:
            stack.callback(lambda: (scratch.path / "log").rename(asked.logs))
        stack.callback(installation.end)
        prepare(installation, asked.listeners)
        servers = {"postgres": postgres.child.pid, "redis": redis.child.pid}
        load = Load(installation, asked.locust.absolute(), servers)
        load.people_make()
        return measure(load, asked.minutes, asked.rate)


def prepare(installation: Installation, listeners: int) -> None:
    say(f"Making an installation with {listeners} listeners and a model …")
    for command in (
        installation.services["migrate"]["command"],
        ["python", "manage.py", "create_sample_community", "--listeners", str(listeners)],
        ["python", "manage.py", "train_recommender"],
    ):
        done = installation.run(command)
        if done.returncode:
            raise SystemExit(done.stderr)
    for name in SERVICES:
        installation.start(name)
    for name in SERVICES:
        installation.until_healthy(name)


def measure(load: Load, minutes: float, rate: float | None) -> int:
    say(f"{psutil.cpu_count()} cores, of which the load takes its part. Warming up, then the ramp:")
    load.run(5.0, RAMP_SECONDS)
    if rate is None:
        best = load.ramp()
        capacity = min(best.rate, best.per_cpu_second)  # one process answers: no more than a core's worth
        rate = SHARE * capacity
        say(
            f"{best.rate:.1f} a second held, {best.per_cpu_second:.1f} are one core's: capacity {capacity:.1f}."
        )
    say(f"{minutes:g} minutes at {rate:.1f} a second.")
    seconds = 60.0 * minutes
    first, last = min(120.0, seconds / 2), seconds - 1.0
    marks: dict[float, dict[str, float]] = {first: {}, last: {}}
    with Lives(load.installation.port) as lives:
        part = load.run(rate, seconds, marks=marks)
    return report(part, lives, marks[first], marks[last], first)


def report(part: Part, lives: Lives, early: dict[str, float], late: dict[str, float], first: float) -> int:
    say(
        f"\n{part.line()}\n\n| what | answers | p50 ms | p95 ms | p99 ms | most ms |\n|---|---|---|---|---|---|"
    )
    for kind, took in sorted(part.took.items()):
        p50, p95, p99 = (percentile(took, share) for share in (0.5, 0.95, 0.99))
        say(f"| {kind} | {len(took)} | {p50:.0f} | {p95:.0f} | {p99:.0f} | {max(took):.0f} |")
    say(
        f"\n| process | CPU, share of a core | MB at {first:.0f} s | MB at the end | growth |\n|---|---|---|---|---|"
    )
    for name, spent in part.cpu.items():
        memory = ""
        if name in early:
            memory = f"{early[name]:.1f} | {late[name]:.1f} | {late[name] / early[name] - 1:+.1%}"
        say(f"| {name} | {spent / part.seconds:.0%} | {memory or '| |'} |")
    say(f"\nRefusals, as data: {dict(part.refused) or 'none'}.")
    p50, p95, most = (percentile(lives.milliseconds, share) for share in (0.5, 0.95, 1.0))
    say(f"/livez, {len(lives.milliseconds)} times: p50 {p50:.1f}, p95 {p95:.1f}, most {most:.1f} ms.")
    failed = [f"{count} × {what}" for what, count in part.wrong.most_common(10)]
    failed += [f"/livez: {what}" for what in lives.failed[:3]]
    failed += [f"/livez took {most:.0f} ms"] * (most > LARGEST_LIVEZ_MS)
    failed += [
        f"{name} grew by {late[name] / early[name] - 1:.1%}"
        for name in STAYS
        if late[name] > (1 + MOST_GROWTH) * early[name]
    ]
    say("It held." if not failed else "It did not hold: " + "; ".join(failed) + ".")
    return 1 if failed else 0


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
