"""Evidence of regions where the truth is drawn: twins that differ in one part, seen by the demo model."""

from types import SimpleNamespace

import pytest

from conftest import REPOSITORY
from whyface.demo.people.people import PARTS
from whyface.demo.people.render import render
from whyface.demo.people.twins import plan_twins
from whyface.evidence.covered_images import embed_covered_images, embed_directions
from whyface.evidence.named_regions import named_regions
from whyface.evidence.placement import place_face
from whyface.faces.alignment import crop_five_point
from whyface.faces.regions import GROUPS
from whyface.models.embedder import Embedder

SEED = 77
# Where the crop shows a part that has another name there; other hair has another hairline.
NAMES = {"chin": ("chin and jaw",), "hair": ("hair and background", "forehead")}
DEMO = {"kind": "demo", "input_px": 112, "channels": "rgb", "pixel_mean": 127.5, "pixel_std": 127.5}


@pytest.fixture(scope="module")
def weighed():
    """Draw a person and a twin for each part; by part, the clean distance and that with each region covered in both."""
    pictures = {one.image_id: one for one in plan_twins(1, SEED).pictures}
    base = "Synth_0001/base.jpg"
    names = {part: f"Synth_0001_{part}/{part}_exchanged.jpg" for part in PARTS}
    drawn = {name: render(pictures[name].somebody.person, pictures[name].photo) for name in (base, *names.values())}
    landmarks = drawn[base].landmarks
    crops = {name: crop_five_point(one.image, landmarks, 112) for name, one in drawn.items()}
    regions = named_regions(place_face(SimpleNamespace(landmarks=landmarks), "five-point", 112, 0), 112)
    embedder = Embedder("demo", DEMO, REPOSITORY / "workflow/resources/demo.safetensors", "cpu")

    def embed(batch):
        return embed_directions(embedder, batch)

    clean = {name: embed(crop[None])[0] for name, crop in crops.items()}
    covered = embed_covered_images(crops, crops.get, lambda name: regions, embed)
    own = covered[base].of(GROUPS)[:, 0]
    found = {}
    for part, name in names.items():
        after = 1 - (own * covered[name].of(GROUPS)[:, 0]).sum(axis=1)
        found[part] = (1 - clean[base] @ clean[name], dict(zip(GROUPS, after, strict=True)))
    return {part: one for part, one in found.items() if one[0] > 0.1}


def test_twins_that_move_the_model_lose_most_at_what_was_exchanged(weighed):
    assert len(weighed) >= 3
    for part, (clean, after) in weighed.items():
        planted = NAMES.get(part, (part,))
        nearest = min(after, key=after.get)
        assert after[nearest] < clean, part
        assert nearest in planted or (part == "eyes" and nearest.endswith(" eye")), (part, nearest)
