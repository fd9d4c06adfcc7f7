from __future__ import annotations

from django import forms

from jobs.models import AbuseReport
from jobs.sharing import REPORT_LENGTH
from ml.recipe import ENGINES, QUALITIES


class SubmitForm(forms.Form):
    """The upload page without JavaScript; the photo itself is checked by the core."""

    photo = forms.FileField(allow_empty_file=True)
    quality = forms.ChoiceField(choices=[(name, name) for name in QUALITIES], required=False)
    engine = forms.ChoiceField(choices=[(name, name) for name in ENGINES], required=False)
    title = forms.CharField(max_length=100, required=False)
    idempotency_key = forms.CharField(max_length=100, required=False)


class ReportForm(forms.Form):
    """What is wrong with a model that others can see."""

    reason = forms.ChoiceField(choices=AbuseReport.Reason.choices, widget=forms.RadioSelect, label="What is wrong?")
    text = forms.CharField(
        max_length=REPORT_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="What should the moderators know? (optional)",
    )
