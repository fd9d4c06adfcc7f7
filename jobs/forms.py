from __future__ import annotations

from django import forms

from ml.recipe import ENGINES, QUALITIES


class SubmitForm(forms.Form):
    """The upload page without JavaScript; the photo itself is checked by the core."""

    photo = forms.FileField(allow_empty_file=True)
    quality = forms.ChoiceField(choices=[(name, name) for name in QUALITIES], required=False)
    engine = forms.ChoiceField(choices=[(name, name) for name in ENGINES], required=False)
    title = forms.CharField(max_length=100, required=False)
    idempotency_key = forms.CharField(max_length=100, required=False)
