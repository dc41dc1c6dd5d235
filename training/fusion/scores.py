"""How well captions are fused: a summarizer beside the ways that need no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from summarizer.bart import BartSummarizer
from summarizer.base import Summarizer
from summarizer.consensus import ConsensusSummarizer
from summarizer.ngrams import tokenize
from training.fusion.data import HeldOut
from training.metrics.captions import Cider, score

FUSED, CONSENSUS = "fused", "consensus"
_COLUMNS = ("CIDEr", "METEOR", "BLEU-4", "ROUGE-L")
_JOINED_WORDS = 24  # where the joined captions are cut
_AT_ONCE = 64


@dataclass(frozen=True)
class Example:
    """One scene's sentence.

    Attributes:
        id: the scene.
        cider: CIDEr of the sentence against the references, 0 to 10.
        sentence: what the summarizer wrote.
        consensus: the caption that the others agree with most.
        inputs: what both were given.
        references: what they were scored against.
    """

    id: str
    cider: float
    sentence: str
    consensus: str
    inputs: tuple[str, ...]
    references: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Scores of a summarizer and of the baselines on the same scenes.

    Attributes:
        model: the summarizer's name.
        scenes: how many.
        scores: for each system its scores, as fractions (papers print them times 100).
        examples: every scene, the best sentence first.
    """

    model: str
    scenes: int
    scores: dict[str, dict[str, float]]
    examples: tuple[Example, ...]

    def as_dict(self, examples: int = 5) -> dict[str, Any]:
        """For JSON: all the scores, and the best and worst ``examples``."""
        best, worst = self.extremes(examples)
        return {
            "model": self.model,
            "scenes": self.scenes,
            "scores": self.scores,
            "best": [asdict(item) for item in best],
            "worst": [asdict(item) for item in worst],
        }

    def extremes(self, count: int) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
        """The ``count`` best and the ``count`` worst scenes, none in both."""
        half = min(count, len(self.examples) // 2)
        return self.examples[:half], self.examples[len(self.examples) - half :][::-1]

    def table(self) -> str:
        """A Markdown table, a system a line; scores as fractions."""
        columns = [name for name in _COLUMNS if name in self.scores[FUSED]]
        lines = [
            "| system | " + " | ".join(columns) + " |",
            "|---|" + "---|" * len(columns),
        ]
        for system, scores in self.scores.items():
            values = " | ".join(f"{scores[name]:.3f}" for name in columns)
            lines.append(f"| {system} | {values} |")
        return "\n".join(lines)


def compare(
    summarizer: Summarizer, scenes: Sequence[HeldOut], with_meteor: bool = True
) -> Comparison:
    """Scores a summarizer and the baselines on all of ``scenes``.

    The baselines: the caption that the others agree with most (and, where the summarizer has a
    table of document frequencies, the same weighed by it); the middle one of the inputs; all of
    them joined and cut at 24 words.

    Args:
        summarizer: the one to score.
        scenes: from `training.fusion.data.hold_out`.
        with_meteor: False saves the time that METEOR takes.

    Raises:
        ValueError: there are no scenes.
    """
    inputs = [item.inputs for item in scenes]
    references = [item.references for item in scenes]
    systems = {
        FUSED: _in_parts(summarizer, inputs),
        CONSENSUS: ConsensusSummarizer().summarize_many(inputs),
        **_weighed_consensus(summarizer, inputs),
        "middle caption": [group[len(group) // 2] for group in inputs],
        "joined and cut": [" ".join(_words(group)[:_JOINED_WORDS]) for group in inputs],
    }
    scores = {
        name: score(sentences, references, with_meteor=with_meteor)
        for name, sentences in systems.items()
    }
    values = Cider(references).scores(systems[FUSED])
    examples = [
        Example(item.id, float(value), fused, agreed, item.inputs, item.references)
        for item, value, fused, agreed in zip(
            scenes, values, systems[FUSED], systems[CONSENSUS], strict=True
        )
    ]
    examples.sort(key=lambda item: -item.cider)
    return Comparison(summarizer.name, len(scenes), scores, tuple(examples))


def _weighed_consensus(
    summarizer: Summarizer, groups: Sequence[Sequence[str]]
) -> dict[str, list[str]]:
    frequencies = (
        summarizer.agreement.frequencies if isinstance(summarizer, BartSummarizer) else None
    )
    if frequencies is None:
        return {}
    return {"consensus, weighed": ConsensusSummarizer(frequencies).summarize_many(groups)}


def _in_parts(summarizer: Summarizer, groups: Sequence[Sequence[str]]) -> list[str]:
    sentences: list[str] = []
    for start in range(0, len(groups), _AT_ONCE):
        sentences += summarizer.summarize_many(groups[start : start + _AT_ONCE])
    return sentences


def _words(captions: Sequence[str]) -> list[str]:
    return [word for text in captions for word in tokenize(text)]
