"""The summarizer without a network: the caption that the others agree with most.

Source: consensus choice, Devlin et al., "Exploring Nearest Neighbor Approaches for Image
Captioning", 2015: the caption with the highest mean CIDEr similarity to the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from summarizer.base import Summarizer, usable_captions
from summarizer.consensus_scoring import ConsensusScorer, hann_weights
from summarizer.ngrams import DocumentFrequencies

# Captions that agree equally differ in the last bits, by the order in which numbers were added.
_DIGITS = 9


def consensus_scores(
    captions: Sequence[str],
    document_frequencies: DocumentFrequencies | None = None,
    weights: Sequence[float] | None = None,
) -> list[float]:
    """How far each caption agrees with the others of the same picture or clip.

    Args:
        captions: of one picture or clip; one that occurs twice agrees with its copy.
        document_frequencies: see `ConsensusSummarizer`.
        weights: how much each caption counts; None: all alike.

    Returns:
        For each caption the mean CIDEr-D against all others, 0 to 10, equal where they agree
        equally; 0 for a caption alone.
    """
    scores = ConsensusScorer(document_frequencies).of(captions, captions, weights)
    return [round(score, _DIGITS) for score in scores]


class ConsensusSummarizer(Summarizer):
    """Chooses among a clip's captions; writes nothing new. Those of its middle count most.

    Args:
        document_frequencies: how common n-grams are in captions at large, so that agreeing on
            "a man" counts less than agreeing on "plays a guitar". None gives all n-grams the same
            weight. They are never counted in the captions given: in the few captions of one clip,
            what all agree on would be what is common, and so would count for nothing.
    """

    name = "consensus"

    def __init__(self, document_frequencies: DocumentFrequencies | None = None):
        self.document_frequencies = document_frequencies

    def summarize_many(self, groups: Sequence[Sequence[str]]) -> list[str]:
        """For each group the caption that the others agree with most; the first of equals.

        Raises:
            SummarizerError: a group has no caption with a word in it.
        """
        return [self._choose(usable_captions(group, most=len(group))) for group in groups]

    def _choose(self, captions: list[str]) -> str:
        scores = consensus_scores(captions, self.document_frequencies, hann_weights(len(captions)))
        return captions[scores.index(max(scores))]
