"""Endless training examples for a fuser: corrupted captions of a scene, and what to write."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from torch.utils.data import Dataset

from summarizer.consensus_scoring import ConsensusScorer
from summarizer.settings import FusionSettings
from training.data.lines import DatasetError
from training.fusion.data import FusionSet, choose_targets
from training.fusion.noise import WordNoise
from training.fusion.recipe import FuserRecipe

# Two people do not make a consensus; such sets teach to mend sentences, as single captions do.
_CONSENSUS = 3


@dataclass(frozen=True)
class Scene:
    """A set with its targets, and whether its captions are too few to agree on anything."""

    captions: tuple[str, ...]
    targets: tuple[str, ...]
    prefix: str
    from_captioner: bool  # the captions are a captioner's: no target is hidden among them
    single_reference: bool


@dataclass(frozen=True)
class Pool:
    """Scenes that are drawn with the same chance, and the chance of drawing from them."""

    scenes: tuple[Scene, ...]
    weight: float


def make_pools(
    clips: Sequence[Sequence[FusionSet]],
    photos: Sequence[FusionSet],
    from_captioner: Sequence[FusionSet],
    agreement: ConsensusScorer,
    recipe: FuserRecipe,
) -> list[Pool]:
    """Scenes by where they come from, weighed by the recipe's shares.

    Args:
        clips: for each file of clips its sets. A file counts by the square root of its size, so
            that a small one is not drowned.
        photos: sets of photos.
        from_captioner: sets with a captioner's captions as ``inputs``.
        agreement: finds the targets.
        recipe: the shares, and what a target may be.

    Raises:
        DatasetError: there are no clips with three captions or more.
    """

    def scenes(sets: Sequence[FusionSet]) -> tuple[Scene, ...]:
        return tuple(_scene(item, agreement, recipe) for item in sets)

    files = [scenes([item for item in file if len(item.captions) >= _CONSENSUS]) for file in clips]
    files = [file for file in files if file]
    if not files:
        raise DatasetError("no set of clips has three captions or more; people must agree on one")
    single_reference = scenes([x for file in clips for x in file if len(x.captions) < _CONSENSUS])
    others = [
        Pool(found, share)
        for found, share in (
            (scenes(photos), recipe.photo_share),
            (scenes(from_captioner), recipe.captioner_share),
            (single_reference, recipe.single_share),
        )
        if found and share > 0
    ]
    left = 1 - sum(pool.weight for pool in others)
    roots = [math.sqrt(len(file)) for file in files]
    return [
        *(Pool(file, left * root / sum(roots)) for file, root in zip(files, roots, strict=True)),
        *others,
    ]


def _scene(item: FusionSet, agreement: ConsensusScorer, recipe: FuserRecipe) -> Scene:
    targets = choose_targets(
        item.captions,
        agreement,
        share=recipe.target_share,
        shortest=recipe.shortest,
        longest=recipe.longest,
    )
    single_reference = not item.inputs and len(item.captions) < _CONSENSUS
    return Scene(
        item.inputs or item.captions, targets, item.prefix, bool(item.inputs), single_reference
    )


class FusionExamples(Dataset[dict[str, str]]):
    """Examples made on the fly; number ``i`` is the same whenever and in whatever order it is made.

    All examples of a batch have the same number of captions, so that little of it is padding.

    Args:
        pools: from `make_pools`.
        noise: corrupts captions.
        recipe: how much, how many, and the seed.
        separator: token between captions.
    """

    def __init__(
        self, pools: Sequence[Pool], noise: WordNoise, recipe: FuserRecipe, separator: str
    ):
        self.pools = pools
        self.noise = noise
        self.recipe = recipe
        self._weights = [pool.weight for pool in pools]
        self._settings = {
            scene.prefix: FusionSettings(separator, scene.prefix)
            for pool in pools
            for scene in pool.scenes
        }

    def __len__(self) -> int:
        return self.recipe.max_steps * self.recipe.batch_size

    def __getitem__(self, index: int) -> dict[str, str]:
        """Example ``index``: the ``source`` to read and the ``target`` to write.

        Raises:
            IndexError: beyond the last example.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"example {index} of {len(self)}")
        batch = random.Random(f"{self.recipe.seed}:batch:{index // self.recipe.batch_size}")
        # Raised to 1.5, short lists come more often: they are cheaper, and clips are short.
        count = 1 + int(self.recipe.max_inputs * batch.random() ** 1.5)
        rng = random.Random(f"{self.recipe.seed}:{index}")
        pool = rng.choices(self.pools, self._weights)[0]
        scene = rng.choice(pool.scenes)
        target = rng.choice(scene.targets)
        captions = self._captions(scene, target, count, pool, rng)
        return {"source": self._settings[scene.prefix].source(captions), "target": target}

    def _captions(
        self, scene: Scene, target: str, count: int, pool: Pool, rng: random.Random
    ) -> list[str]:
        seen = list(scene.captions)
        if not scene.from_captioner and rng.random() < self.recipe.hide_target:
            seen = [text for text in seen if text != target] or seen
        if not scene.single_reference and rng.random() < self.recipe.clean:
            return _draw(seen, count, rng)
        # Frame captioners say the same thing of neighbouring frames: the last ones repeat others.
        different = rng.randint(max(1, count // 3), count)
        captions = _draw(seen, different, rng)
        corruption = rng.random() * self.recipe.word_noise
        captions = [
            self.noise.corrupt(text, rng) if rng.random() < corruption else text
            for text in captions
        ]
        captions += rng.choices(captions, k=count - different)
        for place in range(int(rng.random() * self.recipe.mismatched * count)):
            captions[place] = rng.choice(rng.choice(pool.scenes).captions)
        rng.shuffle(captions)
        return captions


def _draw(captions: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """``count`` captions in random order, none twice before all are used."""
    drawn = rng.sample(captions, min(count, len(captions)))
    return drawn + rng.choices(drawn, k=count - len(drawn))
