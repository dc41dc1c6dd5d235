"""For all tests."""

import sqlite3  # noqa: F401 - before any test loads TensorFlow, see captioner/runtime/sqlite.py
from pathlib import Path

import pytest

# What takes longest, as folders and files of this one: trainings, models on several backends, runs
# that are killed, whole processes with the models that ship, other servers, a browser.
SLOW = (
    "browser",
    "cli/test_end_to_end.py",
    "cli/test_full_disks.py",
    "cli/test_kills.py",
    "cli/test_torn_writes.py",
    "cluster",
    "describe/test_captioner.py",
    "describe/test_hub.py",
    "golden",
    "media/test_frames.py",
    "media/test_fuzz.py",
    "media/test_video_codecs.py",
    "media/test_videos.py",
    "models/test_answer_network.py",
    "models/test_backends.py",
    "models/test_caption_model.py",
    "models/test_encoders.py",
    "models/test_exported.py",
    "models/test_saving.py",
    "page/test_app.py",
    "page/test_real.py",
    "search/test_hub.py",
    "search/test_kills.py",
    "summarizer/test_bart.py",
    "summarizer/test_evaluate.py",
    "summarizer/test_openvino_network.py",
    "summarizer/test_torch_network.py",
    "summarizer/test_train.py",
    "test_corpus.py",
    "test_damaged_models.py",
    "test_documents.py",
    "test_ray.py",
    "test_wheel.py",
    "training/test_calibration.py",
    "training/test_captioner_train.py",
    "training/test_checkpoints.py",
    "training/test_clip_train.py",
    "training/test_efficientnet_lite.py",
    "training/test_encoder_weights.py",
    "training/test_features.py",
    "training/test_fusion_data.py",
    "training/test_matching.py",
    "training/test_meteor.py",
    "training/test_probe.py",
    "training/test_self_critical.py",
)


def pytest_collection_modifyitems(items):
    """Marks the slow ones."""
    for item in items:
        place = item.path.relative_to(Path(__file__).parent)
        if {place.as_posix(), place.parts[0]} & set(SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def own_caches(tmp_path_factory):
    """What programs keep for their next run, tests keep for the next test only."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("caches")))
        yield
