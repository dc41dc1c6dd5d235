"""From next-word probabilities to captions: greedy and beam search, and sampling.

All are batched over images, and stop each image for itself. The search sees a model only through
`Scorer`: states in, probabilities out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from captioner.models.vocabulary import END, PAD, START, UNK
from captioner.ranges import BEAMS, check_whole

_NEVER = [PAD, START, UNK]  # no caption holds these
_LEAST = np.finfo(np.float32).tiny  # what is smaller may have been rounded to 0


@dataclass(frozen=True)
class DecodingOptions:
    """How captions are searched for.

    Attributes:
        beams: captions kept at each word, 1 to 100; 1 is greedy.
        max_words: the longest caption, in words, 1 to 1,000.
        length_penalty: hypotheses are ranked by log-probability / length ** this (Wu et al. 2016,
            GNMT, in its simplest form); 0 favours short captions, 1 compares means.
        no_repeat_ngram_size: so many words in a row are not written twice in one caption (R. Paulus
            et al., "A Deep Reinforced Model for Abstractive Summarization", ICLR 2018); 0: any may.
        temperature: 0 searches; above 0 samples from the sharpened (< 1) or flattened (> 1)
            distribution, ``beams`` captions for each image.
        top_p: when sampling, only the most probable words that together reach this probability
            (nucleus sampling, Holtzman et al., ICLR 2020).
        seed: of the sampling.

    Raises:
        ValueError: a value is out of range; the message names both.
    """

    beams: int = 3
    max_words: int = 20
    length_penalty: float = 0.5
    no_repeat_ngram_size: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_whole("beams", self.beams, *BEAMS)
        check_whole("max_words", self.max_words, 1, 1000)
        check_whole("no_repeat_ngram_size", self.no_repeat_ngram_size, 0, 1000)
        checks = {
            "length_penalty": (self.length_penalty >= 0, "at least 0"),
            "temperature": (self.temperature >= 0, "at least 0"),
            "top_p": (0 < self.top_p <= 1, "above 0 and at most 1"),
        }
        for name, (valid, allowed) in checks.items():
            if not valid:
                raise ValueError(f"{name} cannot be {getattr(self, name)}; it must be {allowed}")


@dataclass(frozen=True)
class Hypothesis:
    """One caption of an image, as numbers.

    Attributes:
        ids: the words' numbers, without start and end.
        score: mean log-probability of a word, ``<end>`` included.
        attention: where each word looked, float32 [words, N], rows sum to 1.
    """

    ids: tuple[int, ...]
    score: float
    attention: np.ndarray


class Scorer(Protocol):
    """What a search needs of a model; shapes as in `InferenceModel.step`.

    The states of a caption are its rows [b, k] of all arrays, so a search that goes on from another
    caption takes that one's rows, of whatever shape they are.
    """

    def step(
        self, tokens: np.ndarray, states: list[np.ndarray], memory: list[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """One word further; the search may write into what it gets."""


def decode(
    model: Scorer,
    states: list[np.ndarray],
    memory: list[np.ndarray],
    options: DecodingOptions,
    starts: int | np.ndarray = START,
    *,
    never: Collection[int] = (),
) -> list[list[Hypothesis]]:
    """Captions of a batch of images.

    Args:
        model: predicts the next word.
        states: starting states, each [B, ...].
        memory: what the model remembers of the images, each [B, ...].
        options: how to search.
        starts: the number of the word before the first, of all images or int [B] of each.
        never: numbers of further words that no caption holds, such as those of styles.

    Returns:
        For each image its ``beams`` hypotheses, best first.
    """
    beams = _Beams(states, memory, options, starts)
    found: dict[int, list[Hypothesis]] = {}
    choose = _sample if options.temperature else _best_continuations
    random = np.random.default_rng(options.seed)
    unwritten = [*_NEVER, *never]
    for position in range(options.max_words + 1):
        probabilities, where, new_states = model.step(beams.last, beams.states, beams.memory)
        probabilities[:, :, unwritten] = 0.0
        if 0 < options.no_repeat_ngram_size <= position:
            _forbid_repeats(probabilities, beams.words, options.no_repeat_ngram_size)
        if position == 0:
            probabilities[:, :, END] = 0.0  # a caption has at least one word
        if position == options.max_words:
            _force_end(probabilities)
        parents, words, totals = choose(beams, probabilities, random)
        beams.extend(parents, words, totals, where, new_states)
        found |= beams.take_finished()
        if not len(beams.images):
            break
    return [found[image] for image in range(len(found))]


class _Beams:
    """The partial captions of the images that are not finished: B images, K captions each."""

    def __init__(
        self,
        states: list[np.ndarray],
        memory: list[np.ndarray],
        options: DecodingOptions,
        starts: int | np.ndarray,
    ):
        self.options = options
        batch, count = len(states[0]), options.beams
        self.images = np.arange(batch)  # their numbers
        self.memory = memory
        self.states = [np.repeat(state[:, None], count, axis=1) for state in states]
        self.last = np.empty((batch, count, 1), dtype=np.int32)
        self.last[:] = np.reshape(starts, (-1, 1, 1))
        self.words = np.zeros((batch, count, 0), dtype=np.int32)
        # Among which of the K captions each word was chosen, and where all of them looked then.
        self.places = np.zeros((batch, count, 0), dtype=np.int64)
        self.looked: np.ndarray | None = None  # [T, all images, K, N]
        self.totals = np.zeros((batch, count), dtype=np.float64)
        self.lengths = np.zeros((batch, count), dtype=np.int32)  # words with <end>
        self.ended = np.zeros((batch, count), dtype=bool)
        if not options.temperature:
            self.totals[:, 1:] = -np.inf  # all beams are the same before the first word

    def ranks(self, totals: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Length-normalised scores."""
        result: np.ndarray = totals / np.maximum(lengths, 1) ** self.options.length_penalty
        return result

    def extend(
        self,
        parents: np.ndarray,
        words: np.ndarray,
        totals: np.ndarray,
        where: np.ndarray,
        states: list[np.ndarray],
    ) -> None:
        """Goes on with ``words`` [B, K] from the captions ``parents`` [B, K]."""
        rows = np.arange(len(parents))[:, None]
        ended = self.ended[rows, parents]
        self.lengths = self.lengths[rows, parents] + ~ended
        self.ended = ended | (words == END)
        self.totals = totals
        self.states = [state[rows, parents] for state in states]
        self.words = np.concatenate([self.words[rows, parents], words[:, :, None]], axis=2)
        self.places = np.concatenate([self.places[rows, parents], parents[:, :, None]], axis=2)
        if self.looked is None:
            shape = (self.options.max_words + 1, len(self.images), *where.shape[1:])
            self.looked = np.zeros(shape, dtype=np.float32)
        self.looked[self.words.shape[2] - 1, self.images] = where
        self.last = np.where(words == PAD, END, words)[:, :, None].astype(np.int32)

    def take_finished(self) -> dict[int, list[Hypothesis]]:
        """Captions, best first, of the images that need no further word; these are then gone."""
        rest = ~self.ended.all(axis=1)
        if rest.all():
            return {}
        ranks = self.ranks(self.totals, self.lengths)
        finished = map(int, np.flatnonzero(~rest))
        taken = {int(self.images[row]): self._ranked(row, ranks) for row in finished}
        for name in ("images", "last", "words", "places", "totals", "lengths", "ended"):
            setattr(self, name, getattr(self, name)[rest])
        self.states = [state[rest] for state in self.states]
        self.memory = [kept[rest] for kept in self.memory]
        return taken

    def _ranked(self, row: int, ranks: np.ndarray) -> list[Hypothesis]:
        order = np.argsort(-ranks[row], kind="stable")
        return [self._hypothesis(row, k) for k in order if np.isfinite(self.totals[row, k])]

    def _hypothesis(self, row: int, k: int) -> Hypothesis:
        assert self.looked is not None
        ids = tuple(int(i) for i in self.words[row, k] if i > UNK)
        score = float(self.totals[row, k] / self.lengths[row, k])
        steps = np.arange(len(ids))
        where = self.looked[steps, self.images[row], self.places[row, k, : len(ids)]]
        return Hypothesis(ids, score, where)


