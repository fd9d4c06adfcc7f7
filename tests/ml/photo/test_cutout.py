"""The cutout: framing, the methods of finding the object, and pictures without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.core.masks import iou
from ml.errors import ReconstructionError
from ml.notes import note
from ml.photo import background_removal
from ml.photo.cutout import SIZE, Cutout, cut
from ml.photo.decode import Photo
from tests.ml.conftest import mushroom, on_meadow


def photo_of(picture: Image.Image) -> Photo:
    return Photo(np.asarray(picture), picture.size)


def codes(cutout: Cutout) -> list[str]:
    return [entry.code for entry in cutout.notes]


def object_bounds(cutout: Cutout) -> tuple[int, int, int, int]:
    inside = cutout.rgba[..., 3] > 127
    columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def silhouette_iou(cutout: Cutout) -> float:
    """IoU with the mushroom that was drawn."""
    truth = mushroom().crop(cutout.box).resize((SIZE, SIZE)).getchannel("A")
    return iou(cutout.rgba[..., 3] > 127, np.asarray(truth) > 127)


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))


@pytest.mark.parametrize("ratio", [0.5, 0.85, 0.95])
def test_the_longer_side_fills_the_foreground_ratio_of_the_frame(ratio: float) -> None:
    left, top, right, bottom = object_bounds(cut(photo_of(mushroom()), foreground_ratio=ratio))
    assert max(right - left, bottom - top) / SIZE == pytest.approx(ratio, abs=0.01)
    assert (left + right) / 2 == pytest.approx(SIZE / 2, abs=2)
    assert (top + bottom) / 2 == pytest.approx(SIZE / 2, abs=2)


def test_existing_transparency_is_used_as_the_mask() -> None:
    cutout = cut(photo_of(mushroom()))
    assert cutout.method == "transparency"
    assert silhouette_iou(cutout) > 0.98


def test_the_box_is_centred_on_the_object() -> None:
    cutout = cut(photo_of(mushroom()))
    left, top, right, bottom = cutout.box
    assert right - left == bottom - top
    assert (left + right) / 2 == pytest.approx(160, abs=1)
    assert (top + bottom) / 2 == pytest.approx(160, abs=1)


def test_the_frame_of_an_object_at_the_edge_extends_beyond_the_picture() -> None:
    picture = Image.new("RGBA", (200, 200))
    ImageDraw.Draw(picture).rectangle((0, 50, 80, 199), fill=(200, 100, 50, 255))
    cutout = cut(photo_of(picture))
    assert cutout.box[0] < 0
    assert cutout.box[3] > 200
    assert cutout.rgba[..., 3][:, 0].max() == 0


def test_small_components_are_removed() -> None:
    picture = mushroom()
    ImageDraw.Draw(picture).rectangle((2, 2, 6, 6), fill=(0, 0, 255, 255))
    assert cut(photo_of(picture)).box == cut(photo_of(mushroom())).box


def test_a_large_separate_component_is_kept() -> None:
    picture = mushroom()
    ImageDraw.Draw(picture).rectangle((0, 0, 60, 60), fill=(0, 0, 255, 255))
    assert cut(photo_of(picture)).box != cut(photo_of(mushroom())).box


def test_the_background_does_not_bleed_into_the_edge() -> None:
    clean, bled = mushroom(), np.asarray(mushroom().resize((160, 160)).resize((320, 320))).copy()
    soft = bled[..., 3] < 200
    bled[soft, :3] = (0, 255, 0)
    cutout = cut(Photo(bled, clean.size))
    seen = cutout.rgba[cutout.rgba[..., 3] > 20][:, :3].astype(int)
    greener = (seen[:, 1] > seen[:, 0] + 40).mean()
    assert greener == 0.0


def test_a_thin_part_keeps_its_own_color() -> None:
    picture = mushroom(512)
    ImageDraw.Draw(picture).line((260, 0, 260, 90), fill=(0, 0, 255, 255), width=4)
    assert mean_color(cut(photo_of(picture)), row_fraction=0.1)[2] > 200


def mean_color(cutout: Cutout, row_fraction: float) -> NDArray[np.float64]:
    row = cutout.rgba[int((0.075 + 0.85 * row_fraction) * SIZE)]
    return np.asarray(row[row[:, 3] > 200][:, :3].mean(axis=0))


def test_the_network_input_is_composited_on_middle_grey() -> None:
    grey = cut(photo_of(mushroom())).on_grey()
    assert grey.shape == (SIZE, SIZE, 3)
    assert grey[0, 0].tolist() == [128, 128, 128]
    assert np.abs(grey[160, 256].astype(int) - (200, 30, 25)).max() <= 3


def test_rembg_finds_the_object(u2netp: Path) -> None:
    cutout = cut(photo_of(on_meadow()), model="u2netp")
    assert cutout.method == "rembg:u2netp"
    assert silhouette_iou(cutout) > 0.85


def test_a_small_object_in_a_large_photo_is_found(u2netp: Path) -> None:
    picture = on_meadow(1200).resize((1200, 1200))
    small = Image.new("RGB", (1200, 1200), (120, 160, 110))
    small.paste(picture.crop((200, 150, 1000, 1050)).resize((300, 338)), (700, 200))
    left, _, right, _ = cut(photo_of(small), model="u2netp").box
    assert 650 < (left + right) / 2 < 1050
    assert right - left < 500


@pytest.mark.usefixtures("no_weights")
def test_without_weights_grabcut_is_used_and_a_note_says_so() -> None:
    cutout = cut(photo_of(on_meadow()))
    assert cutout.method == "grabcut"
    assert note("background_estimated") in cutout.notes
    assert silhouette_iou(cutout) > 0.8


def test_the_background_can_be_kept() -> None:
    cutout = cut(photo_of(on_meadow()), remove_background=False)
    assert cutout.method == "none"
    assert note("background_kept") in cutout.notes
    assert "cut_off" not in codes(cutout)
    assert object_bounds(cutout) == pytest.approx((38, 38, 474, 474), abs=2)


def test_an_object_that_is_cut_off_gets_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    mask = np.zeros((320, 320), np.float32)
    mask[100:300, :200] = 1.0
    monkeypatch.setattr(background_removal, "remove_by_grabcut", lambda _: mask)
    assert "cut_off" in codes(cut(photo_of(on_meadow())))


def test_objects_that_the_user_cut_out_may_touch_the_edge_but_are_counted() -> None:
    twice = Image.new("RGBA", (640, 320), (0, 0, 0, 0))
    twice.paste(mushroom(), (-64, 0))
    twice.paste(mushroom(), (320, 0))
    assert codes(cut(photo_of(twice))) == ["own_transparency", "several_objects", "drawing"]


def noise(size: int = 256) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (size, size, 3), dtype=np.uint8)


NO_SUBJECT = {
    "white": np.full((256, 256, 3), 255, np.uint8),
    "slightly uneven grey": np.full((256, 256, 3), 90, np.uint8) + (noise() % 5),
    "fully transparent": np.zeros((256, 256, 4), np.uint8),
    "one opaque dot": np.pad(np.full((8, 8, 4), 255, np.uint8), ((0, 248), (0, 248), (0, 0))),
}


@pytest.mark.parametrize("name", NO_SUBJECT)
def test_a_picture_without_an_object_is_rejected(name: str) -> None:
    with pytest.raises(ReconstructionError) as error:
        cut(Photo(NO_SUBJECT[name], (256, 256)))
    assert error.value.code == "no_subject"


def test_the_network_finds_no_object_in_noise(u2netp: Path) -> None:
    with pytest.raises(ReconstructionError) as error:
        cut(Photo(noise(512), (512, 512)), model="u2netp")
    assert error.value.code == "no_subject"


@pytest.mark.usefixtures("no_weights")
@pytest.mark.parametrize("pixels", [noise(), NO_SUBJECT["white"]], ids=["noise", "white"])
def test_grabcut_finds_no_object_if_there_is_none(pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(ReconstructionError) as error:
        cut(Photo(pixels, (256, 256)))
    assert error.value.code == "no_subject"


def ball(size: int, at: tuple[int, int], canvas: Image.Image, color: tuple[int, int, int] = (190, 40, 30)) -> None:
    """A shaded ball with a highlight."""
    x, y = at
    draw = ImageDraw.Draw(canvas)
    for step in range(size // 2):
        shade = tuple(int(level * (0.5 + step / size)) for level in color)
        draw.ellipse((x + step * 0.8, y + step * 0.7, x + size - step * 1.2, y + size - step * 1.3), fill=shade)


def table(size: int = 800) -> Image.Image:
    """A plain light background with some noise."""
    noise = np.random.default_rng(7).normal(0.0, 2.0, (size, size, 3))
    slope = np.linspace(0.0, 20.0, size)[:, None, None]
    return Image.fromarray((np.array([215.0, 220.0, 210.0]) - slope + noise).clip(0, 255).astype(np.uint8))


def centre(cutout: Cutout) -> tuple[float, float]:
    left, top, right, bottom = cutout.box
    return (left + right) / 2, (top + bottom) / 2


def two_balls() -> Image.Image:
    picture = table()
    ball(320, (60, 240), picture)
    ball(240, (500, 280), picture, (30, 60, 180))
    return picture


def test_of_several_objects_the_largest_is_used_and_a_note_says_so(u2netp: Path) -> None:
    cutout = cut(photo_of(two_balls()), model="u2netp")
    assert centre(cutout)[0] == pytest.approx(220, abs=20)
    assert "several_objects" in codes(cutout)


def test_the_object_at_the_given_point_is_used(u2netp: Path) -> None:
    cutout = cut(photo_of(two_balls()), subject=(0.77, 0.5), model="u2netp")
    assert centre(cutout)[0] == pytest.approx(620, abs=20)


def test_of_several_objects_that_the_user_cut_out_one_can_be_chosen() -> None:
    twice = Image.new("RGBA", (640, 320), (0, 0, 0, 0))
    twice.paste(mushroom(), (-64, 0))
    twice.paste(mushroom(), (320, 0))
    cutout = cut(photo_of(twice), subject=(0.75, 0.5))
    assert (cutout.method, centre(cutout)[0] > 400) == ("transparency", True)


@pytest.mark.parametrize("diameter", [110, 64])
def test_an_object_of_a_thousandth_of_the_picture_is_found(diameter: int, u2netp: Path) -> None:
    picture = table(1600)
    ball(diameter, (1100, 500), picture)
    cutout = cut(photo_of(picture), model="u2netp")
    assert centre(cutout) == pytest.approx((1100 + diameter / 2, 500 + diameter / 2), abs=0.3 * diameter)
    assert "too_small" in codes(cutout)


def test_an_object_too_thin_for_a_shape_is_refused() -> None:
    strip = Image.new("RGBA", (1200, 400), (0, 0, 0, 0))
    ImageDraw.Draw(strip).rectangle((20, 190, 1180, 215), fill=(200, 50, 40, 255))
    with pytest.raises(ReconstructionError) as error:
        cut(photo_of(strip))
    assert error.value.code == "too_thin"


def test_a_pen_from_close_up_is_not_too_thin() -> None:
    pen = Image.new("RGBA", (1400, 400), (0, 0, 0, 0))
    ImageDraw.Draw(pen).rectangle((20, 150, 1380, 250), fill=(200, 50, 40, 255))
    assert cut(photo_of(pen), mask="alpha").method == "transparency"


def test_a_rotated_photo_with_transparent_corners_loses_its_background(u2netp: Path) -> None:
    picture = two_balls().crop((0, 150, 440, 650)).convert("RGBA").rotate(7, expand=True)
    cutout = cut(photo_of(picture), model="u2netp")
    assert (cutout.method, codes(cutout)[0]) == ("rembg:u2netp", "transparency_ignored")
    assert cutout.box[2] - cutout.box[0] < 450


def test_the_mask_can_be_chosen(u2netp: Path) -> None:
    picture = on_meadow().convert("RGBA").rotate(7, expand=True)
    assert cut(photo_of(picture), mask="alpha").method == "transparency"
    assert cut(photo_of(mushroom()), mask="remove", model="u2netp").method == "rembg:u2netp"


def test_an_object_that_is_faint_throughout_is_an_object() -> None:
    faint = np.array(mushroom())
    faint[..., 3] = faint[..., 3] // 2 - faint[..., 3] // 20
    cutout = cut(photo_of(Image.fromarray(faint)))
    assert cutout.method == "transparency"
    assert silhouette_iou(cutout) > 0.95
