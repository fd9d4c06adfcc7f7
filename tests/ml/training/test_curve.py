import json
from pathlib import Path

from ml.training import curve


def test_the_curve_has_a_line_for_each_held_out_set(tmp_path: Path) -> None:
    rows = [
        {"samples": 100 * step, "held_meshes": {"iou": 0.1 * step}, "held_shapes": {"iou": 0.2 * step}}
        for step in (1, 2)
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    curve.draw(tmp_path / "log.jsonl", tmp_path / "curve.svg")
    picture = (tmp_path / "curve.svg").read_text()
    assert picture.count("<polyline") == 6
    assert "volumetric IoU: 0.1 to 0.4, 200 samples" in picture
