"""The public tables: what each holds, column by column, with descriptions and units.

Every table is one upper-case constant. `docs/tables.md` and the site's legends are made from them. Tables are
hive-partitioned: the partition columns are in the path (`model=.../dataset=...`) and not in the file, so that
`pd.read_parquet("results/tables/scores")` yields them once.
"""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Table:
    """One kind of table.

    Attributes
    ----------
    name : str
        Folder below `results/tables`.
    description : str
        What a row is.
    partitions : tuple of str
        Columns that are in the path.
    key : tuple of str
        Columns that identify a row; rows are sorted by them.
    schema : pyarrow.Schema
        Columns with description and unit. A list of floats without a fixed size takes the size of its data.
    group_columns : str
        Which further columns of text or numbers may follow, for breakdowns; empty if none may.
    """

    name: str
    description: str
    partitions: tuple[str, ...]
    key: tuple[str, ...]
    schema: pa.Schema
    group_columns: str = ""


def _column(name: str, kind: pa.DataType, description: str, unit: str = "", nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable, metadata={"description": description, "unit": unit})


_TEXT, _WHOLE, _REAL, _YES_NO, _SEED = pa.string(), pa.int32(), pa.float64(), pa.bool_(), pa.int64()
_COUNT = pa.int64()
_POINTS = pa.list_(pa.float32(), 10)

IMAGES = Table(
    name="images",
    description="An image of a collection.",
    partitions=("collection",),
    key=("image_id",),
    schema=pa.schema(
        [
            _column("image_id", _TEXT, "name of the image in its collection, as pair lists use it"),
            _column("subject_id", _TEXT, "person shown; empty if the layout does not say"),
            _column("path", _TEXT, "file, relative to the collection's folder"),
            _column("width_px", _WHOLE, "width as displayed, null if unreadable", "px", nullable=True),
            _column("height_px", _WHOLE, "height as displayed, null if unreadable", "px", nullable=True),
            _column("sha256", _TEXT, "hash of the file"),
        ]
    ),
    group_columns="`pose` (layout cfp), and the columns of the collection's own `images.csv`",
)

PAIRS = Table(
    name="pairs",
    description="A pair of images that a protocol compares.",
    partitions=("dataset",),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "position in the pair list, zero-padded"),
            _column("image_a", _TEXT, "image_id of the first image"),
            _column("image_b", _TEXT, "image_id of the second image"),
            _column("subject_a", _TEXT, "person in the first image"),
            _column("subject_b", _TEXT, "person in the second image"),
            _column("is_genuine", _YES_NO, "same person; null if unlabelled", nullable=True),
            _column("fold", _WHOLE, "cross-validation fold, from 0; null if none", nullable=True),
            _column("known_label_error", _TEXT, "what is known to be wrong with the label; empty if nothing"),
        ]
    ),
    group_columns="`age_gap` in years (protocol calfw, if images have `age_years`), and the columns of pairs-csv",
)

LEAKAGE = Table(
    name="leakage",
    description="How many people, images and pairs of a dataset are among the pairs that it is judged by.",
    partitions=("dataset",),
    key=("scope", "kind"),
    schema=pa.schema(
        [
            _column(
                "scope",
                _TEXT,
                "folds: each fold and the others; reference: the dataset and its reference; unfolded: pairs without a "
                "fold and all folds, where no reference is named",
            ),
            _column(
                "kind",
                _TEXT,
                "people, by name; images, by content; pairs, in either order; or names: people of two collections, in "
                "which one name may stand for two people",
            ),
            _column("fitted_on", _TEXT, "dataset whose folds serve to fit on"),
            _column("shared", _WHOLE, "how many are on both sides, or in two folds"),
            _column(
                "n", _WHOLE, "how many there are in the pairs judged, without unnamed people and unreadable images"
            ),
            _column("pairs", _WHOLE, "pairs judged that hold one of them", "pairs"),
            _column(
                "examples",
                _TEXT,
                "up to ten of what is shared, the folds that hold it, and how many more there are; a = b is one image "
                "or pair under two names",
            ),
        ]
    ),
)

LEAKING_PAIRS = Table(
    name="leaking_pairs",
    description="A pair that shares a person, an image or itself with the pairs that it is judged by.",
    partitions=("dataset",),
    key=("pair_id", "scope", "kind"),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column("scope", _TEXT, "as in `leakage`"),
            _column("kind", _TEXT, "what is shared: people, images or pairs (this one)"),
            _column("found_in", _TEXT, "the other folds that hold it, or the reference dataset"),
        ]
    ),
)

PROTOCOL = Table(
    name="protocol",
    description="A finding about a pair list before any model sees it: what it holds, what is wrong, what it supports.",
    partitions=("dataset",),
    key=("check", "fold", "group"),
    schema=pa.schema(
        [
            _column("check", _TEXT, "what was looked at; docs/method.md lists the checks"),
            _column("fold", _WHOLE, "the fold looked at; null: the whole list", nullable=True),
            _column(
                "group",
                _TEXT,
                "impostor: only such pairs; column=value: a group; column: its groups compared; a number: the error "
                "rate or accuracy that the figure is for; null: everything",
                nullable=True,
            ),
            _column("value", _REAL, "what was found: a count, or a ratio or share from 0 to 1", nullable=True),
            _column("n", _WHOLE, "of how many, or from how many; null if that says nothing", nullable=True),
            _column("status", _TEXT, "ok; note: to know before reading figures; fault: wrong with the list"),
            _column("detail", _TEXT, "up to ten examples and how many more there are: people, images, pairs or folds"),
        ]
    ),
)

