"""How good captions are: BLEU, METEOR, ROUGE-L and CIDEr as the COCO caption evaluation has them.

The protocol: lower-case, no punctuation, no start or end tokens, every reference used, corpus BLEU.
The numbers equal `pycocoevalcap`'s on the same tokens.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from summarizer.ngrams import CiderD, DocumentFrequencies, tokenize
from training.metrics.meteor import MeteorError, meteor, meteor_source

__all__ = ["Cider", "diversity", "meteor_source", "rouge_l", "score"]

_log = logging.getLogger(__name__)

_BLEU_WEIGHTS = [(1.0,), (1 / 2,) * 2, (1 / 3,) * 3, (1 / 4,) * 4]
# The constants by which coco-caption keeps an empty count from a logarithm or a division of zero.
_BLEU_TINY, _BLEU_SMALL = 1e-15, 1e-9
_ROUGE_BETA = 1.2  # weighs recall over precision, as in coco-caption

Tokens = list[str]


def score(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    document_frequencies: DocumentFrequencies | None = None,
    with_meteor: bool = True,
) -> dict[str, float]:
    """Scores one caption for each picture against people's.

    Args:
        hypotheses: N captions.
        references: people's captions of the same N pictures, one or more each.
        document_frequencies: for CIDEr; None counts them in ``references``, as papers do.
        with_meteor: False leaves METEOR out, whose Java program takes about ten seconds to start.

    Returns:
        ``BLEU-1`` to ``BLEU-4``, ``METEOR`` (only where `meteor_source` names one), ``ROUGE-L`` and
        ``CIDEr``, in this order. Fractions: papers print them times 100, CIDEr too.

    Raises:
        ValueError: no captions; not as many hypotheses as groups of references; an empty group.
    """
    _check(hypotheses, references)
    mine = [tokenize(text) for text in hypotheses]
    theirs = [[tokenize(text) for text in group] for group in references]
    scores = _bleu(mine, theirs)
    if with_meteor and meteor_source() is not None:
        try:
            scores["METEOR"] = meteor(mine, theirs)
        except MeteorError as error:
            _log.warning("METEOR is left out: %s", error)
    scores["ROUGE-L"] = float(np.mean([_rouge_l(h, r) for h, r in zip(mine, theirs, strict=True)]))
    scores["CIDEr"] = float(Cider(references, document_frequencies).scores(hypotheses).mean())
    return scores


def diversity(hypotheses: Sequence[str]) -> dict[str, float]:
    """How varied captions are.

    Returns:
        ``distinct_captions``: different captions as a fraction of all; ``distinct_words``: how many
        different words they use; ``mean_length``: words a caption. Compared without case and
        punctuation.

    Raises:
        ValueError: no captions.
    """
    if not hypotheses:
        raise ValueError("there are no captions to describe")
    captions = [tuple(tokenize(text)) for text in hypotheses]
    return {
        "distinct_captions": len(set(captions)) / len(captions),
        "distinct_words": float(len({word for caption in captions for word in caption})),
        "mean_length": sum(map(len, captions)) / len(captions),
    }


class Cider:
    """CIDEr-D against references that are prepared once: fast enough to be a training reward.

    Args:
        references: people's captions of N pictures, one or more each.
        document_frequencies: None counts them in ``references``.

    Raises:
        ValueError: no references, or an empty group.
    """

    def __init__(
        self,
        references: Sequence[Sequence[str]],
        document_frequencies: DocumentFrequencies | None = None,
    ):
        _check_references(references)
        self.document_frequencies = document_frequencies or DocumentFrequencies.from_references(
            references
        )
        self._cider = CiderD(self.document_frequencies)
        self._references = [
            [self._cider.vector(tokenize(text)) for text in group] for group in references
        ]

    def scores(
        self, hypotheses: Sequence[str], pictures: Sequence[int] | None = None
    ) -> np.ndarray:
        """The score of each caption.

        Args:
            hypotheses: M captions.
            pictures: for each caption the number of its picture in ``references``; None takes them
                in order.

        Returns:
            float64 [M], 0 to 10; 1.0 is what papers print as 100.

        Raises:
            ValueError: not as many captions as pictures.
            IndexError: a picture's number is out of range.
        """
        chosen = range(len(self._references)) if pictures is None else pictures
        if len(chosen) != len(hypotheses):
            raise ValueError(f"{len(hypotheses)} captions for {len(chosen)} pictures")
        values = [
            self._cider.mean_similarity(
                self._cider.vector(tokenize(text)), self._references[picture]
            )
            for text, picture in zip(hypotheses, chosen, strict=True)
        ]
        return np.array(values, dtype=np.float64)


def _bleu(hypotheses: list[Tokens], references: list[list[Tokens]]) -> dict[str, float]:
    """BLEU-1 to 4 (Papineni et al., ACL 2002) over the whole corpus, closest reference length."""
    from nltk.translate.bleu_score import corpus_bleu

    def smooth(precisions: list[Fraction], **_: object) -> list[float]:
        # nltk counts at least one n-gram in a caption that is too short for any; COCO counts none.
        totals = (
            sum(max(0, len(words) + 1 - n) for words in hypotheses)
            for n in range(1, len(precisions) + 1)
        )
        return [
            (precision.numerator + _BLEU_TINY) / (total + _BLEU_SMALL)
            for precision, total in zip(precisions, totals, strict=True)
        ]

    values = corpus_bleu(references, hypotheses, _BLEU_WEIGHTS, smoothing_function=smooth)
    return {f"BLEU-{n}": float(value) for n, value in enumerate(values, start=1)}


def rouge_l(hypothesis: str, references: Sequence[str]) -> float:
    """ROUGE-L (Lin 2004) of one caption, 0 to 1."""
    return _rouge_l(tokenize(hypothesis), [tokenize(text) for text in references])


def _rouge_l(hypothesis: Tokens, references: list[Tokens]) -> float:
    """ROUGE-L (Lin 2004): the best precision and the best recall, each over all references."""
    # coco-caption takes a caption without words as one empty word.
    hypothesis = hypothesis or [""]
    matches = [(_common_length(hypothesis, words or [""]), len(words) or 1) for words in references]
    precision = max(common for common, _ in matches) / len(hypothesis)
    recall = max(common / length for common, length in matches)
    if not precision:
        return 0.0
    weight = _ROUGE_BETA**2
    return (1 + weight) * precision * recall / (recall + weight * precision)


def _common_length(first: Tokens, second: Tokens) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)  # for the words of `first` so far and each start of `second`
    for word in first:
        diagonal = 0
        for position, other in enumerate(second, start=1):
            above = row[position]
            row[position] = diagonal + 1 if word == other else max(above, row[position - 1])
            diagonal = above
    return row[-1]


def _check(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    _check_references(references)
    if len(hypotheses) != len(references):
        raise ValueError(
            f"{len(hypotheses)} captions to score but references for {len(references)} pictures"
        )


def _check_references(references: Sequence[Sequence[str]]) -> None:
    if not references:
        raise ValueError("there are no references to score against")
    for number, group in enumerate(references):
        if isinstance(group, str):
            raise ValueError(f"the references of picture {number} are one text, not a list of them")
        if not group:
            raise ValueError(f"picture {number} has no references")
