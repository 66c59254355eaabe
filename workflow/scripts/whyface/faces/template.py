"""The one template that aligned faces share: where ArcFace-style models expect the five landmarks."""

import numpy as np

# x and y of left eye, right eye, nose and mouth corners, in pixels of a crop of 112 x 112.
TEMPLATE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
TEMPLATE = TEMPLATE_112 / 112  # as shares of the crop's side