TRUTH = Table(
    name="truth",
    description="What is known about an image because the project drew it: who it shows, how, and where everything is.",
    partitions=("collection",),
    key=("image_id",),
    schema=pa.schema(
        [
            _column("image_id", _TEXT, "image"),
            _column("subject_id", _TEXT, "person shown"),
            _column("person_seed", _SEED, "seed of the person"),
            _column("mixture", _TEXT, "look-alike, or the parts taken from another person; empty if neither"),
            _column("mixed_with", _SEED, "seed of that other person; null if none", nullable=True),
            _column("photo_seed", _SEED, "seed of background, clothes, objects and noise"),
            _column("yaw_deg", _REAL, "turn of the head, positive to the right of the image", "degrees"),
            _column("pitch_deg", _REAL, "nod of the head, positive down", "degrees"),
            _column("roll_deg", _REAL, "tilt of the head, positive clockwise", "degrees"),
            _column("shift_x", _REAL, "position of the head, positive to the right", "head units"),
            _column("shift_y", _REAL, "position of the head, positive down", "head units"),
            _column("zoom", _REAL, "size of the head; 1 is normal"),
            _column("age_years", _REAL, "age at which the person is shown", "years"),
            _column("smile", _REAL, "smile; negative if the corners of the mouth turn down", "-0.2 to 1"),
            _column("mouth_open", _REAL, "how far the mouth is open", "0 to 1"),
            _column("brow_raise", _REAL, "how far the brows are raised; negative for a frown", "-0.8 to 1"),
            _column("squint", _REAL, "how far the eyes are closed", "0 to 0.8"),
            _column("glasses", _TEXT, "none, round or square"),
            _column("light_azimuth_deg", _REAL, "angle of the light, positive from the right of the image", "degrees"),
            _column("light_elevation_deg", _REAL, "angle of the light, positive from above", "degrees"),
            _column("light_strength", _REAL, "brightness of the light", "0 to 1"),
            _column("light_warmth", _REAL, "colour of the light; positive is warm"),
            _column("ambient", _REAL, "light from all directions", "0 to 1"),
            _column("exposure", _REAL, "exposure; 1 is normal"),
            _column("blur_px", _REAL, "standard deviation of the blur", "px of the image"),
            _column("noise", _REAL, "standard deviation of the noise, where 1 is white", "0 to 1"),
            _column("jpeg_quality", _WHOLE, "quality of the JPEG file", "0 to 100"),
            _column("cover", _TEXT, "region covered by an object, or none"),
            _column(
                "landmarks",
                _POINTS,
                "as in `faces`, hidden ones too; left as in a frontal view",
                "px of the image",
            ),
            _column(
                "regions", _TEXT, "mask of the regions, a PNG file in the collection's folder; metadata names them"
            ),
            _column("twin_of", _TEXT, "image that this one equals except in one region; null if none", nullable=True),
            _column(
                "difference", _TEXT, "mask of where it differs from `twin_of`, a PNG file; null if none", nullable=True
            ),
        ]
    ),
)

FACES = Table(
    name="faces",
    description="The face in an image that a pair of the run or of a reference names, and how it was cropped.",
    partitions=("collection", "alignment"),
    key=("image_id",),
    schema=pa.schema(
        [
            _column("image_id", _TEXT, "image"),
            _column("status", _TEXT, "ok; centre-crop: no face found; failed: unreadable image"),
            _column(
                "detail",
                _TEXT,
                "why the status is not ok; landmarks given: `landmarks.csv` has them; else empty",
            ),
            _column(
                "probability",
                _REAL,
                "the detector's; null if no face was found or its landmarks were given",
                "0 to 1",
                nullable=True,
            ),
            _column(
                "box",
                pa.list_(pa.float32(), 4),
                "left, top, right, bottom; null where the probability is",
                "px of the image",
                True,
            ),
            _column(
                "landmarks",
                _POINTS,
                "x, y of left eye, right eye, nose, left and right mouth corner (left as seen)",
                "px of the image",
                nullable=True,
            ),
            _column("eye_distance_px", _REAL, "distance of the eyes; null without landmarks", "px of the image", True),
            _column(
                "yaw",
                _REAL,
                "index of the turn of the head, no angle: how far the nose lies to the right of the middle between "
                "eyes and mouth; null likewise",
                "eye distances",
                True,
            ),
            _column(
                "pitch",
                _REAL,
                "index of the nod of the head, no angle: how far down the nose lies from the eyes (-0.5) to the mouth "
                "(0.5); null likewise",
                nullable=True,
            ),
            _column("roll_deg", _REAL, "tilt of the eyes' line, positive clockwise; null likewise", "degrees", True),
            _column(
                "sharpness",
                _REAL,
                "in the middle of the crop, standard deviation of the Laplacian over that of the luminance; null if "
                "the image failed or is flat",
                nullable=True,
            ),
            _column("brightness", _REAL, "mean luminance there; null if the image failed", "0 to 1", True),
            _column("contrast", _REAL, "standard deviation of the luminance there; null likewise", "0 to 1", True),
        ]
    ),
)

EMBEDDINGS = Table(
    name="embeddings",
    description="A model's embedding of an aligned face, for each image in `faces`.",
    partitions=("model", "collection"),
    key=("image_id",),
    schema=pa.schema(
        [
            _column("image_id", _TEXT, "image"),
            _column("embedding", pa.list_(pa.float32()), "L2-normalised; null if the image failed", nullable=True),
            _column(
                "norm",
                pa.float32(),
                "L2 norm of the model's raw output, with `flip` applied; null likewise",
                nullable=True,
            ),
            _column(
                "with_mirror",
                pa.list_(pa.float32()),
                "raw outputs for the image and its mirror image, added, then L2-normalised, as InsightFace does; null "
                "unless the collection is one of its packs",
                nullable=True,
            ),
        ]
    ),
)

DECISIONS = Table(
    name="decisions",
    description="Distance and decision of a pair, before confidence is fitted; `scores` repeats these columns.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column("is_genuine", _YES_NO, "same person; null if unlabelled", nullable=True),
            _column("fold", _WHOLE, "cross-validation fold, from 0; null if none", nullable=True),
            _column("cosine_distance", _REAL, "1 - cosine similarity; null if an image failed", "0 to 2", True),
            _column("threshold", _REAL, "decision threshold, from the other folds or the reference dataset", "0 to 2"),
            _column("decision", _TEXT, "same iff cosine_distance < threshold, else different", nullable=True),
            _column(
                "outcome",
                _TEXT,
                "true-match, false-match, true-non-match or false-non-match; null without a label",
                nullable=True,
            ),
        ]
    ),
)

