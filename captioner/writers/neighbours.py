"""What lies beside an input: it decides which name its sidecar has."""

import functools
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from captioner.batch.folders import has_media_suffix


class Neighbours:
    """The folders of the inputs of a run; each is looked through once, while they come together."""

    def __init__(self) -> None:
        self.of = functools.lru_cache(maxsize=64)(Folder)


class Folder:
    """The names in a folder; a folder that cannot be read has none.

    Args:
        path: the folder; empty for the current one.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            names = os.listdir(path or os.curdir)
        except OSError:
            names = []
        stems = defaultdict[str, list[str]](list)
        others = set()
        for name in names:
            if has_media_suffix(name):
                stems[name[: name.rfind(".")].casefold()].append(name)
            else:
                others.add(name)
        self._shared = {stem: media for stem, media in stems.items() if len(media) > 1}
        self._stems_like_media = {stem for stem in stems if has_media_suffix(stem)}
        self._others = frozenset(others)

    def sharing(self, stem: str) -> Sequence[str]:
        """The pictures and clips of this stem, in whatever case, where they are several."""
        return self._shared.get(stem.casefold(), ())

    def is_stem(self, name: str) -> bool:
        """Whether a picture's or clip's name is the stem of another, as of ``a.jpg.mp4``."""
        return name.casefold() in self._stems_like_media

    def has(self, name: str) -> bool:
        """Whether a file is there that is neither a picture nor a clip."""
        return name in self._others

    def longest_there(self, names: Sequence[str]) -> str:
        """Which of these files came into the folder first."""
        return min(names, key=self._arrival)

    def _arrival(self, name: str) -> tuple[float, str]:
        try:
            # A file's own times are copied with it; this one is of its place here.
            return Path(self.path, name).lstat().st_ctime_ns, name
        except OSError:
            return float("inf"), name
