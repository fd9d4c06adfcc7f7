"""Frames to a video that every browser and phone can play."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Color, composite

FRAMES_PER_SECOND = 15
"""A turn of 30 frames takes two seconds."""
BACKGROUND: Color = (244, 245, 247)
"""The light background of transparent frames."""
MAX_ERROR_LENGTH = 500
"""Characters of ffmpeg's message that are reported, from its end."""


def write(frames: Sequence[NDArray[np.uint8]], path: Path) -> None:
    """Write (H, W, 4) straight-alpha frames as H.264 (yuv420p, index at the front), each once: a full turn loops.

    Odd sides lose their last row or column. Raises RuntimeError with ffmpeg's message when it fails.
    """
    height, width = (side - side % 2 for side in frames[0].shape[:2])
    picture = b"".join(composite(frame[:height, :width], BACKGROUND).tobytes() for frame in frames)
    run = subprocess.run([*_command(width, height), str(path)], input=picture, capture_output=True, check=False)
    if run.returncode != 0:
        message = run.stderr.decode(errors="replace")[-MAX_ERROR_LENGTH:]
        raise RuntimeError(f"ffmpeg could not write the video: {message}")


def _command(width: int, height: int) -> list[str]:
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(FRAMES_PER_SECOND), "-i", "-"]
    colors = ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709", "-color_primaries", "bt709"]
    coding = ["-c:v", "libx264", "-preset", "medium", "-crf", "18", "-pix_fmt", "yuv420p", "-color_trc", "iec61966-2-1"]
    plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart"]
    return [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *source, *colors, *coding, *plain]