SCORES = Table(
    name="scores",
    description="Distance, decision and confidence of a pair.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            *DECISIONS.schema,
            _column("p_same", _REAL, "calibrated probability of genuine; prior 0.5, own fold unseen", "0 to 1", True),
            _column("llr", _REAL, "log10 likelihood ratio, genuine over impostor", "log10", True),
            _column("confidence", _REAL, "probability that the decision is right", "0 to 1", True),
            _column("paper_score", _REAL, "confidence as published (WACVW 2023), not a probability", "0.5 to 1", True),
        ]
    ),
)

CONFIDENCE = Table(
    name="confidence",
    description="Threshold and parameters of one confidence method, for the pairs of one fold.",
    partitions=("model", "dataset"),
    key=("fold", "method"),
    schema=pa.schema(
        [
            _column("fold", _WHOLE, "held-out fold, not fitted on; null for pairs without a fold", nullable=True),
            _column("method", _TEXT, "confidence method"),
            _column("parameters", _TEXT, "fitted parameters by name, as JSON; null if the fit failed", nullable=True),
            _column("llr_low", _REAL, "lowest log10 likelihood ratio that the pairs support", "log10", True),
            _column("llr_high", _REAL, "highest log10 likelihood ratio that the pairs support", "log10", True),
            _column("threshold", _REAL, "decision threshold on the distance", "0 to 2"),
            _column("fitted_on", _TEXT, "dataset whose pairs were used"),
            _column("n_fit", _WHOLE, "number of pairs used", "pairs"),
            _column("n_genuine", _WHOLE, "genuine pairs among them: they limit what is said for `different`", "pairs"),
            _column("n_impostor", _WHOLE, "impostor pairs among them: they limit what is said for `same`", "pairs"),
        ]
    ),
)

SELECTION = Table(
    name="selection",
    description="A pair that gets maps, and why.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column(
                "reason",
                _TEXT,
                "all, error, least-sure, sample, or free: both images are occluded for other pairs anyway",
            ),
        ]
    ),
)

EXPLANATIONS = Table(
    name="explanations",
    description="A saliency map: which regions of one image speak for same (positive) or different (negative).",
    partitions=("model", "dataset"),
    key=("pair_id", "method", "side"),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column("side", _TEXT, "a or b: the image of the pair that the map belongs to"),
            _column("method", _TEXT, "pair-specific, all-to-all, clean-to-all or one-to-one"),
            _column("variant", _TEXT, "corrected or paper"),
            _column("status", _TEXT, "ok; failed: the model gives no embedding under some masks"),
            _column("detail", _TEXT, "for which image, and under how many masks; empty if ok"),
            _column(
                "map",
                pa.list_(pa.float32()),
                "map_px x map_px, row by row, not normalised; null if failed",
                "distance / px^2",
                nullable=True,
            ),
            _column(
                "agreement",
                _REAL,
                "Spearman correlation with the map of all masks, estimated; 1 if all were measured; null if failed",
                nullable=True,
            ),
            _column(
                "agreement_low",
                _REAL,
                "what that correlation is at least, in about 19 of 20 maps; null if failed",
                nullable=True,
            ),
        ]
    ),
)

METRICS = Table(
    name="metrics",
    description="One metric of a model on a dataset.",
    partitions=("model", "dataset"),
    key=("metric", "method", "group"),
    schema=pa.schema(
        [
            _column("metric", _TEXT, "name of the metric; docs/method.md lists them"),
            _column("method", _TEXT, "confidence method measured; empty for metrics of the distance"),
            _column("group", _TEXT, "all, or column=value of a group column"),
            _column("value", _REAL, "value of the metric; null if the set is too small to claim it", nullable=True),
            _column("ci_low", _REAL, "lower end of the 95 % interval; null where there is none", nullable=True),
            _column("ci_high", _REAL, "upper end of the 95 % interval; null where there is none", nullable=True),
            _column("n", _WHOLE, "pairs behind it: genuine for FNMR, impostor for FMR; images for fta_rate"),
            _column("people", _WHOLE, "people in these; null where no pairs are averaged", "people", True),
        ]
    ),
)

CURVES = Table(
    name="curves",
    description="A point of a curve or a bar of a histogram.",
    partitions=("model", "dataset"),
    key=("curve", "point"),
    schema=pa.schema(
        [
            _column("curve", _TEXT, "which curve; docs/method.md lists them"),
            _column("point", _WHOLE, "position on the curve, from 0"),
            _column("x", _REAL, "value on the horizontal axis"),
            _column("y", _REAL, "value on the vertical axis"),
            _column("y_low", _REAL, "lower end of the 95 % interval of y; null where there is none", nullable=True),
            _column("y_high", _REAL, "upper end of the 95 % interval of y; null where there is none", nullable=True),
            _column("n", _WHOLE, "pairs behind the point; null where that means nothing", nullable=True),
        ]
    ),
)

# Both error rates at a threshold, over every two images of a collection.
_RATES = [
    _column("fmr", _REAL, "false match rate: share of the impostor pairs accepted", "0 to 1"),
    _column("fmr_low", _REAL, "lower end of its 95 % interval over people; null for too few", "0 to 1", True),
    _column("fmr_high", _REAL, "upper end of its 95 % interval over people; null for too few", "0 to 1", True),
    _column("false_matches", _COUNT, "impostor pairs accepted", "pairs"),
    _column("impostors", _COUNT, "impostor pairs: every two images of different people", "pairs"),
    _column("people", _WHOLE, "people in these", "people"),
    _column("fnmr", _REAL, "false non-match rate: share of a person's pairs rejected, mean over people", "", True),
    _column("fnmr_low", _REAL, "lower end of its 95 % interval; null for too few people", "0 to 1", True),
    _column("fnmr_high", _REAL, "upper end of its 95 % interval; null for too few people", "0 to 1", True),
    _column("genuine", _COUNT, "genuine pairs: every two images of one person", "pairs"),
    _column("genuine_people", _WHOLE, "people with two images or more", "people"),
]

