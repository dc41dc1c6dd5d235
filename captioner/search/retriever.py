"""What puts pictures and sentences into one space, whichever model does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.models.dual_encoder_features import PictureFeatures
from captioner.models.dual_encoder_loading import TwoTowers
from captioner.runtime.openvino_graphs import useful_streams

if TYPE_CHECKING:
    from captioner.search.index import Index


class Retriever(ABC):
    """Embeds pictures and sentences: what belongs together lies close, by the cosine.

    Attributes:
        name: what messages call it.
        identity: what tells its embeddings from those of any other model.
        dimensions: D.
        largest: side of the largest square that it looks at, in pixels.
        streams: from how many threads at once `embed_images` may be called.
    """

    name: str
    identity: str
    dimensions: int
    largest: int
    streams: int = 1

    @abstractmethod
    def embed_images(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Pictures of any size, each uint8 [H, W, 3] → float32 [B, D], unit length."""

    @abstractmethod
    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Sentences → float32 [N, D], unit length."""

    def with_streams(self) -> Retriever:
        """The same for a long run, with the ``streams`` that take the most pictures."""
        return self

    def random_queries(self) -> np.ndarray | None:
        """Sentences of many kinds, float32 [Q, D], by which an index finds its cut-off; or None."""
        return None

    def index(self, folder: str | Path, **options: Any) -> Index:
        """The index of a folder, brought up to date.

        Args:
            folder: with pictures and clips, in its sub-folders, too.
            options: see `captioner.search.building.build_index`.

        Raises:
            IndexFileError: there is an index of another model, or a damaged one; or it is being
                written.
            OSError: the folder cannot be read, or its index not be written.
        """
        from captioner.search.building import build_index

        return build_index(self, folder, **options)


class NetworkRetriever(Retriever):
    """A dual encoder of ours.

    Args:
        towers: the model.
        look: the visual models that it stands on.
    """

    def __init__(self, towers: TwoTowers, look: PictureFeatures):
        self.name = towers.folder.path.name
        self.identity = f"{self.name} {towers.folder.digest}"
        self.dimensions = towers.folder.config.dimensions
        self.largest = look.largest
        self._towers = towers
        self._look = look

    def embed_images(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """See `Retriever.embed_images`."""
        if not len(images):
            return np.zeros((0, self.dimensions), np.float32)
        return self._towers.embed_features(self._look(images))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """See `Retriever.embed_texts`."""
        return self._towers.embed_texts(texts)

    def with_streams(self) -> Retriever:
        """See `Retriever.with_streams`."""
        streams = useful_streams()
        twin = NetworkRetriever(self._towers, self._look.with_streams(streams))
        twin.streams = streams
        return twin

    def random_queries(self) -> np.ndarray | None:
        """See `Retriever.random_queries`."""
        return self._towers.folder.random_queries()
