"""Faces: found in images, cropped as models expect them, and divided into regions."""
