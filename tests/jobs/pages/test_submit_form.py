"""The upload form: from form data to a recipe and back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils.datastructures import MultiValueDict

from jobs.pages.submit_form import OPTIONS, SubmitForm
from ml.recipe import LIMITS, Recipe


def form_with(photo_count: int = 1, **fields: Any) -> SubmitForm:
    data = MultiValueDict({name: value if isinstance(value, list) else [value] for name, value in fields.items()})
    photos: list[UploadedFile[Any]] = [SimpleUploadedFile(f"{n}.png", b"photo") for n in range(photo_count)]
    return SubmitForm(data, MultiValueDict({"photo": photos}))


def recipe_of(photo_count: int = 1, **fields: Any) -> Recipe:
    form = form_with(photo_count, **fields)
    assert form.is_valid(), form.errors
    return form.to_recipe()


def test_a_form_without_choices_gives_the_default_recipe() -> None:
    assert recipe_of() == Recipe()


def test_every_option_reaches_the_recipe() -> None:
    recipe = recipe_of(
        engine="compact",
        quality="high",
        height_mm="42.5",
        faces="7000",
        grid="64",
        threshold="20",
        frame_count="12",
        frame_size="128",
        texture_size="512",
        background="#ffffff",
        formats=["glb", "stl"],
        keep_background="on",
    )
    assert recipe == Recipe(
        engine="compact",
        quality="high",
        height_mm=42.5,
        faces=7000,
        grid=64,
        threshold=20.0,
        frame_count=12,
        frame_size=128,
        texture_size=512,
        background="#ffffff",
        formats=("glb", "stl"),
        remove_background=False,
    )


def test_the_chosen_point_reaches_the_recipe() -> None:
    assert recipe_of(subject="0.25,0.5").subject == (0.25, 0.5)
    assert not form_with(subject="left").is_valid()


@pytest.mark.parametrize(
    ("photo_count", "sides", "kept"),
    [
        (1, ["front"], ()),
        (1, ["auto"], ()),
        (1, ["back"], ("back",)),
        (2, ["front", "left"], ("front", "left")),
        (1, ["front", "left"], ()),
    ],
)
def test_each_photo_has_at_most_one_side(photo_count: int, sides: list[str], kept: tuple[str, ...]) -> None:
    assert recipe_of(photo_count, side=sides).sides == kept


def test_for_printing_makes_one_part_that_stands_in_the_files_of_slicers() -> None:
    recipe = recipe_of(for_printing="on", formats=["glb"])
    assert (recipe.largest_part, recipe.base, recipe.formats) == (True, "flat", ("glb", "stl", "3mf"))
    assert recipe_of(for_printing="on").formats == Recipe().formats
    assert recipe_of(for_printing="on", base="plate").base == "plate"
    assert SubmitForm.from_recipe(recipe)["for_printing"].value() is True
    assert SubmitForm.from_recipe(Recipe())["for_printing"].value() is False


def test_blank_fields_show_their_defaults() -> None:
    html = {field.name: str(field) for field in SubmitForm().options()} | {"height_mm": str(SubmitForm()["height_mm"])}
    assert 'placeholder="256"' in html["grid"]
    assert 'placeholder="40000"' in html["faces"]
    assert 'placeholder="Automatic"' in html["threshold"]
    assert 'placeholder="100"' in html["height_mm"]
    assert "Default: 1024 × 1024 pixels" in html["texture_size"]


def test_the_form_of_an_earlier_job_has_its_settings() -> None:
    form = SubmitForm.from_recipe(Recipe(faces=1234, remove_background=False))
    assert (form["faces"].value(), form["keep_background"].value()) == (1234, True)
    assert form["grid"].value() is None


def test_the_options_are_listed_in_order() -> None:
    assert tuple(field.name for field in SubmitForm().options()) == OPTIONS


def test_an_error_message_of_an_option_names_it() -> None:
    (message,) = form_with(faces=str(LIMITS["faces"][1] + 1)).error_messages()
    assert message.startswith("Maximum faces: ")


def test_the_error_message_without_a_photo_stands_alone() -> None:
    assert form_with(0).error_messages() == ["This field is required."]
