"""The folder that visitors may search: its index, brought up to date behind the page."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PIL import Image

from captioner.errors import MediaError
from captioner.media.frames import sample_frames
from captioner.media.images import load_image
from captioner.page.errors import RefusalError
from captioner.page.preview import playable
from captioner.page.storage import new_folder
from captioner.search.index import Hit, Kind
from captioner.search.query import Term, parse_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from captioner.media.pixels import RGBArray
    from captioner.search.index import Index
    from captioner.search.retriever import Retriever
    from captioner.types import MediaKind

MOST_HITS = 100
_THUMBNAIL = 320  # pixels of the longer side
_LARGE = 1280
_LONGEST_QUERY = 500  # characters


class Library:
    """A folder of photos and clips that a server lets its visitors search.

    Only what a search found of it can be seen, and only as copies in the folder of uploads: no
    request names a file of the folder.

    Args:
        folder: what may be searched.
        load: loads the model that finds; called once, in the background.
    """

    def __init__(self, folder: Path, load: Callable[[], Retriever]):
        self.folder = folder
        self._load = load
        self._index: Index | None = None
        self._failed: str | None = None
        self._turns = threading.Lock()

    def start(self) -> None:
        """Loads the model and brings the index up to date, in the background."""
        threading.Thread(target=self._prepare, name="indexing", daemon=True).start()

    def _prepare(self) -> None:
        try:
            self._index = self._load().index(self.folder)
        except Exception as error:  # said to every visitor; the rest of the page goes on
            self._failed = str(error)
            print(f"app: the folder for searching: {error}", flush=True)

    @property
    def size(self) -> int | None:
        """How many pictures and frames can be searched; None until that is known."""
        return None if self._index is None else len(self._index)

    @property
    def cutoff(self) -> float | None:
        """The least score that is shown where nothing else is asked for; None until it is known."""
        return None if self._index is None else self._index.cutoff

    def search(
        self,
        query: str,
        picture: Path | None = None,
        *,
        limit: int = 24,
        min_score: float | None = None,
        kind: Kind | None = None,
    ) -> list[Hit]:
        """The files that show what is looked for; see `Index.search`.

        Args:
            query: a sentence, with `` + `` and `` - `` between its parts; may be empty where there
                is a picture.
            picture: an upload that they are to be like.
            limit: so many at most.
            min_score: the least cosine.
            kind: only pictures, or only clips.

        Raises:
            RefusalError: it says nothing, or the index is not there.
            MediaError: the picture cannot be read.
        """
        if self._failed is not None:
            raise RefusalError("The folder cannot be searched; the server's log says why.")
        if self._index is None:
            raise RefusalError("The folder is still being indexed; try again in a while.")
        terms = terms_of(query, picture)
        with self._turns:  # memory for one search at a time
            return self._index.search(terms, limit=limit, min_score=min_score, kind=kind)


def terms_of(query: str, picture: Path | None) -> list[Term]:
    """What a visitor looks for; a name after ``@`` is no picture here, but words.

    Raises:
        RefusalError: it says nothing.
    """
    if len(query) > _LONGEST_QUERY:
        raise RefusalError(f"Say it in at most {_LONGEST_QUERY} characters.")
    terms = [] if picture is None else [Term(str(picture), picture=True)]
    if query.strip():
        try:
            words = parse_query(_parts(query))
        except ValueError as error:
            raise RefusalError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
        terms += [Term(term.text, term.weight) for term in words]
    if not terms:
        raise RefusalError("Say what to look for, or drop a picture.")
    return terms


def _parts(query: str) -> list[str]:
    """The sentences of a query, and the signs between them."""
    words, parts = query.split(), [""]
    for word in words:
        if word in ("+", "-"):
            parts += [word, ""]
        else:
            parts[-1] = f"{parts[-1]} {word}".strip()
    return [part for part in parts if part]


def thumbnails(hits: Sequence[Hit]) -> list[str]:
    """A small picture of each hit, below the folder of uploads; of a clip its moment."""
    folder = new_folder()
    return [str(_save(folder / f"{n}.jpg", hit, _THUMBNAIL)) for n, hit in enumerate(hits)]


def large(hit: Hit) -> Path:
    """A picture large enough to look at, or a copy of a clip that a browser plays.

    Raises:
        MediaError: the file cannot be read any more.
        OSError: it cannot be copied.
    """
    folder = new_folder()
    if hit.kind == "image":
        return _save(folder / "picture.jpg", hit, _LARGE)
    copy = folder / f"clip{Path(hit.path).suffix.lower()}"
    shutil.copyfile(hit.path, copy)
    return playable(copy, cast("MediaKind", hit.kind), folder)


def _save(file: Path, hit: Hit, side: int) -> Path:
    try:
        pixels = load_image(hit.path, max_side=side) if hit.kind == "image" else _moment(hit, side)
        image = Image.fromarray(pixels)
    except MediaError:  # it has changed since
        image = Image.new("RGB", (side, side * 3 // 4), "grey")
    image.thumbnail((side, side))
    image.save(file, "JPEG", quality=85)
    return file


def _moment(hit: Hit, side: int) -> RGBArray:
    frames = sample_frames(hit.path, 16, "uniform", side).frames
    middle = (hit.start + hit.end) / 2
    return min(frames, key=lambda frame: abs(frame.time - middle)).image
