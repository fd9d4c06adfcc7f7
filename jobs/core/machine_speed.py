"""How many times slower than the reference machine of `ml/reference_times.py` this one is."""

from __future__ import annotations

from django.utils import timezone

from jobs.models import MachineSpeed


def factor() -> float:
    """1 until a worker has measured it (`jobs.work.calibration`)."""
    row = MachineSpeed.objects.first()
    return row.factor if row else 1.0


def is_known() -> bool:
    """True once it was measured."""
    return MachineSpeed.objects.exists()


def record(value: float) -> None:
    """Replace what was measured before."""
    MachineSpeed.objects.update_or_create(pk=MachineSpeed.ONLY, defaults={"factor": value, "at": timezone.now()})
