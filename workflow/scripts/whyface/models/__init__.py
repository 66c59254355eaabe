"""Models under audit: from face crops to unit vectors."""

import os

# ONNX Runtime 1.32 would note each session in the user's home, and send the notes to its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
