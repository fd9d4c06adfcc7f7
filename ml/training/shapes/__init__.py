"""Generated objects: families of shapes with many free parameters, each a function of a random generator.

`generate(seed)` gives one object. Families in `HELD_OUT` are never trained on: they show how the network does on kinds
of objects that it has not seen.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml.training.meshes import ColoredMesh, normalized
from ml.training.shapes import buildings, creatures, furniture, things, vehicles, vessels
from ml.training.shapes.parts import Part, Rng

Family = Callable[[Rng], list[Part]]

FAMILIES: tuple[Family, ...] = (
    *(
        furniture.chair,
        furniture.chair,
        furniture.stool,
        furniture.table,
        furniture.desk,
        furniture.sofa,
        furniture.bed,
    ),
    *(furniture.shelf, furniture.cabinet),
    *(vessels.vase, vessels.turned_body, vessels.bottle, vessels.spray_bottle, vessels.cup, vessels.bowl),
    *(vessels.barrel, vessels.plant_pot, vessels.bucket),
    *(vehicles.car, vehicles.car, vehicles.truck, vehicles.bus, vehicles.aeroplane, vehicles.boat, vehicles.bicycle),
    *(vehicles.train_engine,),
    *(creatures.quadruped, creatures.quadruped, creatures.elephant, creatures.bird, creatures.fish, creatures.turtle),
    *(creatures.person, creatures.person, creatures.robot),
    *(
        buildings.house,
        buildings.house,
        buildings.tower,
        buildings.tree,
        buildings.rock,
        buildings.fence,
        buildings.bridge,
    ),
    *(things.floor_lamp, things.shoe, things.backpack, things.hydrant, things.tool, things.guitar, things.burger),
    *(things.fruit, things.cake, things.hat, things.screen, things.camera, things.chest, things.sign),
    *(things.composition,) * 5,
)
"""Trained on; a family that is listed twice is drawn twice as often."""
HELD_OUT: tuple[Family, ...] = (
    *(vessels.teapot, vehicles.helicopter, creatures.teddy, buildings.mushroom, buildings.castle),
    *(things.desk_lamp, things.laptop),
)


def generate(seed: int, families: tuple[Family, ...] = FAMILIES) -> ColoredMesh:
    """The object of this seed: upright, centred, its longest side 2; named after family and seed."""
    rng = np.random.default_rng(seed)
    family = families[int(rng.integers(len(families)))]
    return normalized(join(f"{family.__name__}_{seed}", family(rng)))


def join(name: str, parts: list[Part]) -> ColoredMesh:
    """One mesh of all parts; they may overlap, since rays count how many parts they are inside."""
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    return ColoredMesh(
        name,
        np.concatenate([part.vertices for part in parts]).astype(np.float32),
        np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=False)]),
        np.concatenate([np.broadcast_to(part.color, (len(part.faces), 3)) for part in parts]).astype(np.float32),
    )
