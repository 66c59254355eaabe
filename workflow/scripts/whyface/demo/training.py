"""Trains the demo model on people whom the project draws; the same settings give the same weights.

Each step saves its progress in a working folder and resumes from there after an interruption.
"""

import hashlib
import io
import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch.nn import Module

from whyface.demo import learning
from whyface.demo.learning import Learner, rate_factor, start_learning, vary, verify
from whyface.demo.people.people import draw_person
from whyface.demo.people.photos import draw_photo
from whyface.demo.people.render import encode, render
from whyface.devices import use_torch
from whyface.faces.alignment import crop_centre, crop_five_point, similarity_transform
from whyface.faces.template import TEMPLATE_112
from whyface.models import demo_layers, demo_network
from whyface.models.demo_layers import INPUT_PX
from whyface.models.demo_network import save_network
from whyface.tables.files import atomic_path
from whyface.tables.logs import progress
from whyface.tables.orphans import end_with_parent

logger = logging.getLogger("whyface")

PEOPLE_PER_PART = 25
# The first photos of this many people show whether the project still draws as it did when the parts were drawn.
PROBES = 16
WORKERS = 2
EMBED_BATCH = 64
CARD = Path(__file__).parents[3] / "resources" / "demo_card.md"


@dataclass(frozen=True)
class Settings:
    """Everything that the weights depend on, besides the code; the model card lists all of it.

    Attributes
    ----------
    people, photos, held_out_people, held_out_photos : int
        Numbers of people and of photos of each, to train on and to measure on.
    first_person_seed : int
        People have the seeds from here on, the held-out ones last; no dataset may use these seeds.
    render_px : int
        Side of a photo before its face is cropped; at 184 px the face is about as large as its crop.
    poses : sequence
        For each kind of pose: its share of the photos; smallest and largest yaw to either side, in degrees; standard
        deviation of the landmarks' errors, in pixels of the crop; and the share cropped to the centre, as if no face
        were found. Errors and misses are those of the detector on drawn photos.
    age_years : tuple of float
        Range of ages in the photos.
    epochs, batch : int
        How often each photo is seen, and how many at a time.
    learning_rate, weight_decay, warm_up_share : float
        For AdamW; in the warm-up share of the run the learning rate rises, then it falls along a cosine.
    margin, scale : float
        Of the loss, see `MarginLoss`.
    erased_share : float
        Share of photos in which a rectangle is erased.
    seed : int
        Seed of everything random except the people.
    """

    people: int = 2000
    photos: int = 10
    held_out_people: int = 150
    held_out_photos: int = 4
    first_person_seed: int = 100_000
    render_px: int = 184
    poses: Sequence[Sequence[float]] = ((0.6, 0, 35, 1.8, 0.01), (0.25, 35, 70, 4.0, 0.03), (0.15, 70, 90, 5.0, 0.1))
    age_years: tuple[float, float] = (18, 75)
    epochs: int = 20
    batch: int = 128
    learning_rate: float = 0.002
    weight_decay: float = 0.05
    warm_up_share: float = 0.05
    margin: float = 0.2
    scale: float = 24.0
    erased_share: float = 0.5
    seed: int = 0


Draw = Callable[[Settings, int, int], np.ndarray]


