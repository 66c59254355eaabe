"""Twins: pairs of photos that differ in one region only, so that it is known what an explanation should point at.

The photos of a shot share every circumstance, including background and noise. Either one or two parts of the face are
another person's (an impostor pair), or an object is held in front of one region (a genuine pair). Skin around an
exchanged part follows its shape, so the mask of each pair says what really changed. A second shot repeats some
exchanges in another pose, where the part lies elsewhere in the image; nothing but the pose differs between the shots.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from whyface.demo.people.people import PARTS, Person, draw_person, exchange, part_of
from whyface.demo.people.photos import COVERS, Photo, draw_photo
from whyface.demo.people.plans import Picture, Plan, Somebody, person_seed

PEOPLE_A_FOLD = 2
DONORS = 6
YAW_DEG = (-20, 20)
# Parts that are exchanged, alone and two at once: small and large differences. Some of them again in another pose.
EXCHANGES = (*PARTS, "brows and eyes", "nose and mouth")
IN_OTHER_POSE = ("hair", "brows and eyes", "nose and mouth")
EXCHANGED, COVERED, POSED, REPEATED = "exchanged", "covered", "posed", "repeated"


def plan_twins(folds: int, seed: int) -> Plan:
    """Plan photos and `pairs.csv`: `image_a,image_b,is_genuine,region,kind`, without folds.

    Each person's base photo is compared with all of their other photos: exchanged and covered twins of the same shot,
    the exchanged ones of the second shot (posed), and its base photo (repeated).

    Parameters
    ----------
    folds : int
        `PEOPLE_A_FOLD` people for each; the list itself has no folds.
    seed : int
        Another seed gives other people.
    """
    people = PEOPLE_A_FOLD * folds
    lines, pictures = ["image_a,image_b,is_genuine,region,kind"], []
    for number in range(1, people + 1):
        base, *others = _plan_person(number, people, seed)
        lines += [_list_pair(base, other) for other in others]
        pictures += [base, *others]
    return Plan(pictures, {"pairs.csv": "\n".join(lines) + "\n"})


def _list_pair(base: Picture, other: Picture) -> str:
    part = other.somebody.mixture
    of_exchange, of_none = (EXCHANGED, COVERED) if other.twin_of == base.image_id else (POSED, REPEATED)
    region, kind = (part, of_exchange) if part else (other.photo.cover, of_none)
    return f"{base.image_id},{other.image_id},{int(not part)},{region},{kind}"


def _plan_person(number: int, people: int, seed: int) -> Iterator[Picture]:
    """Yield the base photo, then its twins; then those of the second shot."""
    own = person_seed(seed, number)
    somebody = Somebody(number, own, draw_person(own))
    mixed = {}
    for index, parts in enumerate(EXCHANGES):
        first = people + DONORS * ((number - 1) * len(EXCHANGES) + index)
        donor = _choose_donor(somebody.person, parts, [person_seed(seed, first + k) for k in range(1, DONORS + 1)])
        mixed[parts] = somebody._replace(person=_mix(somebody.person, donor, parts), mixture=parts, mixed_with=donor)
    photo, other = (draw_photo(somebody.seed, shot, yaw_deg=YAW_DEG) for shot in (1, 2))
    photo = replace(photo, glasses="none", cover="none")
    yield from _plan_shot(somebody, list(mixed.values()), 1, photo, COVERS)
    turned = replace(photo, yaw_deg=other.yaw_deg, pitch_deg=other.pitch_deg)
    yield from _plan_shot(somebody, [mixed[parts] for parts in IN_OTHER_POSE], 2, turned, ())


def _plan_shot(
    somebody: Somebody, mixed: list[Somebody], shot: int, photo: Photo, covers: tuple[str, ...]
) -> Iterator[Picture]:
    """Yield the base photo of a shot, then its twins."""
    ending = f"_{shot}.jpg" if shot > 1 else ".jpg"
    base = f"{somebody.name}/base{ending}"
    yield Picture(base, base, somebody.name, shot, somebody, photo)
    for twin in mixed:
        parts = twin.mixture.replace(" ", "_")
        subject = f"{somebody.name}_{parts}"
        name = f"{subject}/{parts}_{EXCHANGED}{ending}"
        yield Picture(name, name, subject, shot, twin, photo, base)
    for number, cover in enumerate(covers, start=3):
        name = f"{somebody.name}/{cover}_{COVERED}{ending}"
        yield Picture(name, name, somebody.name, number, somebody, replace(photo, cover=cover), base)


def _mix(person: Person, donor: int, parts: str) -> Person:
    """Give a person one or two parts of another."""
    for part in parts.split(" and "):
        person = exchange(person, draw_person(donor), part)
    return person


def _choose_donor(person: Person, parts: str, seeds: list[int]) -> int:
    """Choose the seed whose person differs most in these parts, so that the exchange is visible."""
    names = [name for name in person if part_of(name) in parts.split(" and ")]
    donors = np.array([[donor[name] for name in names] for donor in map(draw_person, seeds)])
    gaps = np.abs(donors - [person[name] for name in names])
    return seeds[int(np.argmax((gaps / np.maximum(donors.std(axis=0), 1e-9)).mean(axis=1)))]
