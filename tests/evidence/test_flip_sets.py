"""Sets of cells that turn a decision: cases worked by hand, models that surprise, and all rectangles by brute force."""

import cv2
import numpy as np
import pandas as pd
import pytest

from whyface.evidence.cell_effects import CellEffects, Grid
from whyface.evidence.flip_sets import find_flip_sets
from whyface.evidence.patches import list_patches
from whyface.maps.masks import make_filler, make_masks
from whyface.scores.decisions import cosine_distance
from whyface.tables.parquet import read_table, write_table
from whyface.tables.schemas import FLIP_SETS

CELLS = 16
NULLS = ["side", "cells", "fill", "holds", "cosine_distance"]
CROPS = dict(zip("ab", np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8), strict=True))
CLEAN = pd.Series({"a": np.array([0.6, 0.8, 0.0]), "b": np.array([1.0, 0.0, 0.0])})  # a distance of 0.4
# 16 patches of one cell each, then 9 of two by two.
LAYOUT = {"variant": "corrected", "shape": "square", "patch_px": [2, 4], "stride_px": 2}
GRID = Grid(list_patches(make_masks(8, LAYOUT), "mean").covered, per_side=4)


def split(crop):
    """Cut a crop of 8 px into its 16 cells, by slices."""
    return [crop[y : y + 2, x : x + 2] for y in range(0, 8, 2) for x in range(0, 8, 2)]


class AddingUp:
    """A model in which each covered cell of a face moves the distance by a known amount; less if it is not plain."""

    def __init__(self, effects, blind=False):
        self.effects, self.blind, self.sizes = effects, blind, []

    def __call__(self, crops):
        """Embed faces."""
        return np.stack([self._vector(crop) for crop in crops])

    def _vector(self, crop):
        changed = {
            face: [
                i
                for i, (own, was) in enumerate(zip(split(crop), split(CROPS[face]), strict=True))
                if (own != was).any()
            ]
            for face in "ab"
        }
        face = min(changed, key=lambda one: len(changed[one]))
        self.sizes.append(len(changed[face]))
        plain = all(len(np.unique(split(crop)[i].reshape(-1, 3), axis=0)) == 1 for i in changed[face])
        moved = sum(self.effects[face][i] for i in changed[face]) * (1 if plain else 0.5)
        similarity = 0.6 - moved
        partner = CLEAN["b" if face == "a" else "a"]
        return (
            similarity * partner + np.sqrt(1 - similarity**2) * np.array([0, 0, 1]) if not self.blind else np.zeros(3)
        )


def effects(**cells):
    """Build what each cell of a face does: a little, but for some."""
    values = np.full(CELLS, 0.001)
    for name, value in cells.items():
        values[int(name[1:])] = value
    return values


def search(a, b, threshold=0.5, blind=False, stored=None):
    """Search a pair for its set; `stored` are effects by which the stored distances were made, if not the model's."""
    model = AddingUp({"a": a, "b": b}, blind)
    told = stored or model.effects
    distances = {("0", side): 0.4 + GRID.shares @ told[side] for side in "ab"}
    pairs = pd.DataFrame({"pair_id": ["0"], "image_a": ["a"], "image_b": ["b"]})
    pairs = pairs.assign(cosine_distance=0.4, threshold=threshold)
    found = find_flip_sets(pairs, CLEAN, distances, GRID, CROPS.__getitem__, model)
    return found.iloc[0], model


def test_cells_add_up_and_the_known_minimum_is_found():
    """0.1 is needed: in face a, 0.06 and 0.05 do; in face b, it takes all of 0.05, 0.03 and 0.03."""
    row, _ = search(effects(c5=0.06, c6=0.05, c9=0.03), effects(c0=0.05, c3=0.03, c12=0.03))
    assert (row.turned, row.side, row.fill, row.cells_per_side) == (True, "a", "mean", 4)
    assert list(row.cells) == [5, 6] and row.cosine_distance == pytest.approx(0.4 + 0.11)
    assert row.holds == "mean black", "fills that are not plain do half as much"


def test_of_sets_of_one_size_the_one_that_goes_further_is_taken():
    row, _ = search(effects(c5=0.11), effects(c3=0.12))
    assert (row.side, list(row.cells)) == ("b", [3])


