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
