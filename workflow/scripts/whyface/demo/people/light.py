"""Lights a surface: a key light, the sky, shine, and darker hollows."""

import numpy as np
from scipy import ndimage

from whyface.demo.people.photos import Photo
from whyface.demo.people.surfaces import Surface, find_normals, rgb

# Skin scatters light: red wraps further around than blue.
WRAP = rgb(0.35, 0.22, 0.18)
SHINE, SHINE_POWER = 0.07, 24
# Keeps fair skin in full light below white.
BRIGHTNESS = 0.84
# Reach (in vertices) and strength of the darkening of hollows.
HOLLOWS = ((5, 2.0), (12, 1.6))


def light_surface(surface: Surface, photo: Photo) -> np.ndarray:
    """Find the colour of every vertex, 3 x rows x columns, of a surface placed as in the photo."""
    normals = find_normals(surface)
    azimuth, elevation = np.deg2rad([photo.light_azimuth_deg, photo.light_elevation_deg])
    light = np.array([np.sin(azimuth) * np.cos(elevation), -np.sin(elevation), np.cos(azimuth) * np.cos(elevation)])
    diffuse = np.clip((_dot(normals, light) + WRAP) / (1 + WRAP), 0, 1)
    warm = 1 + 0.08 * photo.light_warmth * rgb(1.0, 0.1, -1.0)
    sky = 0.75 + 0.25 * -normals[1]
    open_sky = _find_open_sky(surface, normals) if surface.detailed else 1.0
    half = light + np.array([0, 0, 1.0])  # between the light and the camera (Blinn, 1977)
    half = half / np.sqrt(half[0] ** 2 + half[1] ** 2 + half[2] ** 2)
    shine = np.clip(_dot(normals, half), 0, 1) ** SHINE_POWER
    key = photo.light_strength * diffuse * warm * (0.5 + 0.5 * open_sky)
    lit = surface.albedo * (key + photo.ambient * sky * open_sky)
    return BRIGHTNESS * photo.exposure * (lit + SHINE * photo.light_strength * (surface.gloss * shine))


def _dot(vectors: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return vectors[0] * direction[0] + vectors[1] * direction[1] + vectors[2] * direction[2]


def _find_open_sky(surface: Surface, normals: np.ndarray) -> np.ndarray:
    """Give about 1 on open ground, less where the surface bends inwards, as in the corners of eyes and nose."""
    points = surface.points
    open_sky = np.ones(points.shape[1:])
    for reach, strength in HOLLOWS:
        around = [ndimage.uniform_filter(axis, 2 * reach + 1, mode=("nearest", "wrap")) for axis in points]
        depth = sum((around[axis] - points[axis]) * normals[axis] for axis in range(3))
        open_sky = open_sky - strength * np.clip(depth / (0.012 * reach), -0.08, 0.5) * 0.9
    return np.clip(open_sky, 0.25, 1.1)
