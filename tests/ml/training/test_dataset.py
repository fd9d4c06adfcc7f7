from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from ml.engines.compact.network import BINS, GRID, PICTURE
from ml.training import dataset
from ml.training.train import gather, open_shards, to_batch
from tests.ml.training.primitives import ball


def test_a_seed_always_gives_the_same_samples() -> None:
    one, two = (list(dataset.make_samples(dataset.generate_objects(3), 2, 3)) for _ in range(2))
    assert [name for name, _ in one] == [name for name, _ in two]
    assert all(np.array_equal(one[1][1][key], two[1][1][key], equal_nan=True) for key in one[1][1])


def test_a_shard_is_read_back_as_a_batch(tmp_path: Path) -> None:
    dataset.write_shards(tmp_path, dataset.make_samples(dataset.generate_objects(3), 3, 3), "shapes_3")
    batch = to_batch(gather(open_shards(tmp_path), np.array([[0, 2], [0, 0]])), None)
    assert batch["inputs"].shape == (2, 5, PICTURE, PICTURE)
    assert batch["occupancy"].shape == (2, GRID, GRID, BINS)
    silhouette = batch["silhouette"]
    assert silhouette.any() and batch["depths"][silhouette].isfinite().all()
    assert (batch["occupancy"].bool().any(dim=-1) | ~silhouette).all()


def test_every_object_appears_once_per_round() -> None:
    shapes = [ball(), ball(0.5), ball(0.3)]
    drawn = [id(shape) for shape in islice(dataset.shuffled(shapes, 1), 6)]
    assert set(drawn[:3]) == set(drawn[3:]) == {id(shape) for shape in shapes}


def test_one_object_in_six_is_made_out_of_others() -> None:
    names = [mesh.name for mesh in islice(dataset.with_composites([ball(), ball(0.5)], 1), 12)]
    assert [name.startswith("composite_") for name in names] == [False, False, False, False, False, True] * 2


def test_a_family_of_similar_objects_is_drawn_less_often() -> None:
    shapes = [replace(ball(), name=f"brick_{number}") for number in range(100)]
    drawn = [
        mesh.name for mesh in islice(dataset.shuffled([*shapes, replace(ball(), name="lamp")], 1, diverse=True), 220)
    ]
    assert 10 <= drawn.count("lamp") <= 40  # about ten bricks and one lamp in a round