TAILS = Table(
    name="tails",
    description="Error rates at a low false match rate, from every two images of a collection.",
    partitions=("model", "collection"),
    key=("fmr_target",),
    schema=pa.schema(
        [
            _column("fmr_target", _REAL, "false match rate that is not exceeded", "0 to 1"),
            _column("threshold", _REAL, "cosine distance below which pairs are accepted", "0 to 2"),
            *_RATES,
            _column(
                "is_extrapolated",
                _YES_NO,
                "the threshold, FMR and its interval are extrapolated from more frequent false matches",
            ),
        ]
    ),
)

DEEP_DET = Table(
    name="deep_det",
    description="A point of the DET curve of every two images of a collection.",
    partitions=("model", "collection"),
    key=("fmr_target",),
    schema=pa.schema(
        [
            _column("fmr_target", _REAL, "false match rate that is not exceeded", "0 to 1"),
            _column("threshold", _REAL, "cosine distance below which pairs are accepted", "0 to 2"),
            *_RATES,
        ]
    ),
)

REALISED = Table(
    name="realised",
    description="A threshold set for a false match rate on one collection, and its error rates on another.",
    partitions=("model",),
    key=("fmr_target", "set_on", "realised_on"),
    schema=pa.schema(
        [
            _column("fmr_target", _REAL, "false match rate that is not exceeded where the threshold was set", "0 to 1"),
            _column("set_on", _TEXT, "collection that the threshold was set on"),
            _column("realised_on", _TEXT, "collection that it is used on"),
            _column("threshold", _REAL, "cosine distance below which pairs are accepted", "0 to 2"),
            *_RATES,
        ]
    ),
)

STRANGERS = Table(
    name="strangers",
    description="A pair of different people that a model takes for most alike, of every two images of a collection.",
    partitions=("model", "collection"),
    key=("rank",),
    schema=pa.schema(
        [
            _column("rank", _WHOLE, "1 for the nearest"),
            _column("image_a", _TEXT, "image"),
            _column("image_b", _TEXT, "image"),
            _column("subject_a", _TEXT, "person in image_a; empty if unknown"),
            _column("subject_b", _TEXT, "person in image_b; empty if unknown"),
            _column("cosine_distance", _REAL, "1 - cosine similarity", "0 to 2"),
        ]
    ),
)

GROUP_RATES = Table(
    name="group_rates",
    description="A rate of a group of people, or of the pairs of two groups, from every two images of a collection.",
    partitions=("model", "collection"),
    key=("column", "rate", "fmr_target", "group_a", "group_b"),
    schema=pa.schema(
        [
            _column("column", _TEXT, "column of the images that divides people"),
            _column(
                "rate",
                _TEXT,
                "fmr, fnmr; fta_rate: share of the images without a face; genuine_shift: mean distance of a person's "
                "own pairs less that of all people; impostor_shift: mean distance of the impostor pairs within the "
                "group less that of such pairs of all groups",
            ),
            _column(
                "fmr_target", _REAL, "false match rate that the threshold is set for; null without", "0 to 1", True
            ),
            _column("group_a", _TEXT, "group"),
            _column(
                "group_b", _TEXT, "group of the other person of impostor pairs; empty where a rate is of one group"
            ),
            _column("value", _REAL, "the rate, or the shift of cosine distance; null without pairs", "", True),
            _column("ci_low", _REAL, "lower end of its 95 % interval over people; null for too few", "", True),
            _column("ci_high", _REAL, "upper end of its 95 % interval over people; null for too few", "", True),
            _column("n", _COUNT, "pairs; images for fta_rate", "pairs"),
            _column("errors", _COUNT, "errors among them; null for shifts", "pairs", True),
            _column("people", _WHOLE, "people in them", "people"),
            _column(
                "power_factor",
                _REAL,
                "factor by which the group's rate would have to differ for this to be found in 80 of 100 cases; null "
                "beyond 64, and where no groups are compared",
                "",
                True,
            ),
        ]
    ),
)

GROUP_INDICES = Table(
    name="group_indices",
    description="How much groups of people differ in an error rate, beside what a fair system would show.",
    partitions=("model", "collection"),
    key=("column", "rate", "index", "fmr_target"),
    schema=pa.schema(
        [
            _column("column", _TEXT, "column of the images that divides people"),
            _column("rate", _TEXT, "fmr: within groups; fnmr; both"),
            _column(
                "index",
                _TEXT,
                "wald (the verdict rests on it), max_min, max_mean (geometric), gini; of both rates fdr, "
                "inequity_rate, garbe; docs/method.md defines them",
            ),
            _column("fmr_target", _REAL, "false match rate that the threshold is set for", "0 to 1"),
            _column("value", _REAL, "the index; null for fewer than two groups with enough people", "", True),
            _column("ci_low", _REAL, "lower end of its 95 % interval over people; null for wald", "", True),
            _column("ci_high", _REAL, "upper end of its 95 % interval over people; null for wald", "", True),
            _column("fair_median", _REAL, "median of fair systems: labels shuffled over people", "", True),
            _column("fair_limit", _REAL, "what 95 % of fair systems stay within; a lower end for fdr", "", True),
            _column("p_value", _REAL, "share of fair systems at least as far off", "0 to 1", True),
            _column("p_holm", _REAL, "the same, allowing for the number of columns (Holm)", "0 to 1", True),
            _column(
                "verdict",
                _TEXT,
                "of wald alone, as other indices give more false alarms where groups have unequal photos. difference: "
                "p_holm is 5 % or less; within noise; too few people; too many pairs: more than are kept",
                nullable=True,
            ),
            _column(
                "power_factor",
                _REAL,
                "factor in any one group's rate that would have been found in 80 of 100 cases; null but for wald, and "
                "beyond 64",
                "",
                True,
            ),
            _column("groups", _WHOLE, "groups compared: those with enough people for an interval"),
        ]
    ),
)

