"""For all tests."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_caches(tmp_path_factory):
    """What programs keep for their next run, tests keep for the next test only."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("caches")))
        yield
