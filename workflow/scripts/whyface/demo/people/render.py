"""Takes the photo: renders a person under given circumstances into pixels, with regions and landmarks."""

import io
from dataclasses import replace
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from whyface.demo.people.colours import hair_colour
from whyface.demo.people.extras import build_body, build_ears, build_glasses
from whyface.demo.people.hair import build_curtain, build_shell, hair_edge
from whyface.demo.people.head import Features, arrange, grid, shape_skull
from whyface.demo.people.light import light_surface
from whyface.demo.people.paint import paint_head
from whyface.demo.people.people import Person
from whyface.demo.people.photos import Photo
from whyface.demo.people.raster import grid_triangles, rasterise
from whyface.demo.people.relief import add_relief, mouth_line
from whyface.demo.people.surfaces import REGION, REGIONS, Surface, linear, mix, rise

__all__ = ["REGIONS", "Rendered", "encode", "render"]

SIDE_PX = 240
SUPERSAMPLING = 2
CAMERA_DISTANCE = 9.0
# Head units across the image.
FIELD = 3.1
PIVOT = (0.0, 0.45, -0.25)
CENTRE = np.array([0.0, 0.0, 0.1])
# Half width and half height of the card that is held in front of a region.
CARDS = {
    "forehead": (0.46, 0.19),
    "eyes": (0.52, 0.16),
    "nose": (0.21, 0.25),
    "mouth": (0.33, 0.17),
    "chin": (0.32, 0.17),
}


class Rendered(NamedTuple):
    """A photo and the truth behind it."""

    image: np.ndarray  # uint8, side x side x 3, RGB
    regions: np.ndarray  # uint8, side x side, index into REGIONS
    landmarks: np.ndarray  # 5 x 2, x and y in px: eyes, nose tip, mouth corners, each from the left of a frontal image


def render(person: Person, photo: Photo, side_px: int = SIDE_PX) -> Rendered:
    """Render one photo of one person.

    Parameters
    ----------
    person, photo : dict, Photo
        Who is photographed, and how.
    side_px : int
        Side of the square image, a multiple of 2.

    Returns
    -------
    Rendered
        The same bits for the same input, on any machine. Landmarks come from the mesh, even where they are hidden.
    """
    canvas, regions, spots = _look(tuple(person.items()), replace(photo, cover="none"), side_px)
    canvas, regions = canvas.copy(), regions.copy()
    if photo.cover in CARDS:
        _hold_object(canvas, regions, spots[5 + list(CARDS).index(photo.cover)], photo)
    image = _develop(canvas, photo, side_px)
    return Rendered(image, regions[::SUPERSAMPLING, ::SUPERSAMPLING].copy(), spots[:5] / SUPERSAMPLING)


@lru_cache(maxsize=1)  # for photos that differ in their cover only, one after the other
def _look(person: tuple[tuple[str, float], ...], photo: Photo, side_px: int) -> tuple[np.ndarray, ...]:
    """See a person before any cover: linear light, regions, and where landmarks and covers are, in samples."""
    side = side_px * SUPERSAMPLING
    turning, still, marks = _build(dict(person), photo, side_px)
    turn = _find_rotation(photo.yaw_deg, photo.pitch_deg, photo.roll_deg)
    # Shoulders follow the head part of the way.
    body_turn = _find_rotation(0.8 * photo.yaw_deg, 0, 0.3 * photo.roll_deg)
    placed = [s._replace(points=_turn(s.points, turn)) for s in turning]
    placed += [s._replace(points=_turn(s.points, body_turn)) for s in still]
    shift = _find_shift(turn, photo)
    return *_draw(placed, shift, photo, side), _project(_turn(marks, turn), shift, photo.zoom, side).T