def test_different_turns_to_same_by_what_brings_the_faces_together():
    row, _ = search(-effects(c5=0.06, c7=0.05), -effects(c2=0.01), threshold=0.3)
    assert (row.turned, row.side, list(row.cells)) == (True, "a", [5, 7])
    assert row.cosine_distance == pytest.approx(0.4 - 0.11)


def test_a_covered_face_that_pairs_share_is_embedded_once():
    model = AddingUp({"a": effects(c5=0.06, c6=0.05), "b": effects(c0=0.05)})
    pairs = pd.DataFrame(
        {"pair_id": ["0", "1"], "image_a": "a", "image_b": "b", "cosine_distance": 0.4, "threshold": 0.5}
    )
    distances = {(pair, side): 0.4 + GRID.shares @ model.effects[side] for pair in "01" for side in "ab"}
    alone = find_flip_sets(pairs[:1], CLEAN, distances, GRID, CROPS.__getitem__, model)
    passes = len(model.sizes)
    both = find_flip_sets(pairs, CLEAN, distances, GRID, CROPS.__getitem__, model)
    assert len(model.sizes) == 2 * passes
    columns = ["turned", "side", "holds", "cosine_distance"]
    assert both[columns].to_numpy().tolist() == 2 * alone[columns].to_numpy().tolist()


def test_passes_correct_what_stored_distances_get_wrong():
    """They promise that cells 1 and 2 turn the decision; by the model's own runtime, 5 and 6 do."""
    stored = {"a": effects(c1=0.06, c2=0.06, c6=0.02), "b": effects()}
    row, _ = search(effects(c5=0.07, c6=0.06), effects(), stored=stored)
    assert row.turned and list(row.cells) == [5, 6] and row.cosine_distance == pytest.approx(0.53)


def test_nothing_is_stated_if_half_of_a_face_is_not_enough():
    """Each cell moves 0.012: nine of them would do, eight do not."""
    row, model = search(np.full(CELLS, 0.012), np.full(CELLS, 0.012))
    assert row.turned is not pd.NA and not row.turned and row[NULLS].isna().all()
    assert max(model.sizes) == 8


def test_a_set_that_the_model_sees_nothing_under_turns_nothing():
    row, _ = search(effects(c5=0.5), effects(), blind=True)
    assert row.turned is not pd.NA and not row.turned


def test_failed_maps_give_a_row_of_nulls_and_no_pairs_an_empty_table(tmp_path):
    pairs = pd.DataFrame({"pair_id": ["0", "1"], "image_a": ["a", "b"], "image_b": ["b", "a"]})
    pairs = pairs.assign(cosine_distance=0.4, threshold=0.5)
    model = AddingUp({"a": effects(c5=0.2), "b": effects()})
    known = {("1", "a"): 0.4 + GRID.shares @ effects(), ("1", "b"): 0.4 + GRID.shares @ effects(c5=0.2)}
    for name, part in (("some", pairs), ("none", pairs[:0])):
        found = find_flip_sets(part, CLEAN, known, GRID, CROPS.__getitem__, model)
        write_table(found, tmp_path / f"{name}.parquet", FLIP_SETS)
    failed, whole = read_table(tmp_path / "some.parquet", FLIP_SETS).itertuples()
    assert (failed.turned, failed.cells, failed.cells_per_side) == (None, None, 4) and pd.isna(failed.holds)
    assert (whole.turned, whole.side, list(whole.cells)) == (True, "b", [5])
    assert len(read_table(tmp_path / "none.parquet", FLIP_SETS)) == 0


def test_shares_and_rectangles_of_a_grid_by_hand():
    covered = np.zeros((1, 8, 8), bool)
    covered[0, 1:4, 2:5] = True  # cell 1 half, cell 2 a quarter, cell 5 whole, cell 6 half
    expected = np.zeros(CELLS)
    expected[[1, 2, 5, 6]] = [0.5, 0.25, 1, 0.5]
    grid = Grid(covered, per_side=4)
    assert np.array_equal(grid.shares, expected[None])
    slow = {
        frozenset(4 * y + x for y in range(top, bottom) for x in range(left, right))
        for top in range(4)
        for bottom in range(top + 1, 5)
        for left in range(4)
        for right in range(left + 1, 5)
        if (bottom - top) * (right - left) <= 8
    }
    assert {frozenset(np.flatnonzero(one).tolist()) for one in grid.rectangles} == slow
    assert len(grid.rectangles) == len(slow)


