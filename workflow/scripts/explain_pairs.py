"""Rule explain_pairs: shifts of both images' embeddings -> table explanations."""

from whyface.maps.explanation import explain_pairs
from whyface.maps.masks import make_masks
from whyface.maps.prediction import read_prediction
from whyface.maps.stored_shifts import StoredShifts
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_parts
from whyface.tables.schemas import EMBEDDINGS, EXPLANATIONS, PAIRS, SELECTION


def main(snakemake):
    """Make every map of every selected pair, a hundred pairs at a time."""
    logger = logs.setup(snakemake.log[0])
    params = snakemake.params
    masks = make_masks(params.side_px, params.masks)
    prediction = next(map(read_prediction, snakemake.input.prediction), None)
    shifts = StoredShifts(snakemake.input.shifts, prediction)
    pairs = read_table(snakemake.input.pairs, PAIRS)
    selection = read_table(snakemake.input.selection, SELECTION)
    chosen = pairs[pairs["pair_id"].isin(selection["pair_id"])]
    embeddings = read_table(snakemake.input.embeddings, EMBEDDINGS).set_index("image_id")["embedding"]
    variant = params.masks["variant"]
    # The published maps hold values too small for float16.
    dtype = "float32" if variant == "paper" else params.map_dtype
    about = {**read_about(snakemake.input.selection), "map_px": params.map_px, "variant": variant}
    every = sum(len(mask_set.covered) for mask_set in masks)
    about |= {"exactness": params.masks["exactness"], "engine": shifts.engine, "masks": str(every)}
    about["measured"] = str(len(prediction.measured) if prediction else every)
    parts = explain_pairs(chosen, embeddings, shifts, masks, params.methods, variant, params.map_px, dtype)
    write_parts(parts, snakemake.output.explanations, EXPLANATIONS, about)
    logger.info("%d pairs, %d maps each", len(chosen), 2 * len(params.methods))


if __name__ == "__main__":
    main(snakemake)
