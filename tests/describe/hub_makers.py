"""Tiny image-to-text models with random weights, saved as the Hugging Face hub holds them."""

from pathlib import Path
from typing import Any

from captioner.runtime.hub import quiet

# fmt: off
WORDS = [
    "a", "the", "man", "woman", "dog", "cat", "two", "people", "is", "are", "on", "in", "with",
    "red", "blue", "runs", "sits", "park", "beach", "street", "describe", "this", "image", "one",
    "short", "sentence", ".", "what", "color", "of", "photo",
]
# fmt: on
_BERT = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", *WORDS]
_CHAT = ["<pad>", "<s>", "</s>", "<unk>", "<image>", "user:", "assistant:", *WORDS]
_SIDE = 32  # pixels of the squares that the models see
_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ message['role'] }}: "
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image> {% else %}{{ part['text'] }} {% endif %}"
    "{% endfor %}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)
_TEXT = {
    "vocab_size": len(_BERT),
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 128,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_VISION = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": _SIDE,
    "patch_size": 16,
}


def save_blip(folder: Path) -> Path:
    """A BLIP; its text ends with ``[SEP]``."""
    from transformers import (
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessorPil,
        BlipProcessor,
    )

    text = {**_TEXT, "sep_token_id": 2, "encoder_hidden_size": 32}
    config = BlipConfig(text_config=text, vision_config=_VISION, projection_dim=32)
    size = {"height": _SIDE, "width": _SIDE}
    processor = BlipProcessor(BlipImageProcessorPil(size=size), _bert())
    return _save(folder, BlipForConditionalGeneration, config, processor)


def save_blip2(folder: Path) -> Path:
    """A BLIP-2 with an OPT behind it."""
    from transformers import (
        Blip2Config,
        Blip2ForConditionalGeneration,
        Blip2Processor,
        BlipImageProcessorPil,
    )

    own = {"vocab_size": len(_CHAT), "ffn_dim": 32, "word_embed_proj_dim": 32}
    config = Blip2Config(
        vision_config=_VISION,
        qformer_config={**_TEXT, "encoder_hidden_size": 32},
        text_config={"model_type": "opt", **_TEXT, **own},
        num_query_tokens=4,
        image_token_index=_CHAT.index("<image>"),
    )
    size = {"height": _SIDE, "width": _SIDE}
    tokenizer = _words(_CHAT, "<s>", "</s>", "<unk>", pad_token="<pad>", extra=["<image>"])
    processor = Blip2Processor(BlipImageProcessorPil(size=size), tokenizer, num_query_tokens=4)
    return _save(folder, Blip2ForConditionalGeneration, config, processor)


def save_git(folder: Path) -> Path:
    """A GIT, whose tokenizer is BERT's too."""
    from transformers import CLIPImageProcessorPil, GitConfig, GitForCausalLM, GitProcessor

    config = GitConfig(vision_config=_VISION, **_TEXT)
    processor = GitProcessor(CLIPImageProcessorPil(**_square()), _bert())
    return _save(folder, GitForCausalLM, config, processor)


def save_vit_gpt2(folder: Path) -> Path:
    """A ViT with a GPT-2 behind it; there is no processor for such a pair, but its two parts."""
    from transformers import (
        GPT2Config,
        VisionEncoderDecoderConfig,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTImageProcessorPil,
    )

    decoder = GPT2Config(
        vocab_size=len(_CHAT),
        n_embd=32,
        n_layer=1,
        n_head=2,
        n_positions=128,
        bos_token_id=2,
        eos_token_id=2,
        add_cross_attention=True,
        is_decoder=True,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(ViTConfig(**_VISION), decoder)
    config.decoder_start_token_id = config.eos_token_id = config.pad_token_id = 2
    size = {"height": _SIDE, "width": _SIDE}
    image_processor = ViTImageProcessorPil(size=size)
    _words(_CHAT, bos_token="</s>", eos_token="</s>", unk_token="<unk>").save_pretrained(folder)
    return _save(folder, VisionEncoderDecoderModel, config, image_processor)


def save_llava(folder: Path) -> Path:
    """A LLaVA: chat-style, with a chat template."""
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    text = {**_TEXT, "vocab_size": len(_CHAT)}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**_VISION),
        text_config=LlamaConfig(num_key_value_heads=2, **text),
        image_token_id=_CHAT.index("<image>"),
        vision_feature_layer=-1,
    )
    processor = LlavaProcessor(
        CLIPImageProcessorPil(**_square()),
        _words(_CHAT, "<s>", "</s>", "<unk>", pad_token="<pad>", extra=["<image>"]),
        patch_size=16,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_TEMPLATE,
    )
    return _save(folder, LlavaForConditionalGeneration, config, processor)


def _save(folder: Path, kind: Any, config: Any, processor: Any) -> Path:
    import torch

    torch.manual_seed(0)
    model = kind(config)
    # Random weights of the usual size tell no two pictures apart.
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.4)
    with quiet():
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
    return folder


def _square() -> dict[str, dict[str, int]]:
    return {"size": {"shortest_edge": _SIDE}, "crop_size": {"height": _SIDE, "width": _SIDE}}


def _bert() -> Any:
    from transformers import BertTokenizer

    return BertTokenizer(vocab={word: number for number, word in enumerate(_BERT)})


def _words(
    words: list[str], bos_token: str, eos_token: str, unk_token: str, extra=(), **special: str
) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=bos_token,
        eos_token=eos_token,
        unk_token=unk_token,
        extra_special_tokens=list(extra),
        **special,
    )
