"""Fixtures that several test files share."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared" / "data"


@pytest.fixture
def shared():
    """Give the folder of real faces and models, which is never part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent: real data is not part of the project")
    return SHARED


@pytest.fixture(scope="session")
def detector():
    """MTCNN on the CPU, loaded once."""
    from whyface.detection import FaceDetector

    return FaceDetector("cpu")
