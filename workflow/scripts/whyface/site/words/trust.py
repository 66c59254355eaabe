"""What the table `fidelity` measures, in words for readers who never met such a score."""

from typing import NamedTuple


class Score(NamedTuple):
    """A score's title and, in one sentence, what its values mean."""

    title: str
    meaning: str


# Scores of maps against a known difference, in the order of their columns.
TRUTH_SCORES = {
    "hit": Score(
        "Strongest spot",
        "How often the spot that speaks most for “different” lies on the changed part: 1 is always, 0.5 every other "
        "time, 0 never.",
    ),
    "auc": Score(
        "AUC",
        "Take a point inside the changed part and one outside. How often does the map call the inner one more "
        "different? 1 is always, 0.5 is a coin toss, 0 means the map has it the wrong way round.",
    ),
    "sign": Score(
        "Right colour",
        "How often the changed part, on average, speaks for “different”: 1 is always, 0.5 every other time, 0 never.",
    ),
    "named": Score(
        "Region named",
        "How often the region that the map names first is the changed one: 1 is always, 0.5 every other time, 0 never.",
    ),
    "mass": Score(
        "Share inside",
        "How much of all that speaks for “different” lies inside the changed part: 1 is all, 0.5 half, 0 nothing.",
    ),
    "rank": Score(
        "Best points",
        "Of as many top points for “different” as the changed part is large, the share that lies inside: 1 is all, "
        "0.5 half, 0 none.",
    ),
}

# kind of twin -> (name of such pairs, a pair like that)
KINDS = {
    "exchanged": ("Exchanged part", "with a part of the face exchanged"),
    "covered": ("Card held before the face", "with a card held before one of the faces"),
    "posed": ("Exchanged part in another pose", "with a part exchanged, in another pose"),
}

FILLS = {
    "": "All fills",
    "black": "Black",
    "mean": "The face’s mean colour",
    "blur": "The face, blurred",
    "noise": "Noise",
    "linear": "Blended from around the cover",
    "stranger": "A stranger’s pixels",
}

PAIR_KINDS = {"": "All pairs", "genuine": "Genuine", "impostor": "Impostor", "unlabelled": "Without label"}

CENTRE, RANDOM, ORACLE = "centre prior", "random map", "greedy oracle"
# What maps are compared with -> (name, what it knows)
CONTROLS = {
    CENTRE: ("Blob in the middle", "the same for every face"),
    "mean map": ("Mean map", "the mean of the maps of all other pairs"),
    "another pair's map": ("Another pair’s map", "a map of two other people"),
    RANDOM: ("Random map", "noise, as smooth as the maps"),
    "blurred map": ("The same map, blurred", "knows as much, but less sharply"),
    "pixel difference": ("Difference of the pixels", "knows both photos, but not the model"),
    ORACLE: ("Best order found", "measures every place and takes the best first"),
}
