"""Faces: finding them in images, cropping them as models expect, and dividing them into regions."""