def _forbid_repeats(probabilities: np.ndarray, words: np.ndarray, size: int) -> None:
    """What would repeat ``size`` of the ``words`` [B, K, T] is no longer possible."""
    ngrams = sliding_window_view(words, size, axis=2)  # [B, K, T - size + 1, size]
    last = words[:, :, None, words.shape[2] - size + 1 :]
    images, captions, places = np.nonzero((ngrams[..., :-1] == last).all(axis=3))
    probabilities[images, captions, ngrams[images, captions, places, -1]] = 0.0


def _force_end(probabilities: np.ndarray) -> None:
    ends = np.maximum(probabilities[:, :, END], _LEAST)  # at 0 there would be no caption
    probabilities[:] = 0.0
    probabilities[:, :, END] = ends


def _best_continuations(
    beams: _Beams, probabilities: np.ndarray, _: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parents, words and totals [B, K] of the best continuations of all beams together."""
    batch, count, size = probabilities.shape
    # The best K of all continue each caption with one of its own best K words.
    each = min(count, size)
    words, gained = _likeliest(probabilities, each)
    # A finished caption competes on, unchanged: its only continuation is padding, at no cost.
    gained[beams.ended] = -np.inf
    words[beams.ended, 0], gained[beams.ended, 0] = PAD, 0.0
    totals = (beams.totals[:, :, None] + gained).reshape(batch, count * each)
    lengths = np.repeat(np.where(beams.ended, beams.lengths, beams.lengths + 1), each, axis=1)
    top = np.argsort(-beams.ranks(totals, lengths), axis=1, kind="stable")[:, :count]
    rows = np.arange(batch)[:, None]
    return top // each, words.reshape(batch, count * each)[rows, top], totals[rows, top]


def _likeliest(probabilities: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest words of each of ``probabilities`` [B, K, V], where they are then 0.

    Of equal ones the first, which is the more frequent word, so that a caption hangs on nothing
    but its image.

    Returns:
        Words int64 and their log-probabilities float64, both [B, K, count], likeliest first.
    """
    flat = probabilities.reshape(-1, probabilities.shape[2])
    rows = np.arange(len(flat))
    words, found = [], []
    for _ in range(count):  # for a few of thousands, quicker than a sort or a partition
        words.append(flat.argmax(axis=1))
        found.append(flat[rows, words[-1]])
        flat[rows, words[-1]] = 0.0
    shape = (*probabilities.shape[:2], count)
    logarithms = _logarithms(np.stack(found, axis=1))
    return np.stack(words, axis=1).reshape(shape), logarithms.reshape(shape)


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    """Natural logarithms, float64; of 0 it is minus infinity."""
    with np.errstate(divide="ignore"):
        logarithms: np.ndarray = np.log(probabilities, dtype=np.float64)
        return logarithms


def _sample(
    beams: _Beams, probabilities: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each caption draws its own next word; totals stay those of the model itself."""
    batch, count, _ = probabilities.shape
    options = beams.options
    weights = probabilities / probabilities.max(axis=2, keepdims=True)
    weights **= 1 / options.temperature
    weights /= weights.sum(axis=2, keepdims=True)
    if options.top_p < 1:
        weights = _nucleus(weights, options.top_p)
    cumulative = np.cumsum(weights, axis=2)
    draws = random.random((batch, count, 1)) * cumulative[:, :, -1:]
    words = (cumulative <= draws).sum(axis=2)
    gained = _logarithms(np.take_along_axis(probabilities, words[:, :, None], axis=2)[:, :, 0])
    words = np.where(beams.ended, PAD, words)
    totals = beams.totals + np.where(beams.ended, 0.0, gained)
    parents = np.broadcast_to(np.arange(count), (batch, count))
    return parents, words, totals


def _nucleus(probabilities: np.ndarray, top_p: float) -> np.ndarray:
    """The most probable words that together reach ``top_p``; the others are zero."""
    order = np.argsort(-probabilities, axis=2)
    ranked = np.take_along_axis(probabilities, order, axis=2)
    before = np.cumsum(ranked, axis=2) - ranked
    ranked[before >= top_p] = 0.0  # the first word that passes top_p stays
    kept = np.zeros_like(probabilities)
    np.put_along_axis(kept, order, ranked, axis=2)
    return kept