def encode(image: np.ndarray, photo: Photo) -> bytes:
    """Encode an image as a JPEG file, at the photo's quality."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=photo.jpeg_quality)
    return file.getvalue()


def _build(p: Person, photo: Photo, side_px: int) -> tuple[list[Surface], list[Surface], np.ndarray]:
    """Build the surfaces that turn with the head, those that do not, and the marks (3 x n, see `_find_marks`)."""
    # About one vertex a pixel where the face is.
    detail = min(max(side_px / SIDE_PX, 0.4), 1.5)
    latitude, longitude = grid(int(160 * detail), int(190 * detail))
    f = arrange(p, photo)
    base = shape_skull(p, latitude, longitude, f.age)
    points = add_relief(base, longitude, p, f)
    colour, region, gloss = paint_head(base, longitude, p, f)
    below_edge = base[1] - hair_edge(longitude, p, f)
    scalp = rise(0.03, -0.05, below_edge)
    colour = mix(colour, hair_colour(p, f.age) * 0.7, 0.85 * scalp)
    region[scalp > 0.5] = REGION["hair"]
    head = Surface(points, colour, region, gloss * (1 - 0.8 * scalp), True, below_edge < -0.2, detailed=True)
    marks = _find_marks(base, points, p, f)
    glasses = build_glasses(p, photo, marks[2, 0])
    hair = [build_shell(p, f, detail), *build_curtain(p, f)]
    return [head, *hair, *build_ears(p, f), *glasses], [build_body(p, photo)], marks


def _find_marks(base: np.ndarray, points: np.ndarray, p: Person, f: Features) -> np.ndarray:
    """Find the points (3 x n) of the five landmarks, and of the regions that can be covered, as in `CARDS`."""
    eye_x, eye_y = p["eye_spacing"], p["eye_height"]
    corner_y = float(mouth_line(np.array([f.mouth_width]), p, f)[0])
    wanted = [(-eye_x, eye_y), (eye_x, eye_y), (0, f.tip_y), (-f.mouth_width, corner_y), (f.mouth_width, corner_y)]
    wanted += [(0, eye_y - 0.40), (0, eye_y), (0, f.tip_y - 0.10), (0, f.mouth_y), (0, p["chin_height"] - 0.06)]
    front = base[2] > 0.2
    marks = []
    for x, y in wanted:
        distance = np.where(front, (base[0] - x) ** 2 + (base[1] - y) ** 2, np.inf)
        marks.append(points.reshape(3, -1)[:, distance.argmin()])
    return np.stack(marks, axis=1)


def _find_rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    yaw, pitch, roll = np.deg2rad([yaw_deg, pitch_deg, roll_deg])
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    tilt = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return tilt @ nod @ turn


def _turn(points: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Turn points, 3 x ..., about the neck."""
    # Written out, because a library's matrix product may add in another order on another machine.
    x, y, z = (points[axis] - PIVOT[axis] for axis in range(3))
    return np.stack([turn[row, 0] * x + turn[row, 1] * y + turn[row, 2] * z + PIVOT[row] for row in range(3)])


def _find_shift(turn: np.ndarray, photo: Photo) -> np.ndarray:
    """Find the shift in x and y that moves the head to about the middle of the image."""
    centre = _turn(CENTRE, turn)
    return np.array([photo.shift_x - centre[0], photo.shift_y - 0.02 - centre[1]])


def _project(points: np.ndarray, shift: np.ndarray, zoom: float, side: int) -> np.ndarray:
    """Project points (3 x ...) to places (2 x ...) in an image of `side` samples."""
    scale = zoom * side / FIELD * CAMERA_DISTANCE / (CAMERA_DISTANCE - points[2])
    return np.stack([(points[axis] + shift[axis]) * scale + side / 2 for axis in (0, 1)])


