"""The object's upright mirror planes: which angles around the vertical they have, as the network predicts them.

One photo rarely shows enough of both sides to find the plane in it; a network that has seen many symmetric objects
recognises a car's side. An angle is the one by which the plane is turned about the vertical from the plane that
contains the camera: at 0 the photo shows the object from its front (or back), at 90° from its side.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

ANGLES = 36
"""Planes that are told apart, 180° / ANGLES from one to the next."""


def normals() -> Tensor:
    """(ANGLES, 2) horizontal unit normals, in the x and y of a scene whose camera has azimuth 0."""
    angle = torch.arange(ANGLES) * (math.pi / ANGLES)
    return torch.stack([-angle.sin(), angle.cos()], dim=1)


def mirror_image(values: Tensor) -> Tensor:
    """(..., ANGLES) values of a picture's planes -> those of its mirror image: each angle becomes its negative."""
    return torch.cat([values[..., :1], values[..., 1:].flip(-1)], dim=-1)