PAIR_GROUP_RATES = Table(
    name="pair_group_rates",
    description="An error rate of a group of a dataset's pairs, at one threshold for all of them.",
    partitions=("model", "dataset"),
    key=("column", "rate", "fmr_target", "group_a", "group_b"),
    schema=pa.schema(
        [
            _column("column", _TEXT, "group column of the pairs, or of their images"),
            _column("rate", _TEXT, "fmr or fnmr"),
            _column("fmr_target", _REAL, "false match rate of all impostor pairs at the threshold", "0 to 1"),
            _column("group_a", _TEXT, "group"),
            _column("group_b", _TEXT, "group of the other person of impostor pairs; empty for fnmr"),
            *[field for field in GROUP_RATES.schema if field.name in ("value", "ci_low", "ci_high")],
            _column("n", _COUNT, "pairs", "pairs"),
            _column("errors", _COUNT, "errors among them", "pairs"),
            *[field for field in GROUP_RATES.schema if field.name in ("people", "power_factor")],
        ]
    ),
)

PAIR_GROUP_INDICES = Table(
    name="pair_group_indices",
    description="How much groups of a dataset's pairs differ in an error rate, beside what a fair system would show.",
    partitions=("model", "dataset"),
    key=("column", "rate", "index", "fmr_target"),
    schema=pa.schema(
        [
            PAIR_GROUP_RATES.schema.field("column"),
            *[field for field in GROUP_INDICES.schema if field.name in ("rate", "index", "fmr_target")],
            *[field for field in GROUP_INDICES.schema if field.name in ("value", "ci_low", "ci_high")],
            _column("fair_median", _REAL, "median of fair systems: errors drawn from the rate of all groups", "", True),
            *[field for field in GROUP_INDICES.schema if field.name in ("fair_limit", "p_value")],
            _column("p_holm", _REAL, "the same, allowing for the number of columns and rates (Holm)", "0 to 1", True),
            _column(
                "verdict",
                _TEXT,
                "of wald alone. difference: p_holm is 5 % or less; within noise; too few people",
                nullable=True,
            ),
            *[field for field in GROUP_INDICES.schema if field.name in ("power_factor", "groups")],
            _column("shares_people", _YES_NO, "whether somebody is in pairs of several groups: the column is of pairs"),
        ]
    ),
)

TRANSFER = Table(
    name="transfer",
    description="What confidence fitted on one dataset is worth on another.",
    partitions=("model",),
    key=("fitted_on", "judged_on"),
    schema=pa.schema(
        [
            _column("fitted_on", _TEXT, "dataset whose pairs were used; all: those of every dataset"),
            _column(
                "judged_on",
                _TEXT,
                "dataset judged, out of fold where it was fitted on; `all` leaves out the people judged",
            ),
            _column("method", _TEXT, "confidence method"),
            _column("cllr", _REAL, "cost of the log likelihood ratios", "bits", nullable=True),
            _column("ci_low", _REAL, "lower end of the 95 % interval of cllr", "bits", nullable=True),
            _column("ci_high", _REAL, "upper end of the 95 % interval of cllr", "bits", nullable=True),
            _column("log_loss", _REAL, "mean negative log probability of the truth", "nats", nullable=True),
            _column("ece", _REAL, "expected calibration error", "0 to 1", nullable=True),
            _column("n", _WHOLE, "pairs judged", "pairs"),
            _column("people", _WHOLE, "people in these pairs", "people"),
            _column(
                "shared_people",
                _WHOLE,
                "people judged who are in the pairs fitted on, of which all counts only those of the same collection; "
                "null if fitted on another collection, where a name may stand for somebody else",
                "people",
                nullable=True,
            ),
        ]
    ),
)

FIDELITY = Table(
    name="fidelity",
    description="How right the maps are: a score of a method or a control, over pairs; docs/fidelity.md defines them.",
    partitions=("model", "dataset"),
    key=("score", "method", "side", "sign", "fill", "kind", "region"),
    schema=pa.schema(
        [
            _column(
                "score",
                _TEXT,
                "against planted differences: auc, hit, mass, rank, sign, named, auc_over_centre, moved; by covering: "
                "effect, effect_llr, fidelity, fidelity_llr, published_deletion, published_insertion",
            ),
            _column("method", _TEXT, "map method, or control that knows nothing of the pair; empty for moved"),
            _column("side", _TEXT, "a or b: the face whose maps are scored; both: mean over the two faces"),
            _column("sign", _TEXT, "same or different: what the maps speak for; empty if the score tests no sign"),
            _column("fill", _TEXT, "what shows through the cover; empty: all fills, or nothing is covered"),
            _column(
                "kind",
                _TEXT,
                "exchanged, covered or posed; genuine, impostor or unlabelled; empty for all pairs",
            ),
            _column("region", _TEXT, "planted region; empty for all"),
            _column(
                "value",
                _REAL,
                "mean over pairs; 0 to 1, but effect in units of distance and effect_llr in log10; null if undefined",
                nullable=True,
            ),
            _column("ci_low", _REAL, "lower end of the 95 % interval over people; null where there is none", "", True),
            _column("ci_high", _REAL, "upper end of the 95 % interval over people; null where there is none", "", True),
            _column("n", _WHOLE, "pairs behind it", "pairs"),
            _column("people", _WHOLE, "people in these pairs", "people"),
        ]
    ),
)

FLIPS = Table(
    name="flips",
    description="What would flip the decision of a pair with maps: the smallest single patch that turns it, checked.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column(
                "flipped", _YES_NO, "whether one patch turns the decision; null if the pair's maps failed", "", True
            ),
            _column(
                "side", _TEXT, "a or b: the face under the smallest patch that turns it; null without one", "", True
            ),
            _column("patch_px", _WHOLE, "side of that patch, in pixels of the model's input", "px", True),
            _column("x_px", _WHOLE, "left edge of that patch in the crop", "px", True),
            _column("y_px", _WHOLE, "upper edge of that patch in the crop", "px", True),
            _column("fill", _TEXT, "what that patch shows: black, mean, blur or noise", "", True),
            _column("cosine_distance", _REAL, "under that patch, by the model's own runtime", "0 to 2", True),
            _column("turning", _WHOLE, "how many of the single patches turn the decision", "patches", True),
            _column("patches", _WHOLE, "how many single patches there are, of all sizes and both faces", "patches"),
            _column(
                "margin",
                _REAL,
                "flip margin: threshold less distance, in units of what the strongest patch does that way; at most 1 "
                "if a patch turns the decision; null if none moves the pair that way",
                nullable=True,
            ),
        ]
    ),
)

