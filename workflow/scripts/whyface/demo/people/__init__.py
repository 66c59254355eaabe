"""Renders people who do not exist, with the truth behind every pixel.

people.py says who somebody is, and photos.py how the photo was taken. head.py, relief.py, paint.py, hair.py and
extras.py shape and paint the surfaces. light.py and raster.py turn them into pixels, and render.py takes the photo.

Lengths are in head units of about 10.7 cm: the chin is 1 below the middle of the eyes, and the crown 1.14 above it.
x points to the right of the image, y down, z to the camera. Colours are linear light, 0 to 1, until render.py develops
the photo. In arrays of points and colours the three coordinates are the first axis: arithmetic runs along the last.
"""
