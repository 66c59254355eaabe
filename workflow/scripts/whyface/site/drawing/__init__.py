"""Pictures and drawings: colours, face and map images, the histogram."""
