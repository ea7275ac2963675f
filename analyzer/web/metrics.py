"""Counters of the running server in Prometheus' text form."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from analyzer.web.jobs import RUNNING, Jobs
from analyzer.web.pool import Pool

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What `/metrics` tells. Labels are routes, methods and statuses: nothing of a text."""

    def __init__(self) -> None:
        """All at zero."""
        self.registry = CollectorRegistry()
        labels = ["route", "method", "status"]
        self.requests = Counter("jd_requests", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram("jd_request_seconds", "Time to the answer", ["route"], buckets=BUCKETS, registry=self.registry)
        self.postings = Counter("jd_postings", "Postings analysed, by status", ["status"], registry=self.registry)
        self.gauges = {
            name: Gauge(f"jd_{name}", text, registry=self.registry)
            for name, text in (
                ("workers_ready", "Worker processes with their models loaded"),
                ("workers_died", "Worker processes that died or were ended since the start"),
                ("tasks_waiting", "Requests that wait for a worker"),
                ("tasks_running", "Workers at work"),
                ("requests_refused", "Requests refused because the queue was full since the start"),
                ("jobs_kept", "Jobs kept"),
                ("jobs_running", "Jobs running"),
            )
        }

    def text(self, pool: Pool, jobs: Jobs) -> bytes:
        """The figures now."""
        now = {
            "workers_ready": pool.ready,
            "workers_died": pool.figures.deaths,
            "tasks_waiting": len(pool.waiting),
            "tasks_running": pool.running,
            "requests_refused": pool.figures.refused,
            "jobs_kept": len(jobs.jobs),
            "jobs_running": sum(1 for j in jobs.jobs.values() if j.state == RUNNING),
        }
        for name, value in now.items():
            self.gauges[name].set(value)
        return bytes(generate_latest(self.registry))