def _draw(surfaces: list[Surface], shift: np.ndarray, photo: Photo, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw what the camera sees: linear light (3 x side x side), and the regions of the samples that are kept."""
    starts = np.cumsum([0, *(surface.region.size for surface in surfaces)])
    triangles = np.concatenate([_shown_triangles(s) + start for s, start in zip(surfaces, starts[:-1], strict=True)])
    points = np.concatenate([surface.points.reshape(3, -1) for surface in surfaces], axis=1)
    colours = np.concatenate([light_surface(surface, photo).reshape(3, -1) for surface in surfaces], axis=1)
    numbers = np.concatenate([surface.region.ravel() for surface in surfaces])
    sample, triangle, weights = rasterise(_project(points, shift, photo.zoom, side), points[2], triangles, side)
    corners = np.ascontiguousarray(np.take(triangles, triangle, axis=0).T)
    canvas = _draw_background(photo, side).reshape(3, -1)
    for light, colour in zip(canvas, colours, strict=True):
        light[sample] = sum(np.take(colour, corners[vertex]) * weights[vertex] for vertex in range(3))
    kept = np.flatnonzero(_kept_samples(side)[sample])
    regions = np.zeros(side * side, np.uint8)
    regions[sample[kept]] = numbers[corners[weights[:, kept].argmax(axis=0), kept]]
    return canvas.reshape(3, side, side), regions.reshape(side, side)


@cache
def _kept_samples(side: int) -> np.ndarray:
    """Say which of side x side samples stand for a pixel where samples are not averaged."""
    first = np.arange(side) % SUPERSAMPLING == 0
    return np.logical_and.outer(first, first).ravel()


def _shown_triangles(surface: Surface) -> np.ndarray:
    triangles = _all_triangles(*surface.region.shape, surface.closed)
    if surface.hidden is None:
        return triangles
    hidden = surface.hidden
    if surface.closed:
        hidden = np.concatenate([hidden, hidden[:, :1]], axis=1)
    # In the order of `grid_triangles`.
    shared = hidden[:-1, 1:] & hidden[1:, :-1]
    return triangles[~np.concatenate([(hidden[:-1, :-1] & shared).ravel(), (hidden[1:, 1:] & shared).ravel()])]


@cache
def _all_triangles(rows: int, columns: int, closed: bool) -> np.ndarray:
    return grid_triangles(rows, columns, closed)


def _draw_background(photo: Photo, side: int) -> np.ndarray:
    """Draw a wall out of focus: a few soft patches of similar colours."""
    rng = np.random.default_rng([photo.seed, 2])
    base = rng.uniform(0.12, 0.62) + rng.normal(0, 0.045, 3)
    coarse = base + rng.normal(0, 0.09, (4, 4, 1)) + rng.normal(0, 0.02, (4, 4, 3))
    coarse = np.clip(coarse, 0.02, 0.95).transpose(2, 0, 1)
    place = np.linspace(0, 3, side // 4)
    low = np.minimum(place.astype(int), 2)
    share = rise(0, 1, place - low)
    rows = mix(coarse[:, low], coarse[:, low + 1], share[:, None])
    return mix(rows[:, :, low], rows[:, :, low + 1], share).repeat(4, axis=1).repeat(4, axis=2)


def _hold_object(canvas: np.ndarray, regions: np.ndarray, spot: np.ndarray, photo: Photo) -> None:
    """Paint a card with round corners over a spot; changes canvas and regions in place."""
    side = len(regions)
    wide, high = CARDS[photo.cover]
    scale, roll = photo.zoom * side / FIELD, np.deg2rad(photo.roll_deg)
    reach = np.hypot(wide, high) * scale
    left, top, right, bottom = np.clip([*(spot - reach), *(spot + reach + 1)], 0, side).astype(int)
    around = (slice(top, bottom), slice(left, right))
    row, column = np.mgrid[around] + 0.5
    right, down = (column - spot[0]) / scale, (row - spot[1]) / scale
    across = (right * np.cos(roll) + down * np.sin(roll)) / wide
    along = (down * np.cos(roll) - right * np.sin(roll)) / high
    covered = across**4 + along**4 < 1
    colour = linear(np.random.default_rng([photo.seed, 4]).uniform(40, 225, 3))
    shade = photo.exposure * (0.75 - 0.25 * along + 0.1 * across)[covered]
    canvas[:, *around][:, covered] = colour[:, None] * shade
    regions[around][covered] = REGION["object"]


def _develop(light: np.ndarray, photo: Photo, side_px: int) -> np.ndarray:
    """Turn linear light into pixels: average samples, blur, compress highlights softly, and add noise."""
    # A pixel is the mean of its four samples.
    image = (light[:, ::2, ::2] + light[:, ::2, 1::2] + light[:, 1::2, ::2] + light[:, 1::2, 1::2]) / 4
    sigma = photo.blur_px * side_px / SIDE_PX
    image = np.stack([ndimage.gaussian_filter(channel, sigma, truncate=3) for channel in image], axis=-1)
    bright = image > 0.7
    image[bright] = 0.7 + 0.3 * (1 - np.exp(-(image[bright] - 0.7) / 0.3))
    image = np.clip(image, 0, 1) ** (1 / 2.2)
    noise = np.random.default_rng([photo.seed, 3]).normal(0, photo.noise, image.shape)
    return np.clip(np.rint((image + noise) * 255), 0, 255).astype(np.uint8)
