from pathlib import Path

from ml.training import supply


def make_shard(folder: Path, name: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "names.txt").write_text("one")


def test_an_empty_folder_gets_the_held_out_set_first_and_then_samples(tmp_path: Path) -> None:
    held_out, data = supply.missing_calls(tmp_path, None, 1000)
    assert "--held-out" in held_out and held_out[0].endswith("held_shapes")
    assert data[-1] == "1000" and "--meshes" not in data


def test_the_users_meshes_make_up_most_of_the_samples(tmp_path: Path) -> None:
    calls = supply.missing_calls(tmp_path, Path("mine"), 1000)
    counts = {("--meshes" in call): call[-1] for call in calls if "--held-out" not in call}
    assert counts == {True: "600", False: "400"}


def test_chunks_of_both_sources_alternate(tmp_path: Path) -> None:
    calls = supply.missing_calls(tmp_path, Path("mine"), 5 * supply.CHUNK)
    sources = ["--meshes" in call for call in calls if "--held-out" not in call]
    assert sources == [True, False, True, True, False]


def test_existing_shards_are_kept_and_new_samples_get_a_new_seed(tmp_path: Path) -> None:
    make_shard(tmp_path / "held_shapes", "shapes_900_0000")
    make_shard(tmp_path / "data", "shapes_1_0000")
    (call,) = supply.missing_calls(tmp_path, None, 1000)
    assert call[call.index("--seed") + 1] == "2"
    assert call[-1] == str(1000 - 256)


def test_nothing_is_made_when_there_are_enough_samples(tmp_path: Path) -> None:
    make_shard(tmp_path / "held_shapes", "shapes_900_0000")
    make_shard(tmp_path / "data", "shapes_1_0000")
    assert supply.missing_calls(tmp_path, None, 200) == []
