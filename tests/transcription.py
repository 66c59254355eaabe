"""The published method and ours, transcribed literally and slowly: the reference for the fast code."""

import cv2
import numpy as np


def transcribe_maps(embed, image_a, image_b, method, patches, stride):
    """Make both maps as `facts/seed-method.md` describes, with loops; images are in [0, 1], h x w x 3."""
    side = image_a.shape[0]
    e_a, e_b = embed(image_a), embed(image_b)

    def d(u, v):
        return 1 - np.dot(u, v) / (np.linalg.norm(u) * np.linalg.norm(v))

    total = {"a": np.zeros((side, side)), "b": np.zeros((side, side))}
    for p in patches:
        corners = [(y, x) for y in range(0, side - p, stride) for x in range(0, side - p, stride)]
        occluded = {"a": [], "b": []}
        for y, x in corners:
            for name, image in (("a", image_a), ("b", image_b)):
                painted = image.copy()
                for row in range(y, y + p + 1):
                    for column in range(x, x + p + 1):
                        painted[row, column] = 0
                occluded[name].append(embed(painted))
        n = len(corners)
        for name, other, e_other in (("a", "b", e_b), ("b", "a", e_a)):
            summed = np.zeros((side, side))
            for i, (y, x) in enumerate(corners):
                if method == "all-to-all":
                    distance = sum(d(occluded[name][i], occluded[other][j]) for j in range(n)) / n
                elif method == "clean-to-all":
                    distance = d(occluded[name][i], e_other)
                else:
                    distance = d(occluded[name][i], occluded[other][i])
                deviation = (distance - d(e_a, e_b)) / p**2
                for row in range(y, y + p + 1):
                    for column in range(x, x + p + 1):
                        summed[row, column] += deviation
            total[name] += cv2.GaussianBlur(summed / n, (5, 5), 5)
    return {name: value / len(patches) for name, value in total.items()}


def transcribe_pair_specific(a, b, clean_a, clean_b):
    """Deviations of both faces by docs/method.md, mask by mask; unit vectors of the covered and of the clean faces."""
    s = max(float(np.dot(clean_a, clean_b)), 0)
    loss = {
        name: [np.dot(clean_a, clean_b) - np.dot(v, other) - s**2 * (1 - np.dot(v, own)) for v in covered]
        for name, covered, own, other in (("a", a, clean_a, clean_b), ("b", b, clean_b, clean_a))
    }
    of_a = [(1 - s / 2) * mine + s / 2 * theirs for mine, theirs in zip(loss["a"], loss["b"], strict=True)]
    of_b = [(1 - s / 2) * mine + s / 2 * theirs for mine, theirs in zip(loss["b"], loss["a"], strict=True)]
    return of_a, of_b
