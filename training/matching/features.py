"""What a dual encoder's towers take, computed once and kept on disk.

A file's name is a digest of everything that its numbers depend on, so a stale one is never read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from captioner.media.images import load_image
from captioner.models.dual_encoder_features import VERSION, PictureFeatures
from training.data.digests import features_digest
from training.matching.sentence_encoder import SentenceEncoder, load_sentence_encoder

_PICTURES = 16
_PIECES_AT_ONCE = 2048
_WIDTHS = (8, 12, 16, 24)


def picture_features(encoders: Sequence[str], paths: Sequence[Path], cache: Path) -> np.ndarray:
    """Features of pictures; computed where the cache does not hold them yet.

    A run that was stopped goes on where it was.

    Args:
        encoders: names of the visual models.
        paths: N pictures.
        cache: the folder of the cache; made where it is missing.

    Returns:
        float16 [N, F], memory-mapped, read-only.

    Raises:
        MediaError: a picture cannot be read.
        ModelError: a visual model cannot be loaded.
    """
    digest = features_digest({"kind": "pictures", "version": VERSION}, encoders, paths)
    file = cache / f"{digest}.npy"
    cache.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        _compute(PictureFeatures(encoders), paths, file)
    features: np.ndarray = np.load(file, mmap_mode="r")
    return features


def _compute(look: PictureFeatures, paths: Sequence[Path], file: Path) -> None:
    part, progress = file.with_suffix(".part"), file.with_suffix(".json")
    done = json.loads(progress.read_text()) if progress.exists() and part.exists() else 0
    array = np.load(part, mmap_mode="r+") if done else None
    bar = tqdm(total=len(paths), initial=done, desc="features", unit="picture", disable=None)
    with bar:
        for at in range(done, len(paths), _PICTURES):
            batch = paths[at : at + _PICTURES]
            features = look([load_image(path) for path in batch])
            if array is None:
                shape = len(paths), features.shape[1]
                array = np.lib.format.open_memmap(part, "w+", dtype=np.float16, shape=shape)
            array[at : at + len(batch)] = features
            array.flush()
            progress.write_text(str(at + len(batch)))
            bar.update(len(batch))
    part.replace(file)
    progress.unlink(missing_ok=True)


def sentence_vectors(encoder: SentenceEncoder, texts: Sequence[str], cache: Path) -> np.ndarray:
    """What a sentence encoder says of texts; computed for those that the cache does not hold yet.

    It runs on OpenVINO, which takes half the time of TensorFlow, and so in a process of its own.

    Args:
        encoder: the sentence encoder.
        texts: N texts.
        cache: the folder of the cache; made where it is missing.

    Returns:
        float16 [N, units].

    Raises:
        OSError: it failed; the process has said why on standard error.
    """
    lines = [" ".join(text.split()) for text in texts]
    start = f"sentences-{encoder.digest[:16]}-"
    known, tables = _known_sentences(cache, start)
    missing = [text for text in dict.fromkeys(lines) if text not in known]
    if missing:
        cache.mkdir(parents=True, exist_ok=True)
        config = encoder.config
        order = "\n".join([encoder.source, str(config.max_tokens), str(config.layers), *missing])
        name = start + hashlib.sha256(order.encode()).hexdigest()[:16]
        listed, file = cache / f"{name}.txt", cache / f"{name}.npy"
        listed.write_text(order, encoding="utf-8")
        command = [sys.executable, "-m", "training.matching.features", str(listed), str(file)]
        if subprocess.run(command, check=False).returncode != 0:
            raise OSError(f"{file}: the sentences' vectors could not be made; see above")
        known, tables = _known_sentences(cache, start)
    return np.stack([tables[table][row] for table, row in map(known.__getitem__, lines)])


def _known_sentences(
    cache: Path, start: str
) -> tuple[dict[str, tuple[int, int]], list[np.ndarray]]:
    """Where the vector of each sentence is, and the tables of them."""
    known: dict[str, tuple[int, int]] = {}
    tables: list[np.ndarray] = []
    for file in sorted(cache.glob(f"{start}*.npy")):
        if file.name.endswith(".part.npy"):
            continue
        _, _, _, *texts = file.with_suffix(".txt").read_text(encoding="utf-8").split("\n")
        known |= {text: (len(tables), row) for row, text in enumerate(texts)}
        tables.append(np.load(file))
    return known, tables


def main(arguments: list[str] | None = None) -> int:
    """The process that `sentence_vectors` starts."""
    parser = argparse.ArgumentParser(prog="python -m training.matching.features")
    parser.add_argument("texts", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args(arguments)
    name, *lines = options.texts.read_text(encoding="utf-8").split("\n")
    encoder = load_sentence_encoder(name, *map(int, lines[:2]))
    vectors = _vectors(encoder, lines[2:])
    part = options.output.with_suffix(".part.npy")
    np.save(part, vectors)
    part.replace(options.output)
    return 0


def _vectors(encoder: SentenceEncoder, texts: Sequence[str]) -> np.ndarray:
    from captioner.models.dual_encoder import TextTransformer
    from captioner.models.dual_encoder_folder import encode
    from training.matching.towers import assign_transformer, sentence_runner

    transformer = TextTransformer(encoder.config, encoder.pieces)
    run = sentence_runner(transformer)
    assign_transformer(transformer, encoder.weights())
    pieces = encode(encoder.tokenizer, texts, encoder.config.max_tokens)
    lengths = (pieces != 0).sum(axis=1)
    vectors = np.zeros((len(texts), encoder.config.units), np.float16)
    with tqdm(total=len(texts), desc="sentences", unit="text", disable=None) as bar:
        for rows, width in _alike(lengths):
            vectors[rows] = run(pieces[rows, :width])
            bar.update(len(rows))
    return vectors


def _alike(lengths: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
    """The numbers of the texts in batches of similar lengths, and the width of each batch.

    A graph is compiled for each width, so there are few of them.
    """
    shortest = 0
    for width in (*_WIDTHS, int(lengths.max(initial=1))):
        rows = np.flatnonzero((lengths > shortest) & (lengths <= width))
        for at in range(0, len(rows), max(1, _PIECES_AT_ONCE // width)):
            yield rows[at : at + max(1, _PIECES_AT_ONCE // width)], width
        shortest = max(shortest, width)


if __name__ == "__main__":
    import os

    os.environ["KERAS_BACKEND"] = "openvino"
    sys.exit(main())
