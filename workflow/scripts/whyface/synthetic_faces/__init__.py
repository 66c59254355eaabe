"""Renders people who do not exist, with the truth behind every pixel.

people.py says who somebody is, photos.py how the photo was taken; head.py, features.py, hair.py and extras.py shape
and paint the surfaces, raster.py and render.py take the photo; benchmarks.py and twins.py write whole collections.

Lengths are in head units: the chin is 1 below and the crown 1.15 above the middle of the face, about 10.7 cm each.
x points to the right of the image, y down, z to the camera.
"""
