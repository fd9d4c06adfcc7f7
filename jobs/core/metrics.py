"""What Prometheus reads at `/metrics`: the queue, jobs, stages, workers and storage, counted when it asks.

All processes share the database, so any web process can answer for the whole site, and none has to count for itself.
Metric names and units follow https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from statistics import quantiles

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from jobs.core import health, routing
from jobs.models import TERMINAL, Job, JobEvent, State, WebhookDelivery, WorkerHeartbeat
from ml.stages import STAGE_NAMES

RECENT = timedelta(hours=1)
"""Ended jobs and stage times are those of this long, so that a graph follows the machine."""
MAX_RECENT_JOBS = 200
"""Stage times are those of at most this many jobs, so that an hour with many jobs is still answered in milliseconds."""
QUANTILES = {0.5: 9, 0.95: 18}
"""Quantile, and its place among the 19 cut points between twentieths."""


class SiteCollector(Collector):
    """Gauges of the whole site. Without a database only `reconsite_database_up` is there, as 0."""

    def collect(self) -> Iterable[Metric]:
        """Called at each request to `/metrics`."""
        info = gauge("reconsite_info", "Always 1; the label is the version.", ("version",))
        info.add_metric([settings.VERSION], 1)
        yield info
        try:
            metrics = [*_site(), _ended(), _stages(), *_workers()]
        except DatabaseError:
            metrics = []
        yield gauge("reconsite_database_up", "Whether the database answered.", value=bool(metrics))
        yield from metrics


def gauge(name: str, help_text: str, labels: tuple[str, ...] = (), value: float | None = None) -> GaugeMetricFamily:
    """A gauge without labels has its value at once."""
    if value is None:
        return GaugeMetricFamily(name, help_text, labels=labels)
    return GaugeMetricFamily(name, help_text, value=float(value))


def _site() -> Iterator[Metric]:
    state = health.gather()
    jobs = gauge("reconsite_jobs", "Jobs by state.", ("state",))
    for name, number in state.states.items():
        jobs.add_metric([name], number)
    yield jobs
    yield from _queues()
    yield gauge("reconsite_redis_up", "Whether Redis answered.", value=state.redis)
    if state.queue_entries is not None:
        yield gauge("reconsite_queue_entries", "Entries of the queue in Redis.", value=state.queue_entries)
    if state.free_bytes is not None:
        yield gauge("reconsite_free_bytes", "Free space where photos and results are stored.", value=state.free_bytes)
    stored = Job.objects.aggregate(total=Sum("size"))["total"] or 0
    yield gauge("reconsite_stored_bytes", "Photos and results of all jobs.", value=stored)
    yield gauge("reconsite_open_reports", "Abuse reports that nobody has closed.", value=state.open_reports)
    waiting = WebhookDelivery.objects.filter(next_attempt_at__isnull=False).count()
    yield gauge("reconsite_webhooks_waiting", "Webhook deliveries that will be tried again.", value=waiting)


def _queues() -> Iterator[Metric]:
    """For every queue, also an empty one: an autoscaler must see that nothing waits."""
    length = gauge("reconsite_queue_jobs", "Jobs that wait, by queue.", ("queue",))
    age = gauge("reconsite_queue_age_seconds", "How long the oldest waiting job has waited, by queue.", ("queue",))
    waiting = health.waiting_by_queue()
    now = timezone.now()
    for name in sorted({*routing.QUEUES, *waiting}):
        number, oldest = waiting.get(name, (0, now))
        length.add_metric([name], number)
        age.add_metric([name], max(0.0, (now - oldest).total_seconds()))
    yield from (length, age)


def _ended() -> Metric:
    """Runs that ended, from their events: a job that failed and then succeeded counts as both."""
    ended = gauge("reconsite_ended_last_hour", "Runs that ended in the last hour.", ("state", "code"))
    events = JobEvent.objects.filter(at__gte=timezone.now() - RECENT, kind="state", state__in=TERMINAL)
    for state, code, number in events.order_by().values_list("state", "code").annotate(number=Count("pk")):
        ended.add_metric([state, code], number)
    return ended


def _stages() -> Metric:
    stages = gauge("reconsite_stage_seconds", "Seconds per stage, last hour.", ("stage", "quantile"))
    recent = Job.objects.filter(state=State.SUCCEEDED, finished_at__gte=timezone.now() - RECENT)
    times = list(recent.order_by("-finished_at").values_list("stage_seconds", flat=True)[:MAX_RECENT_JOBS])
    for name in STAGE_NAMES:
        seconds = [row[name] for row in times if name in row]
        for quantile, value in quantile_values(seconds).items():
            stages.add_metric([name, str(quantile)], value)
    return stages


def quantile_values(seconds: list[float]) -> dict[float, float]:
    """Each of QUANTILES; none without a value."""
    if len(seconds) < 2:
        return {quantile: value for quantile in QUANTILES for value in seconds}
    cuts = quantiles(seconds, n=20, method="inclusive")
    return {quantile: cuts[place] for quantile, place in QUANTILES.items()}


def _workers() -> Iterator[Metric]:
    seen = gauge("reconsite_worker_seen_seconds", "Time since the worker's last heartbeat.", ("worker",))
    memory = gauge("reconsite_worker_memory_bytes", "Resident memory of worker, engine and work horse.", ("worker",))
    for row in WorkerHeartbeat.objects.order_by("name"):
        seen.add_metric([row.name], (timezone.now() - row.seen_at).total_seconds())
        memory.add_metric([row.name], row.memory_bytes)
    online = sum(worker.is_online for worker in health.workers())
    yield gauge("reconsite_workers_online", "Workers with a recent heartbeat.", value=online)
    yield from (seen, memory)
