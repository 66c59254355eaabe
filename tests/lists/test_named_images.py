"""A collection's images are those that the pairs of its datasets name."""

import pandas as pd
import pytest

from whyface.lists.named_images import named_images

IMAGES = pd.DataFrame({"image_id": ["a", "b", "c", "d", "e"], "path": ["1", "2", "3", "4", "5"]})


def pair_list(*pairs):
    return pd.DataFrame(map(list, pairs), columns=["image_a", "image_b"])


def test_images_of_all_datasets_stay_once_in_the_order_of_the_table():
    named = named_images(IMAGES, [pair_list("ed", "eb"), pair_list("be")])
    pd.testing.assert_frame_equal(named, pd.DataFrame({"image_id": ["b", "d", "e"], "path": ["2", "4", "5"]}))


@pytest.mark.parametrize("pair_lists", [[], [pair_list()], [pair_list("xy")]])
def test_a_collection_that_no_pair_shows_is_refused(pair_lists):
    with pytest.raises(ValueError, match=r"no pair names an image of the collection; .* run\.datasets"):
        named_images(IMAGES, pair_lists)
