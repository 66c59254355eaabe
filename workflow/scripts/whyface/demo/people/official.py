"""Plans the benchmarks in the layouts of LFW, CFP and CALFW, with their pair lists. No person is in two folds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, product

import numpy as np

from whyface.demo.people.people import grow_older
from whyface.demo.people.photos import draw_photo
from whyface.demo.people.plans import Pairs, Picture, Plan, Somebody, choose_pairs, draw_fold, drift_seed

LFW_PEOPLE, LFW_PHOTOS, LFW_PAIRS = 10, 3, 30
CFP_PEOPLE, CFP_PAIRS = 7, 20
# The range of yaw of each photo of a person, by pose.
CFP_YAWS_DEG = {"frontal": [(-12.0, 12.0)] * 3, "profile": [(75.0, 90.0), (-90.0, -75.0)]}
CALFW_PEOPLE, CALFW_PAIRS = 7, 20
# Nearly frontal, so that only age makes it hard.
CALFW_YAW_DEG = (-15, 15)
# Ages in the four photos of each person, so that gaps of 0 to 57 years are about equally frequent.
CALFW_AGES_YEARS = ((18.0, 28.0), (24.0, 38.0), (38.0, 56.0), (58.0, 75.0))
YOUNGEST_YEARS, OLDEST_YEARS = 18, 75
# How far a head's shape moves towards another head's, from the youngest age to the oldest.
CALFW_DRIFT = 0.6


def plan_lfw(folds: int, seed: int) -> Plan:
    """Plan `Name/Name_0001.jpg` and `pairs.txt`: per fold 10 people, 3 photos each, and 30 pairs of either class."""
    members = _photograph_folds(folds, LFW_PEOPLE, seed, _photograph_lfw)
    lines = [f"{folds}\t{LFW_PAIRS}"]
    for fold, pictures in enumerate(members):
        pairs = choose_pairs(combinations(pictures, 2), LFW_PAIRS, _chance(seed, fold))
        lines += [f"{a.subject_id}\t{a.number}\t{b.number}" for a, b in pairs.genuine]
        lines += [f"{a.subject_id}\t{a.number}\t{b.subject_id}\t{b.number}" for a, b in pairs.impostor]
    return Plan(_flatten(members), {"pairs.txt": _join(lines)})


def _photograph_lfw(one: Somebody) -> Iterator[Picture]:
    for number in range(1, LFW_PHOTOS + 1):
        image_id = f"{one.name}/{one.name}_{number:04d}.jpg"
        yield Picture(image_id, image_id, one.name, number, one, draw_photo(one.seed, number))


def plan_cfp(folds: int, seed: int) -> Plan:
    """Plan `Data/Images/001/...` and `Protocol`: per fold 7 people, each 3 times frontal and once from either side.

    FF and FP have 20 pairs of either class in each fold.
    """
    members = _photograph_folds(folds, CFP_PEOPLE, seed, _photograph_cfp)
    lists: dict[str, str] = {}
    index: dict[str, int] = {}
    for pose in CFP_YAWS_DEG:
        pictures = _keep_pose(_flatten(members), pose)
        index |= {one.image_id: number for number, one in enumerate(pictures, start=1)}
        lines = [f"{index[one.image_id]} ../{one.path}" for one in pictures]
        lists[f"Protocol/Pair_list_{pose[0].upper()}.txt"] = _join(lines)
    for fold, pictures in enumerate(members):
        frontal, profile = (_keep_pose(pictures, pose) for pose in CFP_YAWS_DEG)
        rng = _chance(seed, fold)
        for split, candidates in (("FF", combinations(frontal, 2)), ("FP", product(frontal, profile))):
            pairs = choose_pairs(candidates, CFP_PAIRS, rng)
            lists |= _list_split(f"Protocol/Split/{split}/{fold + 1:02d}", pairs, index)
    return Plan(_flatten(members), lists)


def _keep_pose(pictures: list[Picture], pose: str) -> list[Picture]:
    return [one for one in pictures if f"/{pose}/" in one.image_id]


def _list_split(folder: str, pairs: Pairs, index: dict[str, int]) -> dict[str, str]:
    named = {"same": pairs.genuine, "diff": pairs.impostor}
    lines = {name: [f"{index[a.image_id]},{index[b.image_id]}" for a, b in chosen] for name, chosen in named.items()}
    return {f"{folder}/{name}.txt": _join(lines[name]) for name in named}


def _photograph_cfp(one: Somebody) -> Iterator[Picture]:
    photo_seed = 0
    for pose, yaws_deg in CFP_YAWS_DEG.items():
        for number, yaw_deg in enumerate(yaws_deg, start=1):
            photo_seed += 1
            photo = draw_photo(one.seed, photo_seed, yaw_deg=yaw_deg)
            image_id = f"{one.number:03d}/{pose}/{number:02d}.jpg"
            yield Picture(image_id, f"Data/Images/{image_id}", f"{one.number:03d}", number, one, photo)


def plan_calfw(folds: int, seed: int) -> Plan:
    """Plan `Name_0001.jpg` in one folder, `pairs_CALFW.txt`, and `images.csv` with every `age_years`.

    Per fold 7 people, each at 4 ages, and 20 pairs of either class with gaps of all sizes. In this format impostor
    pairs have no fold. They are listed in the order of the folds, because readers of the format cut them into
    contiguous parts.
    """
    members = _photograph_folds(folds, CALFW_PEOPLE, seed, _photograph_calfw)
    genuine, impostor = [], []
    for fold, pictures in enumerate(members):
        pairs = choose_pairs(combinations(pictures, 2), CALFW_PAIRS, _chance(seed, fold), _decades_apart)
        genuine += [f"{one.image_id} {fold + 1}" for pair in pairs.genuine for one in pair]
        impostor += [f"{one.image_id} 0" for pair in pairs.impostor for one in pair]
    pictures = _flatten(members)
    ages = ["image_id,age_years", *(f"{one.image_id},{one.photo.age_years}" for one in pictures)]
    return Plan(pictures, {"pairs_CALFW.txt": _join(genuine + impostor), "images.csv": _join(ages)})


def _photograph_calfw(one: Somebody) -> Iterator[Picture]:
    for number, ages_years in enumerate(CALFW_AGES_YEARS, start=1):
        photo = draw_photo(one.seed, number, yaw_deg=CALFW_YAW_DEG, age_years=ages_years)
        # Rounded, so that the truth equals images.csv to the last digit.
        photo = replace(photo, age_years=round(photo.age_years, 1))
        share = CALFW_DRIFT * (photo.age_years - YOUNGEST_YEARS) / (OLDEST_YEARS - YOUNGEST_YEARS)
        then = one._replace(person=grow_older(one.person, drift_seed(one.seed), share))
        image_id = f"{one.name}_{number:04d}.jpg"
        yield Picture(image_id, f"images&landmarks/images/{image_id}", one.name, number, then, photo)


def _decades_apart(a: Picture, b: Picture) -> int:
    return min(int(abs(a.photo.age_years - b.photo.age_years)) // 10, 4)


def _photograph_folds(
    folds: int, size: int, seed: int, photograph: Callable[[Somebody], Iterator[Picture]]
) -> list[list[Picture]]:
    return [[picture for one in draw_fold(fold, size, seed) for picture in photograph(one)] for fold in range(folds)]


def _flatten(members: list[list[Picture]]) -> list[Picture]:
    return [picture for pictures in members for picture in pictures]


def _chance(seed: int, fold: int) -> np.random.Generator:
    return np.random.default_rng([seed, 7, fold])


def _join(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