PATCHES = Table(
    name="patches",
    description="A single patch that every face with maps was covered with; its place counts from 0 in table order.",
    partitions=("model", "dataset"),
    key=("place",),
    schema=pa.schema(
        [
            _column("place", _WHOLE, "place of its distance in the lists of `patch_distances`, from 0"),
            _column("patch_px", _WHOLE, "side, in pixels of the model's input", "px"),
            _column("x_px", _WHOLE, "left edge in the crop; negative where circles hang over the edge", "px"),
            _column("y_px", _WHOLE, "upper edge in the crop; negative where circles hang over the edge", "px"),
            _column("fill", _TEXT, "what it shows: black, mean, blur or noise"),
            _column("measured", _YES_NO, "whether every face was covered with it; else predicted (`exactness: fast`)"),
        ]
    ),
)

PATCH_DISTANCES = Table(
    name="patch_distances",
    description="A pair with one face under single patches, the other as it is: what the maps are made of.",
    partitions=("model", "dataset"),
    key=("pair_id", "side"),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair; those whose maps failed are left out"),
            _column("side", _TEXT, "a or b: the face under the patch"),
            _column(
                "cosine_distance",
                pa.list_(pa.float32()),
                "under each patch, in the order of `patches`",
                "0 to 2",
            ),
        ]
    ),
)

FLIP_SETS = Table(
    name="flip_sets",
    description="A small set of cells of one face that turns the decision of a pair with maps, checked by full passes.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column(
                "turned",
                _YES_NO,
                "whether such a set was found, of at most half of a face's cells; null if the pair's maps failed",
                "",
                True,
            ),
            _column("side", _TEXT, "a or b: the face under it; null without one", "", True),
            _column(
                "cells",
                pa.list_(pa.int32()),
                "its cells, row by row from 0 at the upper left; null without one",
                nullable=True,
            ),
            _column("cells_per_side", _WHOLE, "how many cells a row and a column of the crop has", "cells"),
            _column("fill", _TEXT, "fill under which it was found: mean, the crop's mean colour", "", True),
            _column(
                "holds",
                _TEXT,
                "all of mean, blur, noise and black under which it turns the decision, space between",
                "",
                True,
            ),
            _column("cosine_distance", _REAL, "under the set with `fill`, by the model's own runtime", "0 to 2", True),
        ]
    ),
)

FLIP_METRICS = Table(
    name="flip_metrics",
    description="How many decisions one patch turns, and how well the flip margin finds errors, over pairs with maps.",
    partitions=("model", "dataset"),
    key=("metric", "score", "group"),
    schema=pa.schema(
        [
            _column(
                "metric",
                _TEXT,
                "turned: share of decisions that one patch turns; auc: how often a wrong decision has a lower score "
                "than a right one",
            ),
            _column("score", _TEXT, "margin, llr (its size) or distance (from the threshold); empty for turned"),
            _column("group", _TEXT, "all, outcome=value, or column=value of a group column; auc: all"),
            _column(
                "value",
                _REAL,
                "value of the metric; null without pairs, and for auc unless every labelled pair has maps: selections "
                "favour certain errors",
                nullable=True,
            ),
            _column("ci_low", _REAL, "lower end of the 95 % interval over people; null where there is none", "", True),
            _column("ci_high", _REAL, "upper end of the 95 % interval over people; null where there is none", "", True),
            _column("n", _WHOLE, "pairs behind it", "pairs"),
            _column("people", _WHOLE, "people in these pairs", "people"),
        ]
    ),
)

COVERS = Table(
    name="covers",
    description="A pair with one region of its faces covered: what the region is worth; docs/method.md defines it.",
    partitions=("model", "dataset"),
    key=("pair_id", "side", "region", "covered"),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column("side", _TEXT, "a or b: the face covered, beside the other as it is; both: the same cover in both"),
            _column("region", _TEXT, "named region, or a field of the grid of nine where no face was placed"),
            _column("covered", _TEXT, "region; rest: all but the region"),
            _column("cosine_distance", _REAL, "with the cover; null if the model gives no embedding", "0 to 2", True),
            _column("llr", _REAL, "log10 likelihood ratio with the cover, by the fit without bounds", "log10", True),
            _column(
                "evidence",
                _REAL,
                "llr of the pair as it is less llr: what is covered speaks for same if positive, different if negative",
                "bans",
                True,
            ),
            _column("within", _YES_NO, "both ratios lie in the bounds that the pairs support; null without", "", True),
            _column("p_same", _REAL, "probability of genuine with the cover, within bounds", "0 to 1", True),
            _column("decision", _TEXT, "same or different with the cover; null without a distance", nullable=True),
        ]
    ),
)

COMPARISONS = Table(
    name="comparisons",
    description="Two models on the same pairs of a dataset: which one errs on which.",
    partitions=("dataset",),
    key=("model_a", "model_b"),
    schema=pa.schema(
        [
            _column("model_a", _TEXT, "first model"),
            _column("model_b", _TEXT, "second model"),
            _column("both_right", _WHOLE, "labelled pairs that both decide correctly", "pairs"),
            _column("only_a_right", _WHOLE, "pairs that only the first decides correctly", "pairs"),
            _column("only_b_right", _WHOLE, "pairs that only the second decides correctly", "pairs"),
            _column("both_wrong", _WHOLE, "pairs that neither decides correctly", "pairs"),
            _column(
                "p_value", _REAL, "that both err equally often; two-sided t test that knows the people", "0 to 1", True
            ),
            _column("difference", _REAL, "share of right decisions, first minus second", "-1 to 1", True),
            _column("ci_low", _REAL, "lower end of the 95 % interval of difference", "-1 to 1", True),
            _column("ci_high", _REAL, "upper end of the 95 % interval of difference", "-1 to 1", True),
            _column("people", _WHOLE, "people in these pairs", "people"),
        ]
    ),
)

