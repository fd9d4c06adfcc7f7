from itertools import islice

import numpy as np

from ml.training import augment, dataset, render
from ml.training.train import gather, open_shards, to_batch
from tests.ml.training.solids import ball


def test_a_seed_always_gives_the_same_samples():
    one, two = (list(dataset.samples(dataset.generated(3), 2, 3)) for _ in range(2))
    assert [name for name, _ in one] == [name for name, _ in two]
    assert all(np.array_equal(one[1][1][key], two[1][1][key], equal_nan=True) for key in one[1][1])


def test_a_shard_comes_back_as_a_batch(tmp_path):
    dataset.write(tmp_path, dataset.samples(dataset.generated(3), 3, 3), "shapes_3")
    batch = to_batch(gather(open_shards(tmp_path), np.array([[0, 2], [0, 0]])), None)
    assert batch["inputs"].shape == (2, 5, render.PICTURE, render.PICTURE)
    assert batch["occupancy"].shape == (2, render.GRID, render.GRID, render.BINS)
    assert batch["seen"].any() and batch["depths"][batch["seen"]].isfinite().all()
    filled = batch["occupancy"].bool().any(dim=-1)
    assert (filled | ~batch["seen"]).all()


def test_every_object_comes_once_a_round():
    shapes = [ball(), ball(0.5), ball(0.3)]
    first = list(islice(dataset.shuffled(shapes, 1), 6))
    assert {id(each) for each in first[:3]} == {id(each) for each in first[3:]} == {id(each) for each in shapes}


def test_mirroring_turns_picture_and_target_together():
    _, sample = next(dataset.samples(dataset.generated(4), 1, 4))
    batch = {key: np.stack([values] * 8) for key, values in sample.items()}
    mirrored = augment.mirror(batch, np.random.default_rng(0))
    flipped = [not np.array_equal(each, batch["cover"][0]) for each in mirrored["cover"]]
    assert 0 < sum(flipped) < 8
    turned = mirrored["depths"][flipped.index(True)]
    assert np.array_equal(turned, batch["depths"][0][:, ::-1], equal_nan=True)


def test_photo_faults_stay_in_range_and_keep_most_of_the_mask():
    rng = np.random.default_rng(1)
    _, sample = next(dataset.samples(dataset.generated(4), 1, 4))
    for _ in range(20):
        picture, mask = augment.photograph(sample["picture"], sample["cover"], rng)
        assert picture.min() >= 0.0 and picture.max() <= 1.0
        assert ((mask > 0.5) == (sample["cover"] > 127)).mean() > 0.85


def tall() -> dict[str, np.ndarray]:
    """A sample of one tall block in the middle, its near side leaning from left to right."""
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


def test_a_stretched_object_is_as_wide_in_every_target_and_as_deep_as_before():
    widths = set()
    for seed in range(12):
        found = augment.stretch(tall(), np.random.default_rng(seed))
        wide = (found["cover"][0, 64] > 0).sum()
        seen = np.isfinite(found["depths"][0, 32, :, 0])
        assert abs(seen.sum() * 2 - wide) <= 2
        assert np.array_equal(seen, found["occupancy"][0, 32, :, 0] > 0)
        assert found["depths"][0, 32, seen, 0].min() < -0.25 and found["depths"][0, 32, seen, 0].max() > 0.25
        widths.add(int(wide))
    assert min(widths) < 30 and max(widths) > 34


def test_a_wide_object_keeps_its_width_since_it_fills_the_frame():
    lying = {key: values.swapaxes(1, 2) if values.ndim > 2 else values for key, values in tall().items()}
    for seed in range(6):
        assert np.array_equal(augment.stretch(lying, np.random.default_rng(seed))["cover"], lying["cover"])
