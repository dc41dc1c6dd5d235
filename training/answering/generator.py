"""Questions written by a T5 of the Hugging Face hub for answers that were picked from captions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from captioner.errors import ModelError
from captioner.runtime.hub import check_numbers, first_line, load_from_hub, quiet
from training.answering.templates import Question

# As the question generators of the hub were taught (fine-tuned on SQuAD with the answer given).
_PROMPT = "answer: {answer} context: {context}"
_TOKENS = 32
_TOGETHER = 32


class T5Writer:
    """Writes a question for each picked answer, from the caption that it was picked from.

    Args:
        name: a text-to-text model of the hub, or a folder of one, that was taught on prompts of the
            form "answer: ... context: ...".

    Raises:
        ModelError: it cannot be loaded.
        ImportError: transformers or PyTorch are missing.
    """

    def __init__(self, name: str):
        def load(name: str, **options: Any) -> tuple[Any, Any]:
            from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

            options["trust_remote_code"] = False
            model = AutoModelForSeq2SeqLM.from_pretrained(name, **options)
            check_numbers(model)
            return model.eval(), AutoTokenizer.from_pretrained(name, **options)

        try:
            self._model, self._tokenizer = load_from_hub(name, load)
        except ImportError:
            raise
        except Exception as error:  # network, cache, name, format: all end here
            raise ModelError(
                f"{name}: no question generator can be loaded from here ({first_line(error)}); "
                "give a T5 of the Hugging Face hub, or a folder of one"
            ) from error

    def __call__(self, asked: Sequence[Question], captions: Sequence[str]) -> list[Question]:
        """The same answers with the model's questions.

        Args:
            asked: answers, with questions by templates.
            captions: of the file; the first that has the answer is the context.
        """
        prompts = []
        for question in asked:
            context = next((text for text in captions if question.answer in text), captions[0])
            prompts.append(_PROMPT.format(answer=question.answer, context=context))
        written: list[str] = []
        for start in range(0, len(prompts), _TOGETHER):
            written += self._write(prompts[start : start + _TOGETHER])
        return [
            Question(text, question.answer, question.kind)
            for text, question in zip(written, asked, strict=True)
            if text.endswith("?")
        ]

    def _write(self, prompts: Sequence[str]) -> list[str]:
        import torch

        with torch.inference_mode(), quiet():
            inputs = self._tokenizer(list(prompts), return_tensors="pt", padding=True)
            found = self._model.generate(**inputs, num_beams=2, max_new_tokens=_TOKENS)
        texts = self._tokenizer.batch_decode(found, skip_special_tokens=True)
        return [text.lower().removeprefix("question:").strip() for text in texts]
