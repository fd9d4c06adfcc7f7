"""How people call the settings of a recipe and their values, on pages and in the API."""

from __future__ import annotations

LABELS = {
    "engine": "Engine",
    "quality": "Quality",
    "remove_background": "Remove background",
    "foreground_ratio": "Object size in frame",
    "mask": "Cut out by",
    "subject": "Chosen object",
    "grid": "Grid resolution",
    "threshold": "Threshold",
    "faces": "Maximum faces",
    "texture_size": "Texture size",
    "frame_size": "Frame size (px)",
    "frame_count": "Turntable frames",
    "elevation": "Camera elevation (°)",
    "height_mm": "Size (mm)",
    "size_axis": "Measured along",
    "base": "Base",
    "depth": "Depth",
    "relight": "Remove the photo’s lighting",
    "largest_part": "Keep only the largest part",
    "sides": "Sides",
    "renderer": "Turntable shows",
    "background": "Turntable background",
    "formats": "File formats",
}
"""One label for each setting."""
QUALITY_LABELS = {"draft": "Draft", "standard": "Standard", "high": "High"}
QUALITY_HINTS = {"draft": "quick preview", "standard": "best for most photos", "high": "most detail, slowest"}
SIDE_LABELS = {"front": "Front", "right": "Right", "back": "Back", "left": "Left", "auto": "Auto-detect"}
RENDERER_LABELS = {"mesh": "Textured mesh", "nerf": "Scene (volume rendering)"}
SIZE_AXIS_LABELS = {"longest": "The longest side", "height": "The height"}
BASE_LABELS = {
    "auto": "Flat if that makes it stand",
    "none": "None",
    "flat": "Flat cut",
    "plate": "Plate",
}
BACKGROUND_LABELS = {"transparent": "Transparent", "#ffffff": "White", "#808080": "Grey", "#000000": "Black"}
MASK_LABELS = {
    "auto": "Automatic",
    "alpha": "The picture’s transparency",
    "remove": "Background removal",
}
