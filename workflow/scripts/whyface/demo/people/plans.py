"""Plans of benchmarks, before any pixel is drawn: who is photographed how, and which photos are compared."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from whyface.demo.people.people import Person, draw_person, look_alike
from whyface.demo.people.photos import Photo

LOOK_ALIKE = "look-alike"
LIKENESS = 0.4
# One in this many impostor pairs shows look-alikes.
ALIKE_EVERY = 4
# Seeds of people: those below this belong to the demo model's training; each benchmark seed has its own range above.
FIRST_SEED = 10_000_000
SEEDS_EACH = 1_000_000


class Somebody(NamedTuple):
    """A person of a benchmark."""

    number: int  # from 1
    seed: int
    person: Person
    mixture: str = ""  # look-alike, or the parts taken from another person
    mixed_with: int | None = None  # the seed of that person

    @property
    def name(self) -> str:
        """A name that nobody real has."""
        return f"Synth_{self.number:04d}"


class Picture(NamedTuple):
    """A photo to be drawn."""

    image_id: str
    path: str  # below the collection's files
    subject_id: str
    number: int  # among the person's photos, or those in one pose
    somebody: Somebody
    photo: Photo
    twin_of: str | None = None  # image_id of the earlier picture that shares all but one region


class Plan(NamedTuple):
    """A benchmark: its pictures, and the text of its lists by path below the collection's files."""

    pictures: list[Picture]
    lists: dict[str, str]


class Pairs(NamedTuple):
    """Pictures to be compared."""

    genuine: list[tuple[Picture, Picture]]
    impostor: list[tuple[Picture, Picture]]


def person_seed(seed: int, number: int) -> int:
    """Seed of a benchmark's n-th person. Benchmarks of different seeds share no person, neither with the training."""
    return FIRST_SEED + SEEDS_EACH * seed + number


def drift_seed(seed: int) -> int:
    """Seed of the way in which a person ages; nobody else has it."""
    return seed + SEEDS_EACH // 2


def draw_fold(fold: int, size: int, seed: int) -> list[Somebody]:
    """Draw the people of one fold; its last third are look-alikes of its first third.

    Parameters
    ----------
    fold : int
        From 0.
    size : int
        People in each fold.
    seed : int
        The benchmark's seed.
    """
    numbers = range(fold * size + 1, (fold + 1) * size + 1)
    seeds = [person_seed(seed, number) for number in numbers]
    people = [Somebody(number, own, draw_person(own)) for number, own in zip(numbers, seeds, strict=True)]
    alike = round(size / 3)
    for model, other in zip(range(alike), range(size - alike, size), strict=True):
        person = look_alike(people[model].person, people[other].seed, LIKENESS)
        people[other] = people[other]._replace(person=person, mixture=LOOK_ALIKE, mixed_with=people[model].seed)
    return people


def choose_pairs(
    candidates: Iterable[tuple[Picture, Picture]],
    count: int,
    rng: np.random.Generator,
    kind_of: Callable[[Picture, Picture], object] = lambda a, b: None,
) -> Pairs:
    """Choose the pairs of one fold: a quarter of the impostor pairs show look-alikes, if there are enough.

    Parameters
    ----------
    candidates : iterable of tuple of Picture
        Pairs that could be compared.
    count : int
        Number of pairs of each class.
    rng : numpy.random.Generator
        Source of the random choice.
    kind_of : callable, optional
        Gives the kind of a pair; all kinds are chosen equally often, as long as they last.

    Raises
    ------
    ValueError
        A class has fewer candidates than `count`.
    """
    classes: dict[str, list[tuple[Picture, Picture]]] = {"genuine": [], "alike": [], "other": []}
    for pair in candidates:
        classes[_classify(*(picture.somebody for picture in pair))].append(pair)
    genuine = _choose_evenly(classes["genuine"], count, rng, kind_of)
    alike = _choose_evenly(classes["alike"], count // ALIKE_EVERY, rng, kind_of)
    other = _choose_evenly(classes["other"], count - len(alike), rng, kind_of)
    if len(genuine) < count or len(alike) + len(other) < count:
        raise ValueError(f"{len(genuine)} genuine and {len(alike) + len(other)} impostor pairs, wanted {count} of both")
    return Pairs(genuine, alike + other)


def _classify(a: Somebody, b: Somebody) -> str:
    if a.seed == b.seed:
        return "genuine"
    return "alike" if a.mixed_with == b.seed or b.mixed_with == a.seed else "other"


def _choose_evenly(pairs, count, rng, kind_of):
    """Choose at random, one of each kind in turn; return the choice in the order given."""
    taken = Counter[object]()
    ranked = []
    for index in rng.permutation(len(pairs)).tolist():
        kind = kind_of(*pairs[index])
        ranked.append((taken[kind], len(ranked), index))
        taken[kind] += 1
    return [pairs[index] for index in sorted(index for _, _, index in sorted(ranked)[:count])]
