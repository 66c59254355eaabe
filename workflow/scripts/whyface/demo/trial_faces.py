"""Two faces to try engines on: drawn, so that the outcome does not depend on the datasets of a run."""

import numpy as np

from whyface.demo.people.people import draw_person
from whyface.demo.people.photos import draw_photo
from whyface.demo.people.render import render
from whyface.faces.alignment import crop_five_point


def draw_trial_faces(side_px: int) -> np.ndarray:
    """Draw two people, always the same, as crops: uint8, 2 x side_px x side_px x 3."""
    taken = [render(draw_person(seed), draw_photo(seed, 0)) for seed in (0, 1)]
    return np.stack([crop_five_point(one.image, one.landmarks, side_px) for one in taken])
