import numpy as np

from ml.training import augment, dataset
from ml.training.conventions import Sample


def sample() -> Sample:
    return next(dataset.make_samples(dataset.generate_objects(4), 1, 4))[1]


def tall_block() -> Sample:
    """A batch of one tall block in the middle whose front leans from left to right."""
    cover = np.zeros((1, 128, 128), np.uint8)
    cover[:, 10:118, 48:80] = 255
    depths = np.full((1, 64, 64, 3), np.nan, np.float16)
    depths[:, 5:59, 24:40] = np.linspace(-0.3, 0.3, 16)[:, None]
    return {
        "picture": np.repeat(cover[..., None], 3, axis=3),
        "cover": cover,
        "occupancy": np.isfinite(depths[..., :1]).repeat(64, axis=3).astype(np.uint8),
        "depths": depths,
        "back": np.zeros((1, 64, 64, 3), np.uint8),
        "angles": np.zeros((1, 3), np.float32),
    }


def test_mirroring_flips_picture_and_target_together() -> None:
    batch = {key: np.stack([values] * 8) for key, values in sample().items()}
    mirrored = augment.mirror(batch, np.random.default_rng(0))
    flipped = [not np.array_equal(cover, batch["cover"][0]) for cover in mirrored["cover"]]
    assert 0 < sum(flipped) < 8
    depths = mirrored["depths"][flipped.index(True)]
    assert np.array_equal(depths, batch["depths"][0][:, ::-1], equal_nan=True)


def test_degraded_photos_stay_in_range_and_keep_most_of_the_mask() -> None:
    rng, original = np.random.default_rng(1), sample()
    for _ in range(20):
        picture, mask = augment.degrade(original["picture"], original["cover"], rng)
        assert picture.min() >= 0.0 and picture.max() <= 1.0
        assert ((mask > 0.5) == (original["cover"] > 127)).mean() > 0.85


def test_stretching_changes_the_width_in_every_target_and_keeps_the_depths() -> None:
    widths = set()
    for seed in range(12):
        stretched = augment.stretch(tall_block(), np.random.default_rng(seed))
        width = (stretched["cover"][0, 64] > 0).sum()
        visible = np.isfinite(stretched["depths"][0, 32, :, 0])
        front = stretched["depths"][0, 32, visible, 0]
        assert abs(visible.sum() * 2 - width) <= 2
        assert np.array_equal(visible, stretched["occupancy"][0, 32, :, 0] > 0)
        assert front.min() < -0.25 and front.max() > 0.25
        widths.add(int(width))
    assert min(widths) < 30 and max(widths) > 34


def test_a_wide_object_is_not_stretched_because_it_fills_the_frame() -> None:
    wide = {key: values.swapaxes(1, 2) if values.ndim > 2 else values for key, values in tall_block().items()}
    for seed in range(6):
        assert np.array_equal(augment.stretch(wide, np.random.default_rng(seed))["cover"], wide["cover"])