DISCARDS = Table(
    name="discards",
    description="An error rate as the pairs of the lowest quality are discarded; docs/method.md defines it.",
    partitions=("model", "dataset"),
    key=("error", "quality", "discarded"),
    schema=pa.schema(
        [
            _column("error", _TEXT, "fnmr: of genuine pairs; fmr: of impostor pairs; at the pairs' own thresholds"),
            _column(
                "quality",
                _TEXT,
                "column of `faces` or `embeddings`, of the pair's worse image, or of `images.csv`; confidence: that in "
                "the decision",
            ),
            _column("discarded", _REAL, "share of the pairs of that class discarded, lowest quality first", "0 to 1"),
            _column("rate", _REAL, "error rate of the pairs left", "0 to 1"),
            _column("ci_low", _REAL, "lower end of its 95 % interval; null for too few people", "0 to 1", True),
            _column("ci_high", _REAL, "upper end of its 95 % interval; null for too few people", "0 to 1", True),
            _column("n", _WHOLE, "pairs left", "pairs"),
            _column("people", _WHOLE, "people in the pairs of that class", "people"),
        ]
    ),
)

DISCARD_AREAS = Table(
    name="discard_areas",
    description="How well a quality foretells errors: the area below its curve in `discards`.",
    partitions=("model", "dataset"),
    key=("error", "quality"),
    schema=pa.schema(
        [
            _column("error", _TEXT, "fnmr or fmr"),
            _column("quality", _TEXT, "as in `discards`"),
            _column(
                "area",
                _REAL,
                "mean error rate from 0 to 0.2 discarded, over that of all pairs: 1 if the quality knows nothing; null "
                "without errors",
                nullable=True,
            ),
            _column("ci_low", _REAL, "lower end of its 95 % interval; null for too few people", "", True),
            _column("ci_high", _REAL, "upper end of its 95 % interval; null for too few people", "", True),
            _column("ideal", _REAL, "area of a quality that discards every error first", "", True),
            _column("n", _WHOLE, "pairs of that class", "pairs"),
            _column("people", _WHOLE, "people in these pairs", "people"),
        ]
    ),
)

CONDITIONAL = Table(
    name="conditional",
    description="The likelihood ratio of a pair's distance, given the quality of its images and their groups.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column(
                "llr",
                _REAL,
                "log10 likelihood ratio, own fold unseen; null without a distance, and where the plain one was fitted "
                "on another dataset (`reference`)",
                "log10",
                True,
            ),
            _column("p_same", _REAL, "probability of genuine, prior 0.5; null likewise", "0 to 1", True),
        ]
    ),
)

CONDITIONAL_CHOICE = Table(
    name="conditional_choice",
    description="Whether the likelihood ratios of `conditional` beat the plain ones of `scores`.",
    partitions=("model", "dataset"),
    key=("method",),
    schema=pa.schema(
        [
            _column("method", _TEXT, "confidence method of the plain ones"),
            _column(
                "verdict",
                _TEXT,
                "used: the intervals of difference and given_list lie below 0; refused: one does not; left out: "
                "nothing to compare, as with a `reference`",
            ),
            _column("cllr", _REAL, "cost of the ratios that know the image", "bits", True),
            _column("cllr_plain", _REAL, "cost of the plain ones on the same pairs", "bits", True),
            _column("difference", _REAL, "the former less the latter", "bits", True),
            _column("ci_low", _REAL, "lower end of the 95 % interval of difference; null for too few", "bits", True),
            _column("ci_high", _REAL, "upper end of the 95 % interval of difference; null for too few", "bits", True),
            _column(
                "given_list",
                _REAL,
                "difference with each ratio added to what quality alone says about the labels of this list",
                "bits",
                True,
            ),
            _column("given_list_low", _REAL, "lower end of its 95 % interval; null for too few", "bits", True),
            _column("given_list_high", _REAL, "upper end of its 95 % interval; null for too few", "bits", True),
            _column("n", _WHOLE, "pairs compared", "pairs"),
            _column("people", _WHOLE, "people in these pairs", "people"),
            _column(
                "weights",
                _TEXT,
                "JSON: penalties of the fits (null: all weights 0), and by term two mean weights, per standard "
                "deviation of the term: on the log odds, and on the factor of the plain log odds",
            ),
        ]
    ),
)

RANKING = Table(
    name="ranking",
    description="A model's value of a metric beside the other models', and the ranks that it can have.",
    partitions=("dataset",),
    key=("metric", "model"),
    schema=pa.schema(
        [
            _column("metric", _TEXT, "accuracy, eer, fnmr_at_fmr_1e-2, fnmr_at_fmr_1e-3 or cllr, as in `metrics`"),
            _column("model", _TEXT, "name of the model"),
            _column("value", _REAL, "its value, on the pairs that all models decided; null if unknown", nullable=True),
            _column("ci_low", _REAL, "lower end; the intervals of all models hold together at 95 %", nullable=True),
            _column("ci_high", _REAL, "upper end of that interval", nullable=True),
            _column("rank_low", _WHOLE, "best rank it can have: 1 is the best model", nullable=True),
            _column(
                "rank_high", _WHOLE, "worst rank it can have; the ranks of all hold together at 95 %", nullable=True
            ),
            _column("n", _WHOLE, "labelled pairs that all models decided", "pairs"),
            _column("left_out", _WHOLE, "labelled pairs that some model did not decide", "pairs"),
            _column("people", _WHOLE, "people behind the value; 0 if it is unknown", "people"),
        ]
    ),
)

FUSIONS = Table(
    name="fusions",
    description="Two models fused by logistic regression on both distances, out of fold, beside the better one alone.",
    partitions=("dataset",),
    key=("model_a", "model_b"),
    schema=pa.schema(
        [
            _column("model_a", _TEXT, "first model"),
            _column("model_b", _TEXT, "second model"),
            _column("cllr", _REAL, "Cllr of the fusion; null where folds do not allow to fit one", "bits", True),
            _column("eer", _REAL, "equal error rate of the fusion", "0 to 1", True),
            _column("accuracy", _REAL, 'accuracy of the fusion, "same" above a likelihood ratio of 1', "0 to 1", True),
            _column("single_cllr", _REAL, "Cllr of the better model, by the same regression on it alone", "bits", True),
            _column("single_eer", _REAL, "equal error rate of the better model", "0 to 1", True),
            _column("single_accuracy", _REAL, "accuracy of the better model, likewise", "0 to 1", True),
            _column("difference", _REAL, "cllr minus single_cllr; below 0: the fusion is better", "bits", True),
            _column("ci_low", _REAL, "lower end; the intervals of all fusions hold together at 95 %", "bits", True),
            _column("ci_high", _REAL, "upper end of that interval", "bits", True),
            _column("p_value", _REAL, "that there is no difference; of this fusion alone, two-sided", "0 to 1", True),
            _column("helps", _YES_NO, "whether the interval is below 0; null without one", nullable=True),
            _column("n", _WHOLE, "labelled pairs with a fold that all models decided", "pairs"),
            _column("people", _WHOLE, "people in these", "people"),
        ]
    ),
)

