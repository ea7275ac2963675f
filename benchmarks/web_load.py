"""Load on the page's server: many clients on this machine paste typical postings, for a bounded time.

    python benchmarks/web_load.py --clients 50 --seconds 30 --think 0.5

Starts `jd-analyzer serve` on a free loopback port, sends only there, and tells latencies, errors and memory. Each client
pastes, waits for the answer, thinks, and pastes again. The clients' own work is counted in the figures: they share the cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
MOST_SECONDS, MOST_CLIENTS = 60, 200


@dataclass
class Figures:
    """What came back."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    errors: int = 0


def postings() -> list[tuple[str, str]]:
    """The examples, and variations of them by leaving lines out, so that no two requests need be alike."""
    import tomllib

    found = tomllib.loads((ROOT / "analyzer/web/examples.toml").read_text(encoding="utf-8"))["example"]
    return [(e["text"].strip(), e["title"]) for e in found]


def request(path: str, host: str, rng: random.Random, made: list[tuple[str, str]]) -> bytes:
    """A posting as the page's script sends it (path /), or a program (path /v1/analyze)."""
    text, title = rng.choice(made)
    lines = text.split("\n")
    drop = rng.randrange(len(lines))
    text = "\n".join(lines[:drop] + lines[drop + 1 :])
    if path == "/":
        body, kind = (
            urlencode({"text": text, "title": title, "ui": rng.choice(("es", "zh", "en"))}).encode(),
            "application/x-www-form-urlencoded",
        )
    else:
        body, kind = json.dumps({"text": text, "title": title}).encode(), "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nX-Fragment: 1\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def client(number: int, port: int, path: str, until: float, think: float, figures: Figures) -> None:
    """One client over one connection."""
    rng, made = random.Random(number), postings()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(rng.random() * min(1.0, think or 0.2))
    while time.monotonic() < until:
        began = time.perf_counter()
        try:
            writer.write(request(path, f"127.0.0.1:{port}", rng, made))
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            figures.errors += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            continue
        figures.seconds.append(time.perf_counter() - began)
        figures.statuses[status] = figures.statuses.get(status, 0) + 1
        if think:
            await asyncio.sleep(think * (0.5 + rng.random()))
    writer.close()


def tree(pid: int) -> list[int]:
    """A process and its children."""
    children = [c for task in Path(f"/proc/{pid}/task").iterdir() for c in (task / "children").read_text(encoding="ascii").split()]
    return [pid, *(p for c in children for p in tree(int(c)))]


def megabytes(pid: int) -> float:
    """Resident memory of a process and its children; pages they share count once in each."""
    pages = sum(int(Path(f"/proc/{p}/statm").read_text(encoding="ascii").split()[1]) for p in tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its children have used: what a request costs, however busy the machine is."""
    fields = [Path(f"/proc/{p}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split() for p in tree(pid)]
    return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")


async def run(port: int, pid: int, options: argparse.Namespace) -> Figures:
    """All clients until the time is over; memory is told on the way."""
    figures = Figures()
    until = time.monotonic() + options.seconds
    clients = [asyncio.create_task(client(n, port, options.path, until, options.think, figures)) for n in range(options.clients)]
    while not all(c.done() for c in clients):
        await asyncio.wait(clients, timeout=max(1.0, options.seconds / 4))
        print(f"  {len(figures.seconds):6d} answers, {megabytes(pid):6.0f} MB", flush=True)
    await asyncio.gather(*clients)
    return figures


def main() -> None:
    """Start a server, load it, tell, stop it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--think", type=float, default=0.0, help="mean pause of a client between two pastes")
    parser.add_argument("--path", choices=["/", "/v1/analyze"], default="/")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.seconds, options.clients = min(options.seconds, MOST_SECONDS), min(options.clients, MOST_CLIENTS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from analyzer.cli import main; main()",
        "serve",
        "--port",
        str(port),
        "-q",
        "--workers",
        str(options.workers),
    ]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                    if json.load(answer)["workers"] == options.workers:
                        break
            except OSError:
                pass
            time.sleep(0.2)
        print(f"{options.clients} clients, {options.seconds:.0f} s, think {options.think} s, POST {options.path}")
        print(f"  at the start: {megabytes(process.pid):6.0f} MB", flush=True)
        used = cpu_seconds(process.pid)
        figures = asyncio.run(run(port, process.pid, options))
        used = cpu_seconds(process.pid) - used
        ordered = sorted(figures.seconds)
        at = {q: ordered[min(len(ordered) - 1, int(q * len(ordered)))] * 1000 for q in (0.5, 0.95, 0.99, 1.0)}
        print(f"answers by status: {figures.statuses}, errors: {figures.errors}, {len(ordered) / options.seconds:.0f}/s")
        print(f"the server's processor time: {used / max(1, len(ordered)) * 1000:.1f} ms a request; load average {os.getloadavg()[0]:.1f}")
        print(f"ms: p50 {at[0.5]:.0f}, p95 {at[0.95]:.0f}, p99 {at[0.99]:.0f}, max {at[1.0]:.0f}")
    finally:
        process.send_signal(signal.SIGTERM)
        print(f"stopped with exit code {process.wait(40)}")


if __name__ == "__main__":
    main()
