"""Twins: pairs of photos that differ in one region only, so that it is known what an explanation should point at.

The photos of a pair share every circumstance, including background and noise. Either one part of the face is another
person's (an impostor pair), or an object is held in front of one region (a genuine pair). Skin around an exchanged part
follows its shape, so the mask of each pair says what really changed.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from whyface.demo.people.people import PARTS, Person, draw_person, exchange, part_of
from whyface.demo.people.photos import COVERS, draw_photo
from whyface.demo.people.plans import Picture, Plan, Somebody, person_seed

PEOPLE_A_FOLD = 2
DONORS = 6
YAW_DEG = (-20, 20)
EXCHANGED, COVERED = "exchanged", "covered"


def plan_twins(folds: int, seed: int) -> Plan:
    """Plan photos and `pairs.csv`: `image_a,image_b,is_genuine,region,kind`, without folds.

    Parameters
    ----------
    folds : int
        `PEOPLE_A_FOLD` people for each; the list itself has no folds.
    seed : int
        Another seed gives other people.
    """
    people = PEOPLE_A_FOLD * folds
    pictures = [picture for number in range(1, people + 1) for picture in _plan_person(number, people, seed)]
    lines = ["image_a,image_b,is_genuine,region,kind"]
    for picture in pictures:
        if picture.twin_of is not None:
            is_genuine = int(not picture.somebody.mixture)
            region, kind = (picture.somebody.mixture, EXCHANGED) if not is_genuine else (picture.photo.cover, COVERED)
            lines.append(f"{picture.twin_of},{picture.image_id},{is_genuine},{region},{kind}")
    return Plan(pictures, {"pairs.csv": "\n".join(lines) + "\n"})


def _plan_person(number: int, people: int, seed: int) -> Iterator[Picture]:
    """Yield the base photo, then its twins."""
    own = person_seed(seed, number)
    somebody = Somebody(number, own, draw_person(own))
    photo = replace(draw_photo(own, 1, yaw_deg=YAW_DEG), glasses="none", cover="none")
    base = f"{somebody.name}/base.jpg"
    yield Picture(base, base, somebody.name, 1, somebody, photo)
    for index, part in enumerate(PARTS):
        first = people + DONORS * ((number - 1) * len(PARTS) + index)
        donor = _choose_donor(somebody.person, part, [person_seed(seed, first + k) for k in range(1, DONORS + 1)])
        mixed = exchange(somebody.person, draw_person(donor), part)
        twin = somebody._replace(person=mixed, mixture=part, mixed_with=donor)
        name = f"{somebody.name}_{part}/{part}_{EXCHANGED}.jpg"
        yield Picture(name, name, f"{somebody.name}_{part}", 1, twin, photo, base)
    for number, cover in enumerate(COVERS, start=2):
        name = f"{somebody.name}/{cover}_{COVERED}.jpg"
        yield Picture(name, name, somebody.name, number, somebody, replace(photo, cover=cover), base)


def _choose_donor(person: Person, part: str, seeds: list[int]) -> int:
    """Choose the seed whose person differs most in this part, so that the exchange is visible."""
    names = [name for name in person if part_of(name) == part]
    donors = np.array([[donor[name] for name in names] for donor in map(draw_person, seeds)])
    gaps = np.abs(donors - [person[name] for name in names])
    return seeds[int(np.argmax((gaps / np.maximum(donors.std(axis=0), 1e-9)).mean(axis=1)))]
