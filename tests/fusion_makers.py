"""Small caption files and tiny random models for the tests of stage two."""

import gzip
import json
from pathlib import Path

WHO = ["a man", "a woman", "a boy", "a dog", "two girls"]
WHAT = ["plays a guitar", "rides a horse", "cuts an onion", "runs in a park", "drives a red car"]


def scene(who, what):
    """Twelve captions of one scene; most people agree."""
    verb, *rest = what.split()
    return [
        f"{who} {what}",
        f"{who} {what}",
        f"{who} {what} outside",
        f"{who} is seen as it {what}",
        f"{who} {verb}",
        f"somebody {what}",
        f"a person {what}",
        f"{who} {what} on a stage",
        f"there is {who} that {what}",
        f"{who} {what} slowly",
        f"{' '.join(rest)}",
        f"the video shows {who}",
    ]


def scenes(prefix="clip"):
    pairs = [(who, what) for who in WHO for what in WHAT]
    return [
        {"id": f"{prefix}{number}", "captions": scene(*pair)} for number, pair in enumerate(pairs)
    ]


def write_lines(path, rows):
    text = "\n".join(json.dumps(row) for row in rows) + "\n"
    data = text.encode()
    Path(path).write_bytes(gzip.compress(data) if str(path).endswith(".gz") else data)
    return Path(path)


def _tokenizer():
    from training.fusion.model import make_tokenizer
    from training.fusion.recipe import FuserRecipe

    captions = [text for row in scenes() for text in row["captions"]]
    return make_tokenizer(captions, FuserRecipe(vocab_size=400, max_positions=128))


def save_bart(folder):
    """A BART with random weights, as `save_pretrained` writes it: no fusion.json."""
    from training.fusion.model import make_model
    from training.fusion.recipe import FuserRecipe

    tokenizer = _tokenizer()
    recipe = FuserRecipe(
        d_model=32, heads=2, ffn=32, encoder_layers=1, decoder_layers=1, max_positions=128
    )
    make_model(tokenizer, recipe).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_t5(folder):
    """A T5 with random weights."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    tokenizer = _tokenizer()
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=16,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        pad_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
