"""The form that reports a model to the moderators."""

from __future__ import annotations

from django import forms

from jobs.core.sharing import REPORT_LENGTH
from jobs.models import AbuseReport


class ReportForm(forms.Form):
    """What is wrong with a shared or published model."""

    reason = forms.ChoiceField(choices=AbuseReport.Reason.choices, widget=forms.RadioSelect, label="What is wrong?")
    text = forms.CharField(
        max_length=REPORT_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="Details for the moderators (optional)",
    )
