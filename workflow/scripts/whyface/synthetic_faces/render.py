"""Takes the photo: surfaces, light and camera in; pixels, regions and landmarks out."""

import io
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from whyface.synthetic_faces.extras import build_body, build_ears, build_glasses
from whyface.synthetic_faces.hair import build_curtain, build_shell, hair_edge, hair_share
from whyface.synthetic_faces.head import add_relief, arrange, grid, mouth_line, shape_skull
from whyface.synthetic_faces.paint import hair_colour, paint_head
from whyface.synthetic_faces.people import Person
from whyface.synthetic_faces.photos import Photo
from whyface.synthetic_faces.raster import grid_triangles, rasterise
from whyface.synthetic_faces.surfaces import REGION, REGIONS, Surface, linear, mix, normals, rise

__all__ = ["REGIONS", "Rendered", "encode", "render"]

SUPERSAMPLING = 2
CAMERA_DISTANCE = 9.0
# Head units across the image.
FIELD = 3.1
PIVOT = np.array([0.0, 0.45, -0.25])
CENTRE = np.array([0.0, 0.0, 0.1])
# Half width and half height of what is held before a region.
COVER_SIZES = {"forehead": (0.46, 0.19), "eyes": (0.52, 0.16), "nose": (0.21, 0.25), "mouth": (0.33, 0.17), "chin": (0.32, 0.17)}


class Rendered(NamedTuple):
    """A photo and the truth behind it."""

    image: np.ndarray  # uint8, side x side x 3, RGB
    regions: np.ndarray  # uint8, side x side, index into REGIONS
    landmarks: np.ndarray  # 5 x 2, x and y in px: eyes, nose tip, mouth corners, each from the left of a frontal image


def render(person: Person, photo: Photo, side_px: int = 240) -> Rendered:
    """Render one photo of one person.

    Parameters
    ----------
    person, photo : dict, Photo
        Who, and how.
    side_px : int
        Side of the square image.

    Returns
    -------
    Rendered
        The same bits for the same input, on any machine.
    """
    rigid, still, marks = _build(person, photo, side_px)
    turn = _rotation(photo.yaw_deg, photo.pitch_deg, photo.roll_deg)
    body_turn = _rotation(0.8 * photo.yaw_deg, 0, 0.3 * photo.roll_deg)
    surfaces = [(s, turn) for s in rigid] + [(s, body_turn) for s in still]
    side = side_px * SUPERSAMPLING
    shift = _centre(turn, photo)
    points, colours, regions, triangles = _gather(surfaces, person, photo)
    xy = _project(points, shift, photo.zoom, side)
    sample, triangle, weights = rasterise(xy, points[:, 2], triangles, side)
    corners = triangles[triangle]
    canvas = _background(photo, side).reshape(-1, 3)
    canvas[sample] = sum(colours[corners[:, vertex]] * weights[:, vertex, None] for vertex in range(3))
    seen = np.zeros(side * side, np.uint8)
    seen[sample] = regions[corners[np.arange(len(corners)), weights.argmax(axis=1)]]
    marks = _project(_turn(marks, turn), shift, photo.zoom, side)
    _hold_object(canvas, seen, marks[5:], photo, side)
    image = _develop(canvas.reshape(side, side, 3), photo, side_px)
    return Rendered(image, seen.reshape(side, side)[::SUPERSAMPLING, ::SUPERSAMPLING].copy(), marks[:5] / SUPERSAMPLING)


