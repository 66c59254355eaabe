"""Rule score_all: embeddings of a model's collections -> tables tails, strangers and deep_det of each, and realised."""

from whyface.evaluation.tails import compare_all, realise, trace_deep_det, trace_tails
from whyface.tables import logs
from whyface.tables.parquet import read_about, read_table, write_table
from whyface.tables.schemas import DEEP_DET, EMBEDDINGS, IMAGES, REALISED, STRANGERS, TAILS


def main(snakemake):
    """Compare every two images that pairs name; none where pairs alone tell who is who, as in packs."""
    logger = logs.setup(snakemake.log[0])
    inputs, outputs, found, tails = snakemake.input, snakemake.output, {}, {}
    paths = zip(inputs.images, inputs.embeddings, outputs.tails, outputs.strangers, outputs.deep_det, strict=True)
    for name, (images, embeddings, *written) in zip(snakemake.params.collections, paths, strict=True):
        listed = read_table(images, IMAGES)
        if how := read_about(images).get("subjects"):
            logger.warning("%s: no images are compared beyond the list: who is who is %s", name, how)
            listed = listed.assign(subject_id="")
        collection = compare_all(read_table(embeddings, EMBEDDINGS), listed, snakemake.params.device)
        tables = *trace_tails(collection, snakemake.params.extrapolate), trace_deep_det(collection)
        for frame, path, table in zip(tables, written, (TAILS, STRANGERS, DEEP_DET), strict=True):
            write_table(frame, path, table, read_about(embeddings))
        logger.info("%s: low false match rates with a threshold: %d", name, len(tables[0]))
        if collection is not None and name in snakemake.params.judged:
            found[name], tails[name] = collection, tables[0]
    about = {**dict(snakemake.wildcards.items()), "weights_sha256": read_about(inputs.embeddings[0])["weights_sha256"]}
    write_table(realise(found, tails), outputs.realised, REALISED, about)


if __name__ == "__main__":
    main(snakemake)
