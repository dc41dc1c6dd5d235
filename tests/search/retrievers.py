"""A retriever that needs no network: it knows colours."""

from collections.abc import Sequence

import numpy as np

from captioner.search.retriever import Retriever

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 190, 40),
    "blue": (30, 40, 220),
    "white": (250, 250, 250),
    "black": (5, 5, 5),
    "yellow": (230, 220, 30),
}


class ColourRetriever(Retriever):
    """Pictures lie where their mean colour is, sentences where the colours lie that they name."""

    name = "colours"
    identity = "colours 1"
    dimensions = 8
    largest = 16

    def __init__(self) -> None:
        self.seen = 0

    def embed_images(self, images: Sequence[np.ndarray]) -> np.ndarray:
        self.seen += len(images)
        return np.stack([_place(image.reshape(-1, 3).mean(axis=0)) for image in images])

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self._of(text) for text in texts])

    def random_queries(self) -> np.ndarray | None:
        random = np.random.default_rng(0).normal(size=(64, self.dimensions))
        return (random / np.linalg.norm(random, axis=1, keepdims=True)).astype(np.float32)

    def _of(self, text: str) -> np.ndarray:
        found = [_place(np.array(COLOURS[word])) for word in text.split() if word in COLOURS]
        if not found:
            return np.eye(1, self.dimensions, 7, dtype=np.float32)[0]
        total = np.sum(found, axis=0)
        return total / np.linalg.norm(total)


def _place(colour: np.ndarray) -> np.ndarray:
    vector = np.zeros(8, np.float32)
    vector[:3] = np.asarray(colour, np.float32) / 128 - 1
    vector[3] = 0.3
    return vector / np.linalg.norm(vector)