def test_a_pass_moves_the_prediction_towards_what_it_measured():
    guess = CellEffects(GRID, GRID.shares @ effects(c5=0.1))
    assert guess.strongest(1)[5]
    guess.learn(guess.strongest(1), -0.5)
    guess.learn(np.arange(CELLS) == 9, 0.3)
    guess.learn(np.arange(CELLS) == 2, np.nan)
    assert guess.strongest(1)[9] and not guess.strongest(8)[5]


def random_faces(rng, count, side=16):
    """Draw smooth faces, and a network of two layers that looks at every pixel."""
    coarse = rng.uniform(0, 255, (count, 5, 5, 3)).astype(np.float32)
    crops = np.stack([cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in coarse])
    first, second = rng.normal(size=(side * side * 3, 24)) / 16, rng.normal(size=(24, 8))

    def embed(images):
        raw = np.tanh((images.reshape(len(images), -1) / 255 - 0.5) @ first) @ second
        return raw / np.linalg.norm(raw, axis=1, keepdims=True)

    return np.clip(crops, 0, 255).astype(np.uint8), embed


def paint(crop, cells, name, fill):
    """Cover cells of four by four, with loops alone."""
    painted, filler = crop.copy(), make_filler(crop, fill, name)
    for cell in cells:
        y, x = 4 * (cell // 4), 4 * (cell % 4)
        painted[y : y + 4, x : x + 4] = filler[y : y + 4, x : x + 4]
    return painted


def test_no_rectangle_that_turns_the_decision_is_smaller_and_all_that_is_stated_holds():
    rng = np.random.default_rng(3)
    crops, embed = random_faces(rng, 100)
    names = [str(place) for place in range(100)]
    clean = pd.Series(list(embed(crops)), names)
    patches = list_patches(make_masks(16, {**LAYOUT, "patch_px": [3, 5]}), "mixed")
    pairs = pd.DataFrame({"pair_id": names[:50], "image_a": names[:50], "image_b": names[50:]})
    pairs["cosine_distance"] = cosine_distance(embed(crops[:50]), embed(crops[50:]))
    pairs["threshold"] = pairs["cosine_distance"] + rng.uniform(0.02, 0.3, 50) * rng.choice([-1, 1], 50)
    crop = dict(zip(names, crops, strict=True)).__getitem__
    distances = {}
    for pair in pairs.itertuples():
        for side, own, other in (("a", pair.image_a, pair.image_b), ("b", pair.image_b, pair.image_a)):
            shown = np.stack([patches.paint(place, crop(own), own) for place in range(len(patches))])
            distances[pair.pair_id, side] = 1 - embed(shown) @ clean[other]
    grid = Grid(patches.covered, per_side=4)
    found = find_flip_sets(pairs, clean, distances, grid, crop, embed)
    rectangles = [np.flatnonzero(one).tolist() for one in grid.rectangles]
    turned = 0
    for pair, row in zip(pairs.itertuples(), found.itertuples(), strict=True):
        was_same = pair.cosine_distance < pair.threshold
        smallest = np.inf
        for own, other in ((pair.image_a, pair.image_b), (pair.image_b, pair.image_a)):
            after = 1 - embed(np.stack([paint(crop(own), one, own, "mean") for one in rectangles])) @ clean[other]
            sizes = [
                len(one)
                for one, distance in zip(rectangles, after, strict=True)
                if (distance < pair.threshold) != was_same
            ]
            smallest = min([smallest, *sizes])
        assert (len(row.cells) if row.turned else np.inf) <= smallest, pair
        if row.turned:
            turned += 1
            own, other = (pair.image_a, pair.image_b) if row.side == "a" else (pair.image_b, pair.image_a)
            for fill in ("mean", "blur", "noise", "black"):
                distance = 1 - embed(paint(crop(own), row.cells, own, fill)[None])[0] @ clean[other]
                assert ((distance < pair.threshold) != was_same) == (fill in row.holds.split())
                assert fill != "mean" or distance == pytest.approx(row.cosine_distance)
    assert 20 <= turned < 50