COSTS = Table(
    name="costs",
    description="What a model costs: its size, and the time an image takes on the machine of the run.",
    partitions=("model",),
    key=("device",),
    schema=pa.schema(
        [
            _column("device", _TEXT, "processor that was timed, one thread of it, or graphics card"),
            _column("milliseconds", _REAL, "time an image takes, from crop to embedding; best of some", "ms"),
            _column("batch", _WHOLE, "images at a time", "images"),
            _column("weights_bytes", _COUNT, "size of the weights' file", "bytes"),
            _column("dimensions", _WHOLE, "numbers in an embedding"),
            _column("input_px", _WHOLE, "side of the square input", "px"),
        ]
    ),
)

SLICES = Table(
    name="slices",
    description="Pairs of one class under one condition or two: does the model err there more often than elsewhere?",
    partitions=("model", "dataset"),
    key=("class", "condition", "and_condition"),
    schema=pa.schema(
        [
            _column("class", _TEXT, "genuine or impostor: errors are false non-matches or false matches"),
            _column("condition", _TEXT, "column=value of a group column, or a third of the quality of the worse image"),
            _column("and_condition", _TEXT, "a second such condition; empty if none"),
            _column("errors", _WHOLE, "errors among its pairs", "pairs"),
            _column("n", _WHOLE, "labelled pairs with a decision", "pairs"),
            _column("people", _WHOLE, "people in these pairs", "people"),
            _column("rate", _REAL, "errors / n", "0 to 1"),
            _column("ci_low", _REAL, "lower end of the rate's 95 % interval over people; null for too few", "", True),
            _column("ci_high", _REAL, "upper end of it; null likewise", "", True),
            _column("rest", _REAL, "error rate of the other pairs of the class", "0 to 1"),
            _column("excess", _REAL, "errors beyond those that the rest's rate gives", "pairs"),
            _column(
                "p_value",
                _REAL,
                "that it is no worse than the rest (two conditions: than the others under either), one-sided; null for "
                "too few people",
                "0 to 1",
                True,
            ),
            _column(
                "adjusted",
                _REAL,
                "the same, guarded for all slices tested; worst slices have .05 or less",
                "0 to 1",
                True,
            ),
            _column(
                "findable",
                _REAL,
                "for the slice of median size of its class: the error rate at which it would be found in 80 of 100 "
                "cases; null for the others, or if it never would",
                "0 to 1",
                True,
            ),
        ]
    ),
)

CLUSTERS = Table(
    name="clusters",
    description="An error, and the worst slice that it is counted to.",
    partitions=("model", "dataset"),
    key=("pair_id",),
    schema=pa.schema(
        [
            _column("pair_id", _TEXT, "pair"),
            _column("class", _TEXT, "genuine or impostor"),
            _column("condition", _TEXT, "as in `slices`; empty: in no worst slice"),
            _column("and_condition", _TEXT, "as in `slices`"),
        ]
    ),
)

SUSPECTS = Table(
    name="suspects",
    description="A pair whose label all models and calibrators contradict, and other photos, if there are any.",
    partitions=("dataset",),
    key=("rank",),
    schema=pa.schema(
        [
            _column("rank", _WHOLE, "1 for the label most surely wrong"),
            _column("pair_id", _TEXT, "pair"),
            _column("is_genuine", _YES_NO, "the label"),
            _column("score", _REAL, "evidence against the label: the least of all below, over models", "bans"),
            _column("pair_llr", _REAL, "of the two images, by the least convinced model", "bans"),
            _column("photos_llr", _REAL, "of other photos of the people named; null without", "bans", True),
            _column(
                "own_a", _REAL, "mean cosine distance of image_a to its person's other photos; null without", "", True
            ),
            _column("own_b", _REAL, "the same of image_b", "", True),
            _column("cross_a", _REAL, "that of image_a to other photos of image_b's person; null without", "", True),
            _column("cross_b", _REAL, "that of image_b to other photos of image_a's person", "", True),
            _column("contradicting", _WHOLE, "models that contradict the label", "models"),
            _column("models", _WHOLE, "models with a distance for the pair", "models"),
            _column(
                "wrong_image",
                _TEXT,
                "the image less like its person's other photos; of an impostor pair, only if it is more like those of "
                "the other's person; else empty",
            ),
            _column("known_label_error", _TEXT, "as in `pairs`"),
        ]
    ),
)

TABLES = (
    IMAGES,
    PAIRS,
    LEAKAGE,
    LEAKING_PAIRS,
    PROTOCOL,
    TRUTH,
    FACES,
    EMBEDDINGS,
    DECISIONS,
    SCORES,
    CONFIDENCE,
    CONDITIONAL,
    CONDITIONAL_CHOICE,
    SELECTION,
    EXPLANATIONS,
    METRICS,
    CURVES,
    DISCARDS,
    DISCARD_AREAS,
    TAILS,
    DEEP_DET,
    REALISED,
    STRANGERS,
    GROUP_RATES,
    GROUP_INDICES,
    PAIR_GROUP_RATES,
    PAIR_GROUP_INDICES,
    TRANSFER,
    FIDELITY,
    FLIPS,
    FLIP_SETS,
    PATCHES,
    PATCH_DISTANCES,
    FLIP_METRICS,
    COVERS,
    COMPARISONS,
    RANKING,
    FUSIONS,
    COSTS,
    SLICES,
    CLUSTERS,
    SUSPECTS,
)
