"""Maps: which regions of two faces carry a decision."""
