"""The answerer's network: frames and a question → the words of an answer.

A Q-Former, whose learnt queries read the question beside them and ask the frames by
cross-attention; a linear layer; and a causal transformer that reads what they found, then the
question, and writes the answer. Sources: J. Li et al., "BLIP-2", ICML 2023 (Q-Former); W. Dai et
al., "InstructBLIP", NeurIPS 2023 (the question beside the queries); R. Liu et al., "ST-LLM", ECCV
2024 (masked video modelling). All shapes: B questions, T frames, F tokens of a frame, Q queries, L
words of the question, A of the answer, D units, V words known.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from captioner.models.answer_config import AnswerConfig
from captioner.models.vocabulary import PAD

_FAR = 1e9  # what a masked position loses before the softmax


class _Attention:
    """Multi-head scaled dot-product attention, queries over keys."""

    def __init__(self, config: AnswerConfig, name: str):
        self.heads = config.heads
        self.units = config.units
        self.queries, self.keys, self.values = (
            keras.layers.Dense(config.units, use_bias=False, name=f"{name}_{part}")
            for part in ("queries", "keys", "values")
        )
        self.output = keras.layers.Dense(config.units, name=f"{name}_output")

    def __call__(self, x: Any, seen: Any, mask: Any) -> tuple[Any, Any]:
        """Looks from [B, N, D] at [B, M, D]; ``mask`` [B, 1 or N, M] is 1 where it may.

        Returns:
            What was found [B, N, D], and where [B, N, M], mean of the heads.
        """
        queries, keys, values = (
            self._split(part) for part in (self.queries(x), self.keys(seen), self.values(seen))
        )
        scale = (self.units // self.heads) ** -0.5
        scores = ops.matmul(queries * scale, ops.transpose(keys, (0, 1, 3, 2)))
        weights = ops.softmax(scores - _FAR * (1.0 - mask[:, None]), axis=-1)
        found = ops.transpose(ops.matmul(weights, values), (0, 2, 1, 3))
        found = ops.reshape(found, (-1, x.shape[1], self.units))
        return self.output(found), ops.mean(weights, axis=1)

    def _split(self, x: Any) -> Any:
        heads = ops.reshape(x, (-1, x.shape[1], self.heads, self.units // self.heads))
        return ops.transpose(heads, (0, 2, 1, 3))


class _Block:
    """Attention to oneself, to others where there are some, then a feed-forward part.

    Each normalises what it reads and is added to it.
    """

    def __init__(self, config: AnswerConfig, name: str, looks: bool = False):
        self.attend = _Attention(config, f"{name}_self")
        self.look = _Attention(config, f"{name}_look") if looks else None
        self.norms = [
            keras.layers.LayerNormalization(epsilon=1e-5, name=f"{name}_norm{n}")
            for n in range(3 if looks else 2)
        ]
        self.widen = keras.layers.Dense(4 * config.units, activation="gelu", name=f"{name}_widen")
        self.narrow = keras.layers.Dense(config.units, name=f"{name}_narrow")
        self.dropout = keras.layers.Dropout(config.dropout)

    def __call__(
        self, x: Any, mask: Any, seen: Any = None, seen_mask: Any = None, asking: int = 0
    ) -> tuple[Any, Any]:
        """One layer; the first ``asking`` vectors look at ``seen``, too, if there is such."""
        normed = self.norms[0](x)
        x = x + self.dropout(self.attend(normed, normed, mask)[0])
        where = None
        if self.look is not None:
            queries = x[:, :asking]
            found, where = self.look(self.norms[1](queries), seen, seen_mask)
            x = ops.concatenate([queries + self.dropout(found), x[:, asking:]], axis=1)
        return x + self.dropout(self.narrow(self.widen(self.norms[-1](x)))), where


class AnswerNetwork:
    """The layers, built once, and the graphs that are made of them.

    Args:
        config: the architecture.
        words: V.
    """

    def __init__(self, config: AnswerConfig, words: int):
        self.config = config
        units = config.units
        dense, norm = keras.layers.Dense, keras.layers.LayerNormalization
        self.words = keras.layers.ReversibleEmbedding(
            words, units, embeddings_initializer="glorot_uniform", name="words"
        )
        self.question_places, self.answer_places, self.queries, self.kinds = (
            keras.layers.Embedding(size, units, name=name)
            for name, size in (
                ("question_places", config.max_question),
                ("answer_places", config.max_words),
                ("query", config.queries),
                ("frame_token_kinds", config.frame_tokens),
            )
        )
        self.standard, self.pooled_standard = (
            keras.layers.BatchNormalization(momentum=0.95, center=False, scale=False, name=name)
            for name in ("grid_standardised", "mean_standardised")
        )
        self.grid, self.pooled = dense(units, name="grid"), dense(units, name="mean")
        self.concepts = keras.layers.Embedding(config.classes, units, name="concepts")
        self.time = dense(units, name="time")
        self.frame_norm = norm(epsilon=1e-5, name="frame_norm")
        self.former = [
            _Block(config, f"former{n}", looks=True) for n in range(1, config.former_layers + 1)
        ]
        self.former_norm = norm(epsilon=1e-5, name="former_norm")
        self.to_language = dense(units, name="to_language")
        self.language = [_Block(config, f"language{n}") for n in range(1, config.layers + 1)]
        self.last_norm = norm(epsilon=1e-5, name="last_norm")
        self.dropout = keras.layers.Dropout(config.dropout)

    # === Parts ===

    def frame_inputs(self, frames: int) -> list[Any]:
        """What is given of T frames: grids, means, concepts, their certainty, times, a mask."""
        config = self.config
        return [
            keras.Input((frames, config.places, config.grid_channels), name="grid_input"),
            keras.Input((frames, config.pooled_channels), name="mean_input"),
            keras.Input((frames, config.concepts), dtype="int32", name="concept_input"),
            keras.Input((frames, config.concepts), name="certainty_input"),
            keras.Input((frames,), name="time_input"),
            keras.Input((frames,), name="frame_mask"),
        ]

    def look(self, frames: list[Any], question: Any) -> tuple[Any, Any]:
        """Asks the frames.

        Args:
            frames: as `frame_inputs`.
            question: int32 [B, L], padded.

        Returns:
            What the language model reads [B, Q, D], and where the queries looked [B, T, F], in all
            1.
        """
        config = self.config
        seen, mask = self._frame_tokens(frames)
        queries = self.queries(_numbers(question, config.queries))
        x = ops.concatenate([queries, self._question(question)], axis=1)
        known = ops.cast(ops.not_equal(question, PAD), "float32")
        own = ops.concatenate([ops.ones_like(queries[:, :, 0]), known], axis=1)[:, None]
        where = None
        for block in self.former:
            x, where = block(x, own, seen, mask[:, None], config.queries)
        found = self.to_language(self.former_norm(x[:, : config.queries]))
        count = frames[0].shape[1]
        return found, ops.reshape(ops.mean(where, axis=1), (-1, count, config.frame_tokens))

    def write(self, found: Any, question: Any, answer: Any, kept: Any = None) -> tuple[Any, Any]:
        """Reads what was found, the question, and the answer so far.

        Args:
            found: [B, Q, D].
            question: int32 [B, L], padded.
            answer: int32 [B, A].
            kept: [B, Q], 1 where what was found may be read; None: all of it.

        Returns:
            Logits of the word after each of the answer [B, A, V], and the last hidden states where
            what was found is read [B, Q, D].
        """
        queries, length = self.config.queries, question.shape[1]
        places = self.answer_places(_numbers(answer, answer.shape[1]))
        so_far = self.dropout(self._words(answer) + places)
        x = ops.concatenate([found, self._question(question), so_far], axis=1)
        readable = ops.concatenate(
            [
                ops.ones_like(found[:, :, 0]) if kept is None else kept,
                ops.cast(ops.not_equal(question, PAD), "float32"),
                ops.ones_like(so_far[:, :, 0]),
            ],
            axis=1,
        )
        order = ops.arange(x.shape[1], dtype="int32")
        causal = ops.cast(ops.less_equal(order[None, :], order[:, None]), "float32")
        mask = readable[:, None] * causal[None]
        for block in self.language:
            x, _ = block(x, mask)
        x = self.last_norm(x)
        return self.words(x[:, queries + length :], reverse=True), x[:, :queries]

    def _frame_tokens(self, frames: list[Any]) -> tuple[Any, Any]:
        """All tokens of all frames [B, T F, D], and which there are [B, T F]."""
        grid, mean, concepts, certainty, times, mask = frames
        config, count = self.config, grid.shape[1]
        named = self.concepts(concepts) * certainty[..., None]
        tokens = ops.concatenate(
            [
                self.grid(self.standard(grid)),
                self.pooled(self.pooled_standard(mean))[:, :, None],
                named,
            ],
            axis=2,
        )
        phases = times[..., None] * ops.convert_to_tensor([3.1416, 6.2832, 12.566], "float32")
        waves = self.time(ops.concatenate([ops.sin(phases), ops.cos(phases)], axis=-1))
        kinds = self.kinds(_numbers(concepts[:, :, 0], config.frame_tokens))
        tokens = self.frame_norm(tokens) + kinds[:, None] + waves[:, :, None]
        tokens = ops.reshape(tokens, (-1, count * config.frame_tokens, config.units))
        each = ops.repeat(mask, config.frame_tokens, axis=1)
        return self.dropout(tokens), each

    def _question(self, question: Any) -> Any:
        places = self.question_places(_numbers(question, question.shape[1]))
        return self.dropout(self._words(question) + places)

    def _words(self, ids: Any) -> Any:
        """Word vectors; scaled, for the same matrix also writes (Vaswani 2017)."""
        return self.words(ids) * self.config.units**0.5

    # === Graphs ===

    def training_graph(self, frames: int, question: int, answer: int, masked: bool) -> Any:
        """Frames, a question and the true answer → logits, and what masking changed.

        Args:
            frames: T.
            question: L.
            answer: A.
            masked: whether there is a second pass, for masked video modelling: it reads only a part
                of what was found, which the input ``kept`` [B, Q] says, and writes the answer; the
                first pass is what its hidden states should be.

        Returns:
            A Keras model: `frame_inputs`, question int32 [B, L], answer int32 [B, A], and ``kept``
            where ``masked`` → logits [B, A, V], and where ``masked`` the root mean square error at
            what was kept [B, 1].
        """
        inputs = self.frame_inputs(frames)
        asked = keras.Input((question,), dtype="int32", name="question")
        told = keras.Input((answer,), dtype="int32", name="answer")
        found, _ = self.look(inputs, asked)
        logits, whole = self.write(found, asked, told)
        if not masked:
            return keras.Model([*inputs, asked, told], logits, name="answerer")
        kept = keras.Input((self.config.queries,), name="kept")
        logits, partly = self.write(found, asked, told, kept)
        apart = ops.mean((partly - ops.stop_gradient(whole)) ** 2, axis=-1) * kept
        error = ops.sum(apart, axis=1, keepdims=True) / ops.sum(kept, axis=1, keepdims=True)
        error = ops.sqrt(error + 1e-8)
        return keras.Model([*inputs, asked, told, kept], [logits, error], name="answerer")

    def look_graph(self) -> Any:
        """Frames and questions → what was found, and where; see `look`."""
        inputs = self.frame_inputs(self.config.max_frames)
        question = keras.Input((self.config.max_question,), dtype="int32", name="question")
        return keras.Model([*inputs, question], list(self.look(inputs, question)), name="look")

    def write_graph(self) -> Any:
        """What was found, the question and the answer so far → log-probabilities [B, A, V]."""
        config = self.config
        found = keras.Input((config.queries, config.units), name="found")
        question = keras.Input((config.max_question,), dtype="int32", name="question")
        answer = keras.Input((config.max_answer,), dtype="int32", name="answer")
        logits, _ = self.write(found, question, answer)
        chances = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
        return keras.Model([found, question, answer], chances, name="write")

    def variables(self) -> dict[str, Any]:
        """The weights by name; creates them."""
        parts = (self.look_graph(), self.write_graph())
        return {variable.path: variable for part in parts for variable in part.weights}


def _numbers(ids: Any, count: int) -> Any:
    """0, 1, 2 ... for each row of int32 [B, N] ``ids``: int32 [B, count].

    Of a constant, Keras would make an embedding a constant, too, which is neither trained nor kept.
    """
    return ops.zeros_like(ids[:, :1]) + ops.arange(count, dtype="int32")
