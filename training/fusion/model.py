"""A small BART and its tokenizer, made from nothing, and its training loop's parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GenerationConfig,
    PreTrainedTokenizerFast,
    Trainer,
)

from summarizer.bart import BartSummarizer, choose
from summarizer.consensus_scoring import ConsensusScorer
from summarizer.ngrams import DocumentFrequencies
from summarizer.settings import FREQUENCIES_FILE, FusionSettings
from summarizer.torch_network import TorchNetwork
from training.fusion.data import HeldOut
from training.fusion.recipe import FuserRecipe
from training.metrics.captions import score

SEPARATOR, CLIP, PHOTO = "<sep>", "<clip>", "<photo>"
_BOS, _PAD, _EOS, _UNKNOWN = "<s>", "<pad>", "</s>", "<unk>"  # ids 0 to 3, as BART has them
# Few different shapes: oneDNN compiles its kernels anew for each.
_SOURCE_MULTIPLE, _TARGET_MULTIPLE = 16, 4
_IGNORED = -100  # the label that transformers and torch leave out of the loss


def make_tokenizer(captions: Iterable[str], recipe: FuserRecipe) -> PreTrainedTokenizerFast:
    """Learns a lower-case byte-level BPE (Sennrich et al., ACL 2016) from captions."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from tokenizers.trainers import BpeTrainer

    special = [_BOS, _PAD, _EOS, _UNKNOWN, SEPARATOR, CLIP, PHOTO]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=recipe.vocab_size,
        min_frequency=2,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(captions, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {_EOS}", special_tokens=[(_EOS, special.index(_EOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=_BOS,
        pad_token=_PAD,
        eos_token=_EOS,
        unk_token=_UNKNOWN,
        extra_special_tokens=[SEPARATOR, CLIP, PHOTO],
        model_max_length=recipe.max_positions,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )


def make_model(tokenizer: PreTrainedTokenizerFast, recipe: FuserRecipe) -> Any:
    """A BART (Lewis et al., ACL 2020) of the recipe's size with random weights."""
    torch.manual_seed(recipe.seed)
    config = BartConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=recipe.max_positions,
        d_model=recipe.d_model,
        encoder_layers=recipe.encoder_layers,
        decoder_layers=recipe.decoder_layers,
        encoder_attention_heads=recipe.heads,
        decoder_attention_heads=recipe.heads,
        encoder_ffn_dim=recipe.ffn,
        decoder_ffn_dim=recipe.ffn,
        dropout=recipe.dropout,
        scale_embedding=True,
        bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.bos_token_id,
        forced_eos_token_id=tokenizer.eos_token_id,
    )
    # Eager attention trains a third faster on a CPU than torch's fused one, whose backward is slow.
    model = BartForConditionalGeneration._from_config(config, attn_implementation="eager")
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.bos_token_id,
        forced_eos_token_id=tokenizer.eos_token_id,
        num_beams=recipe.beam_size,
        no_repeat_ngram_size=3,
        max_new_tokens=48,
    )
    return model


class Collator:
    """Examples to padded tensors.

    Args:
        tokenizer: of the model.
        model: shifts labels into what its decoder reads.
    """

    def __init__(self, tokenizer: Any, model: Any):
        self.tokenizer = tokenizer
        self.model = model

    def __call__(self, examples: Sequence[dict[str, str]]) -> dict[str, torch.Tensor]:
        """int64 ``input_ids``, ``attention_mask`` [B, S]; ``labels``, ``decoder_input_ids`` [B, T].

        B examples, sources of S tokens at most, targets of T; labels are -100 where padded.
        """
        options = {"padding": True, "truncation": True, "return_tensors": "pt"}
        batch = dict(
            self.tokenizer(
                [item["source"] for item in examples],
                pad_to_multiple_of=_SOURCE_MULTIPLE,
                **options,
            )
        )
        targets = self.tokenizer(
            text_target=[item["target"] for item in examples],
            pad_to_multiple_of=_TARGET_MULTIPLE,
            **options,
        )
        labels = targets["input_ids"].masked_fill(targets["attention_mask"] == 0, _IGNORED)
        batch["labels"] = labels
        batch["decoder_input_ids"] = self.model.prepare_decoder_input_ids_from_labels(labels)
        return batch


class FusionTrainer(Trainer):
    """transformers' Trainer, which scores the sentences that the model writes for held-out clips.

    Args:
        summarizer: wraps the model that is trained.
        held_out: clips to score on; they choose the best checkpoint.
        label_smoothing: probability spread evenly over all tokens.
        options: what Trainer takes.
    """

    control: Any  # Trainer has no types

    def __init__(
        self,
        summarizer: BartSummarizer,
        held_out: Sequence[HeldOut],
        label_smoothing: float,
        **options: Any,
    ):
        def loss(outputs: Any, labels: torch.Tensor, **_: Any) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(
                outputs["logits"].flatten(0, 1).float(),
                labels.flatten(),
                ignore_index=_IGNORED,
                label_smoothing=label_smoothing,
            )

        super().__init__(compute_loss_func=loss, **options)
        self.summarizer = summarizer
        self.held_out = held_out

    def evaluate(self, *_: Any, metric_key_prefix: str = "eval", **__: Any) -> dict[str, float]:
        """CIDEr and ROUGE-L of beam search alone on the held-out clips."""
        self.model.eval()
        sentences = self.summarizer.summarize_many([item.inputs for item in self.held_out])
        self.model.train()
        scores = score(sentences, [item.references for item in self.held_out], with_meteor=False)
        metrics = {
            f"{metric_key_prefix}_{key}": scores[name]
            for key, name in (("cider", "CIDEr"), ("bleu_4", "BLEU-4"), ("rouge_l", "ROUGE-L"))
        }
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


def tune(summarizer: BartSummarizer, held_out: Sequence[HeldOut]) -> FusionSettings:
    """The settings of choice that score the highest CIDEr on held-out clips."""
    base = replace(summarizer.settings, agreement=1.0, inputs_compete=True)
    wide = BartSummarizer(summarizer.network, base, summarizer.agreement, summarizer.name)
    found = [wide.candidates(item.inputs) for item in held_out]
    references = [item.references for item in held_out]
    best, best_score = summarizer.settings, -1.0
    for compete in (False, True):
        for weight in (0.0, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.5, 5.0):
            tried = replace(base, agreement=weight, inputs_compete=compete)
            sentences = [choose(items, tried) for items in found]
            cider = score(sentences, references, with_meteor=False)["CIDEr"]
            if cider > best_score:
                best, best_score = tried, cider
    return best


def export(
    model: Any,
    tokenizer: Any,
    settings: FusionSettings,
    frequencies: DocumentFrequencies,
    folder: Path,
) -> None:
    """Writes a model folder that `summarizer.load_summarizer` reads.

    The weights become float16 in place: half the size, and the sentences stay the same.
    """
    model.half().save_pretrained(folder)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # safetensors keeps them from everyone else
    tokenizer.save_pretrained(folder)
    settings.save(folder)
    frequencies.save(folder / FREQUENCIES_FILE)


def wrap(model: Any, tokenizer: Any, agreement: ConsensusScorer, beams: int) -> BartSummarizer:
    """The model as a summarizer that takes the best beam."""
    settings = FusionSettings(SEPARATOR, CLIP, beam_size=beams)
    return BartSummarizer(TorchNetwork(model, tokenizer), settings, agreement, "fuser")