@dataclass(frozen=True)
class Photos:
    """Crops in several files; those of one person stay together."""

    parts: list[np.ndarray]  # uint8, PEOPLE_PER_PART * per_person x 112 x 112 x 3; the last may be shorter
    per_person: int

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def take(self, rows: Iterable[int]) -> np.ndarray:
        """Crops at these rows."""
        size = PEOPLE_PER_PART * self.per_person
        return np.stack([self.parts[row // size][row % size] for row in rows])


class Epoch(NamedTuple):
    """Results of an epoch; the accuracy is that on pairs of held-out people."""

    loss: float
    accuracy: float
    pairs: int
    seconds: float


def draw_crop(settings: Settings, person_seed: int, photo_seed: int) -> np.ndarray:
    """Draw one photo and crop it by its true landmarks, plus errors like a detector's.

    Parameters
    ----------
    settings : Settings
        Poses, ages, size and seed.
    person_seed, photo_seed : int
        Not negative; the same two give the same crop.

    Returns
    -------
    numpy.ndarray
        uint8, 112 x 112 x 3, RGB.
    """
    rng = np.random.default_rng([settings.seed, person_seed, photo_seed])
    pose = rng.choice(len(settings.poses), p=[pose[0] for pose in settings.poses])
    _, smallest, largest, error_px, missed_share = settings.poses[pose]
    yaw_deg = (smallest, largest) if rng.uniform() < 0.5 else (-largest, -smallest)
    photo = draw_photo(person_seed, photo_seed, yaw_deg=yaw_deg, age_years=settings.age_years)
    taken = render(draw_person(person_seed), photo, settings.render_px)
    image = np.asarray(Image.open(io.BytesIO(encode(taken.image, photo))).convert("RGB"))
    if rng.uniform() < missed_share:
        return crop_centre(image, INPUT_PX)
    scale = np.hypot(*similarity_transform(taken.landmarks, TEMPLATE_112)[:, 0])
    return crop_five_point(image, taken.landmarks + rng.normal(0, error_px / scale, (5, 2)), INPUT_PX)


def draw_people(
    settings: Settings, seeds: range, per_person: int, folder: Path, draw: Draw = draw_crop, workers: int = WORKERS
) -> Photos:
    """Draw photos, several people to a file; existing files are not drawn again.

    Parameters
    ----------
    settings : Settings
        Passed to `draw`.
    seeds : range
        Seeds of the people.
    per_person : int
        Photos of each.
    folder : path
        Receives the files.
    draw : callable
        Turns settings, person seed and photo seed into a crop, like `draw_crop`; must be picklable.
    workers : int
        Processes that draw; 1 draws in this one.
    """
    parts = [seeds[start : start + PEOPLE_PER_PART] for start in range(0, len(seeds), PEOPLE_PER_PART)]
    paths = {folder / f"{part[0]}-{part[-1]}-by-{per_person}.npy": part for part in parts}
    missing = {path: part for path, part in paths.items() if not path.exists()}
    # Forked processes would inherit the locks of torch's threads.
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        draw_part = partial(_draw_part, settings, per_person, draw)
        drawn = (pool.map if workers > 1 else map)(draw_part, missing.values(), missing)
        for _ in progress(drawn, len(missing), f"parts of {PEOPLE_PER_PART} people drawn", seconds=60):
            pass
    return Photos([np.load(path, mmap_mode="r", allow_pickle=False) for path in paths], per_person)


def _draw_part(settings: Settings, per_person: int, draw: Draw, seeds: range, path: Path) -> None:
    crops = [draw(settings, person, photo) for person in seeds for photo in range(per_person)]
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.stack(crops))


def _fingerprint(settings: Settings, draw: Draw) -> str:
    """Hash how people look, and all settings except those that concern only the training."""
    first = settings.first_person_seed
    text = json.dumps([settings.seed, first, settings.render_px, settings.poses, settings.age_years])
    digest = hashlib.sha256(text.encode())
    for person in range(first, first + PROBES):
        digest.update(draw(settings, person, 0).tobytes())
    return digest.hexdigest()[:12]


def train_network(settings: Settings, photos: Photos, held_out: Photos, folder: Path) -> tuple[Module, list[Epoch]]:
    """Train on photos of people; the same input gives the same weights.

    Parameters
    ----------
    settings : Settings
        How to train.
    photos, held_out : Photos
        To train on, and to measure on after each epoch.
    folder : path
        Keeps a checkpoint of the last epoch, from which a later call resumes.

    Returns
    -------
    torch.nn.Module, list of Epoch
        The network, and the results of each epoch.
    """
    use_torch("cpu")
    torch.manual_seed(settings.seed)
    people = len(photos) // photos.per_person
    learner = start_learning(people, settings.margin, settings.scale, settings.weight_decay)
    checkpoint = folder / f"{_hash_learning(settings)}.pt"
    epochs = [Epoch(*epoch) for epoch in learner.resume(checkpoint)]
    for number in range(len(epochs), settings.epochs):
        start = time.monotonic()
        mean_loss = _learn(learner, photos, settings, number)
        accuracy, pairs = verify(_embed(learner, held_out), held_out.per_person, settings.seed)
        epochs.append(Epoch(mean_loss, accuracy, pairs, time.monotonic() - start))
        logger.info("epoch %d: loss %.3f, accuracy %.4f of %d pairs, %.0f s", number + 1, *epochs[-1])
        learner.keep(checkpoint, epochs)
    return learner.network, epochs


def _learn(learner: Learner, photos: Photos, settings: Settings, epoch: int) -> float:
    """Go through all photos once, in an order that is the epoch's own; returns the mean loss."""
    rng = np.random.default_rng([settings.seed, epoch])
    steps = len(photos) // settings.batch  # the rest may come in another epoch
    order = rng.permutation(len(photos))[: steps * settings.batch].reshape(steps, -1)
    losses = []
    for step, rows in enumerate(progress(order, steps, f"batches of {settings.batch} photos learnt", seconds=60)):
        share = (epoch + (step + 1) / steps) / settings.epochs
        rate = settings.learning_rate * rate_factor(share, settings.warm_up_share)
        inputs = vary(photos.take(rows), settings.erased_share, rng)
        losses.append(learner.learn(inputs, torch.from_numpy(rows // photos.per_person), rate))
    return float(np.mean(losses))


def _embed(learner: Learner, photos: Photos) -> np.ndarray:
    rows = range(len(photos))
    return np.concatenate([learner.embed(photos.take(rows[i : i + EMBED_BATCH])) for i in rows[::EMBED_BATCH]])


def _hash_learning(settings: Settings) -> str:
    """Hash the settings and the training code, which a checkpoint belongs to."""
    digest = hashlib.sha256(json.dumps(asdict(settings)).encode())
    for module in (__file__, learning.__file__, demo_layers.__file__, demo_network.__file__):
        digest.update(Path(module).read_bytes())
    return digest.hexdigest()[:12]


def train_demo_model(
    settings: Settings, folder: Path, weights: Path, card: Path, draw: Draw = draw_crop, workers: int = WORKERS
) -> None:
    """Draw people, train on them and measure on others.

    Parameters
    ----------
    settings : Settings
        What to train.
    folder : path
        Keeps photos and checkpoints; those of other settings or other code are not used.
    weights, card : path
        Receive the weights (safetensors) and the model card (Markdown), both at the end.
    draw, workers : callable, int
        As for `draw_people`.
    """
    folder = folder / _fingerprint(settings, draw)
    first, middle = settings.first_person_seed, settings.first_person_seed + settings.people
    photos = draw_people(settings, range(first, middle), settings.photos, folder, draw, workers)
    others = range(middle, middle + settings.held_out_people)
    held_out = draw_people(settings, others, settings.held_out_photos, folder, draw, workers)
    network, epochs = train_network(settings, photos, held_out, folder)
    save_network(network, weights, {"settings": asdict(settings), "accuracy": epochs[-1].accuracy})
    with atomic_path(card) as temporary:
        temporary.write_text(write_card(settings, network, weights, epochs), encoding="utf-8")
    logger.info("%s: %d bytes, accuracy %.4f", weights, weights.stat().st_size, epochs[-1].accuracy)


def write_card(settings: Settings, network: Module, weights: Path, epochs: list[Epoch]) -> str:
    """Write the model card (Markdown) from the settings and results."""
    return CARD.read_text(encoding="utf-8").format(
        weights=weights.name,
        sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
        size=f"{weights.stat().st_size:,}",
        count=f"{sum(weight.numel() for weight in network.parameters()):,}",
        photos=f"{settings.people * settings.photos:,}",
        people=f"{settings.people:,}",
        held_out_people=f"{settings.held_out_people:,}",
        accuracy=f"{100 * epochs[-1].accuracy:.2f}",
        pairs=f"{epochs[-1].pairs:,}",
        minutes=f"{sum(epoch.seconds for epoch in epochs) / 60:.0f}",
        torch=torch.__version__,
        rows="\n".join(f"| {name} | {value} |" for name, value in asdict(settings).items()),
    )
