import json
from pathlib import Path

from ml.training import curve, supply


def shard(folder: Path, name: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "names.txt").write_text("one")


def test_a_fresh_folder_wants_the_held_out_set_first_and_then_samples(tmp_path):
    held, data = supply.wanted(tmp_path, None, 1000)
    assert "--held-out" in held and held[0].endswith("held_shapes")
    assert data[-1] == "1000" and "--meshes" not in data


def test_meshes_of_the_users_own_make_up_most_of_the_samples(tmp_path):
    calls = supply.wanted(tmp_path, Path("mine"), 1000)
    counts = {("--meshes" in call): call[-1] for call in calls if "--held-out" not in call}
    assert counts == {True: "600", False: "400"}


def test_what_is_there_is_kept_and_new_samples_get_a_new_seed(tmp_path):
    shard(tmp_path / "held_shapes", "shapes_900_0000")
    shard(tmp_path / "data", "shapes_1_0000")
    (call,) = supply.wanted(tmp_path, None, 1000)
    assert call[call.index("--seed") + 1] == "2"
    assert call[-1] == str(1000 - 256)


def test_enough_samples_want_no_more(tmp_path):
    shard(tmp_path / "held_shapes", "shapes_900_0000")
    shard(tmp_path / "data", "shapes_1_0000")
    assert supply.wanted(tmp_path, None, 200) == []


def test_the_curve_has_a_line_for_each_held_out_set(tmp_path):
    rows = [
        {"samples": 100 * step, "held_meshes": {"iou": 0.1 * step}, "held_shapes": {"iou": 0.2 * step}}
        for step in (1, 2)
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    curve.draw(tmp_path / "log.jsonl", tmp_path / "curve.svg")
    picture = (tmp_path / "curve.svg").read_text()
    assert picture.count("<polyline") == 6
    assert "volumetric IoU: 0.1 to 0.4, 200 samples" in picture