def encode(image: np.ndarray, photo: Photo) -> bytes:
    """JPEG file of an image, at the photo's quality."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=photo.jpeg_quality)
    return file.getvalue()


def _build(p: Person, photo: Photo, side_px: int) -> tuple[list[Surface], list[Surface], np.ndarray]:
    """Surfaces that turn with the head, those that do not, and in space the five landmarks and the spot to cover."""
    # About one vertex a pixel where the face is.
    detail = min(max(side_px / 240, 0.4), 1.5)
    latitude, longitude = grid(int(160 * detail), int(190 * detail))
    f = arrange(p, photo)
    base = shape_skull(p, latitude, longitude, f.age)
    points = add_relief(base, longitude, p, f, photo)
    colour, region, gloss = paint_head(base, longitude, p, f, photo)
    scalp = hair_share(base[..., 1], longitude, p, f)
    colour = mix(colour, hair_colour(p, f.age) * 0.7, 0.85 * scalp)
    region[scalp > 0.5] = REGION["hair"]
    covered = (scalp > 0.999) & (base[..., 1] < hair_edge(longitude, p, f) - 0.2)
    head = Surface(points, colour, region, gloss * (1 - 0.8 * scalp), closed=True, hidden=covered)
    marks = _find_marks(base, points, p, f, photo.cover)
    hair = [build_shell(p, f, detail), *build_curtain(p, f)]
    glasses = build_glasses(p, f, photo, marks[0, 2])
    return [head, *hair, *build_ears(p, f), *glasses], [build_body(p, photo)], marks


def _find_marks(base, points, p, f, cover):
    corner_y = float(mouth_line(np.array([f.mouth_width]), p, f)[0])
    eye_x, eye_y = p["eye_spacing"], p["eye_height"]
    wanted = [(-eye_x, eye_y), (eye_x, eye_y), (0, f.tip_y), (-f.mouth_width, corner_y), (f.mouth_width, corner_y)]
    wanted += [(0, place) for name, place in _cover_places(p, f).items() if name == cover]
    front = base[..., 2] > 0.2
    marks = []
    for x, y in wanted:
        distance = np.where(front, (base[..., 0] - x) ** 2 + (base[..., 1] - y) ** 2, np.inf)
        marks.append(points[np.unravel_index(distance.argmin(), distance.shape)])
    return np.array(marks)


def _cover_places(p, f):
    return {
        "forehead": p["eye_height"] - 0.40,
        "eyes": p["eye_height"],
        "nose": f.tip_y - 0.10,
        "mouth": f.mouth_y,
        "chin": p["chin_height"] - 0.06,
    }


def _hold_object(canvas, seen, spot, photo, side):
    """Paint a card with round corners over the one spot, if there is one; changes canvas and seen."""
    if not len(spot):
        return
    wide, high = COVER_SIZES[photo.cover]
    scale = photo.zoom * side / FIELD
    roll = np.deg2rad(photo.roll_deg)
    row, column = np.mgrid[0:side, 0:side] + 0.5
    right, down = (column - spot[0, 0]) / scale, (row - spot[0, 1]) / scale
    across, along = right * np.cos(roll) + down * np.sin(roll), down * np.cos(roll) - right * np.sin(roll)
    covered = ((across / wide) ** 4 + (along / high) ** 4 < 1).ravel()
    rng = np.random.default_rng([photo.seed, 4])
    colour = linear(rng.uniform(40, 225, 3))
    shade = photo.exposure * (0.75 - 0.25 * along / high + 0.1 * across / wide).ravel()[covered]
    canvas[covered] = colour * shade[:, None]
    seen[covered] = REGION["object"]


def _rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    yaw, pitch, roll = np.deg2rad([yaw_deg, pitch_deg, roll_deg])
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    tilt = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return tilt @ nod @ turn


def _turn(points: np.ndarray, turn: np.ndarray) -> np.ndarray:
    # Written out: BLAS adds in an order that differs between machines.
    x, y, z = (points[..., axis] - PIVOT[axis] for axis in range(3))
    return np.stack([turn[row, 0] * x + turn[row, 1] * y + turn[row, 2] * z + PIVOT[row] for row in range(3)], axis=-1)


def _centre(turn: np.ndarray, photo: Photo) -> np.ndarray:
    centre = _turn(CENTRE, turn)
    return np.array([photo.shift_x - centre[0], photo.shift_y - 0.02 - centre[1]])


def _project(points: np.ndarray, shift: np.ndarray, zoom: float, side: int) -> np.ndarray:
    scale = zoom * side / FIELD * CAMERA_DISTANCE / (CAMERA_DISTANCE - points[..., 2:])
    return (points[..., :2] + shift) * scale + side / 2


def _shown_triangles(surface: Surface) -> np.ndarray:
    rows, columns = surface.region.shape
    triangles = _triangles(rows, columns, surface.closed)
    if surface.hidden is None:
        return triangles
    hidden = surface.hidden.ravel()
    return triangles[~(hidden[triangles[:, 0]] & hidden[triangles[:, 1]] & hidden[triangles[:, 2]])]


@cache
def _triangles(rows: int, columns: int, closed: bool) -> np.ndarray:
    return grid_triangles(rows, columns, closed)


def _gather(surfaces, person, photo):
    """All surfaces as one list of lit vertices and triangles."""
    points, colours, regions, triangles, start = [], [], [], [], 0
    for surface, turn in surfaces:
        placed = surface._replace(points=_turn(surface.points, turn))
        points.append(placed.points.reshape(-1, 3))
        colours.append(_light(placed, photo).reshape(-1, 3))
        regions.append(surface.region.reshape(-1))
        rows, columns = surface.region.shape
        triangles.append(_shown_triangles(surface) + start)
        start += rows * columns
    return np.concatenate(points), np.concatenate(colours), np.concatenate(regions), np.concatenate(triangles)


def _light(surface: Surface, photo: Photo) -> np.ndarray:
    """Colour of every vertex under a key light, the sky and the ground, with the dark of hollows."""
    normal = normals(surface)
    azimuth, elevation = np.deg2rad([photo.light_azimuth_deg, photo.light_elevation_deg])
    light = np.array([np.sin(azimuth) * np.cos(elevation), -np.sin(elevation), np.cos(azimuth) * np.cos(elevation)])
    facing = normal[..., 0] * light[0] + normal[..., 1] * light[1] + normal[..., 2] * light[2]
    # Skin scatters: red light wraps further around than blue.
    wrap = np.array([0.35, 0.22, 0.18])
    diffuse = np.clip((facing[..., None] + wrap) / (1 + wrap), 0, 1)
    warm = 1 + 0.08 * photo.light_warmth * np.array([1.0, 0.1, -1.0])
    sky = 0.75 + 0.25 * -normal[..., 1:2]
    hollow = _hollows(surface)[..., None]
    half = light + np.array([0, 0, 1.0])
    half = half / np.sqrt((half**2).sum())
    shine = np.clip(normal[..., 0] * half[0] + normal[..., 1] * half[1] + normal[..., 2] * half[2], 0, 1) ** 24
    lit = surface.albedo * (photo.light_strength * diffuse * warm * (0.5 + 0.5 * hollow) + photo.ambient * sky * hollow)
    return 0.84 * photo.exposure * (lit + 0.07 * photo.light_strength * (surface.gloss * shine)[..., None])


def _hollows(surface: Surface) -> np.ndarray:
    """1 on open ground, less where the surface bends inwards: less light reaches the corners of eyes and nose."""
    points = surface.points
    if not surface.closed or min(points.shape[:2]) < 100:
        return np.ones(points.shape[:2])
    normal = normals(surface)
    open_sky = np.ones(points.shape[:2])
    mode = ("nearest", "wrap") if surface.closed else "nearest"
    for reach, strength in ((5, 2.0), (12, 1.6)):
        around = np.stack([ndimage.uniform_filter(points[..., axis], 2 * reach + 1, mode=mode) for axis in range(3)], -1)
        depth = ((around - points) * normal).sum(axis=-1)
        open_sky = open_sky - strength * np.clip(depth / (0.012 * reach), -0.08, 0.5) * 0.9
    return np.clip(open_sky, 0.25, 1.1)


def _background(photo: Photo, side: int) -> np.ndarray:
    """A wall out of focus: few soft patches of like colours."""
    rng = np.random.default_rng([photo.seed, 2])
    base = rng.uniform(0.12, 0.62) + rng.normal(0, 0.045, 3)
    coarse = np.clip(base + rng.normal(0, 0.09, (4, 4, 1)) + rng.normal(0, 0.02, (4, 4, 3)), 0.02, 0.95)
    place = np.linspace(0, 3, side // 4)
    low = np.minimum(place.astype(int), 2)
    share = rise(0, 1, place - low)
    rows = coarse[low] + (coarse[low + 1] - coarse[low]) * share[:, None, None]
    small = rows[:, low] + (rows[:, low + 1] - rows[:, low]) * share[None, :, None]
    return small.repeat(4, axis=0).repeat(4, axis=1)


def _develop(light: np.ndarray, photo: Photo, side_px: int) -> np.ndarray:
    """Pixels from linear light: samples averaged, blurred, noisy, with a soft shoulder in the highlights."""
    image = light.reshape(side_px, SUPERSAMPLING, side_px, SUPERSAMPLING, 3).mean(axis=(1, 3))
    if photo.blur_px > 0:
        sigma = photo.blur_px * side_px / 240
        image = np.stack([ndimage.gaussian_filter(image[..., c], sigma, truncate=3) for c in range(3)], axis=-1)
    image = np.where(image > 0.7, 0.7 + 0.3 * (1 - np.exp(-(image - 0.7) / 0.3)), image)
    image = np.clip(image, 0, 1) ** (1 / 2.2)
    noise = np.random.default_rng([photo.seed, 3]).normal(0, photo.noise, image.shape)
    return np.clip(np.rint((image + noise) * 255), 0, 255).astype(np.uint8)
