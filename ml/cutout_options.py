"""How one photo is cut out: the part of a recipe that the preview on the upload page needs too."""

from __future__ import annotations

from dataclasses import dataclass

from ml.recipe import Recipe


@dataclass(frozen=True)
class CutoutOptions:
    """`mask`: one of `ml.recipe.MASKS`. `subject`: a point of the object, as in `Recipe`."""

    remove_background: bool = True
    mask: str = Recipe.mask
    subject: tuple[float, float] | None = None

    @classmethod
    def of_photo(cls, recipe: Recipe, number: int) -> CutoutOptions:
        """The options of the photo with this index; a recipe's point is on the main photo, number 0."""
        point = (recipe.subject[0], recipe.subject[1]) if recipe.subject and number == 0 else None
        return cls(recipe.remove_background, recipe.mask, point)
