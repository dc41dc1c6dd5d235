"""``python -m training.answering.questions``: questions made from captions.

From each caption answers are picked by parts of speech and word order (who, what, what somebody
does, where, colours, numbers), each with a question by a template; "yes" and "no" by what a caption
says and by what others of the same sort say. As in M. Ren, R. Kiros and R. Zemel, "Exploring Models
and Data for Image Question Answering" (NIPS 2015) and TGIF-QA (Y. Jang et al., CVPR 2017).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.answering.parsing import Parsed, Parser
from training.answering.templates import (
    Claim,
    Question,
    claims_of,
    counts_of,
    questions_of,
    there_is,
)
from training.answering.words import same_thing
from training.data.datasets import normalise_caption

_LEAST_AGREEMENT = 2  # captions that must say the same number
_SHARE = 0.08  # of the questions of a kind that have the same answer, at most
_CLAIMS = 6  # of a file that are asked, at most

# A photo or clip's questions by its captions: a generator of another kind takes its place.
Writer = Callable[[Sequence[Question], Sequence[str]], list[Question]]


@dataclass(frozen=True)
class MadeQuestion:
    """A question about one file.

    Attributes:
        file_name: of the photo, or the clip's name.
        question: lower-case, with a question mark.
        answer: a few words.
        answer_type: see `templates.Question.kind`.
    """

    file_name: str
    question: str
    answer: str
    answer_type: str


def make_questions(
    captions: Mapping[str, Sequence[str]], *, seed: int = 1, writer: Writer | None = None
) -> list[MadeQuestion]:
    """Questions about captioned photos or clips, filtered and balanced.

    Args:
        captions: by the file's name.
        seed: of what is drawn.
        writer: asks for the picked answers in its own words; None: by templates.

    Returns:
        In the order of the files.
    """
    texts = {name: [normalise_caption(text) for text in said] for name, said in captions.items()}
    parser = Parser(text for said in texts.values() for text in dict.fromkeys(said))
    parsed = {
        name: [parser.parse(text) for text in dict.fromkeys(said)] for name, said in texts.items()
    }
    facts = _facts(parsed.values())
    draw = random.Random(seed)
    made = []
    for name, parts in parsed.items():
        said = {word for text in texts[name] for word in text.split()}
        asked = _settled([q for part in parts for q in questions_of(part)])
        if writer is not None:
            asked = writer(asked, texts[name])
        asked += _counted(parts)
        asked += _claimed(parts, said, facts, draw)
        made += [
            MadeQuestion(name, q.question, q.answer, q.kind)
            for q in dict.fromkeys(asked)
            if is_good(q)
        ]
    return balanced(made, draw)


def is_good(question: Question) -> bool:
    """Whether it is answered by looking: the answer is short and not in the question."""
    asked = set(normalise_caption(question.question).split())
    answer = question.answer.split()
    if question.kind == "yes/no":
        return len(asked) > 2
    if question.kind == "where":
        return len(answer) <= 4 and answer[-1] not in asked
    return 1 <= len(answer) <= 3 and not asked & set(answer)


def balanced(made: Sequence[MadeQuestion], draw: random.Random) -> list[MadeQuestion]:
    """Leaves questions out until no answer of a kind is more than a small share of them.

    Of "yes" and "no" there are then equally many, of each number as many as of the next rarer one
    thrice.
    """
    groups: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, question in enumerate(made):
        groups[question.answer_type][question.answer].append(place)
    kept: list[int] = []
    for kind, answers in groups.items():
        sizes = sorted((len(places) for places in answers.values()), reverse=True)
        if kind == "yes/no":
            most = sizes[-1]
        elif kind == "number":
            most = 3 * sizes[min(1, len(sizes) - 1)]
        else:
            most = max(20, int(_SHARE * sum(sizes)))
        for places in answers.values():
            kept += places if len(places) <= most else draw.sample(places, most)
    return [made[place] for place in sorted(kept)]


def _settled(asked: Iterable[Question]) -> list[Question]:
    """One answer to each question: what most captions say, if they do not contradict."""
    answers: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for question in asked:
        answers[question.question, question.kind][question.answer] += 1
    settled = []
    for (text, kind), counts in answers.items():
        if kind == "color" and len(counts) > 1:
            continue
        settled.append(Question(text, counts.most_common(1)[0][0], kind))
    return settled


def _counted(parts: Sequence[Parsed]) -> list[Question]:
    numbers: dict[str, Counter[str]] = defaultdict(Counter)
    for part in parts:
        for name, number in dict(counts_of(part)).items():
            numbers[name][number] += 1
    return [
        Question(f"how many {name} are there?", number, "number")
        for name, counts in numbers.items()
        for number, times in counts.items()
        if len(counts) == 1 and times >= min(_LEAST_AGREEMENT, len(parts))
    ]


def _facts(parsed: Iterable[Sequence[Parsed]]) -> dict[str, list[str]]:
    """What is said of each sort, as often as it is said."""
    facts: dict[str, list[str]] = defaultdict(list)
    for parts in parsed:
        for claim in {claim for part in parts for claim in claims_of(part)}:
            facts[claim.sort].append(claim.fact)
    return facts


def _claimed(
    parts: Sequence[Parsed], said: set[str], facts: Mapping[str, list[str]], draw: random.Random
) -> list[Question]:
    """Each claim once, as often true as false."""
    claims = list(dict.fromkeys(claim for part in parts for claim in claims_of(part)))
    questions = []
    for claim in draw.sample(claims, min(_CLAIMS, len(claims))):
        if draw.random() < 0.5:
            questions.append(Question(claim.question.format(claim.fact), "yes", "yes/no"))
        elif (other := _false(claim, said, facts[claim.sort], draw)) is not None:
            question = claim.question.format(other)
            if claim.sort.startswith("thing"):
                question = there_is(other, plural=claim.sort == "thing True")
            questions.append(Question(question, "no", "yes/no"))
    return questions


def _false(claim: Claim, said: set[str], others: Sequence[str], draw: random.Random) -> str | None:
    """A fact of the same sort that no caption of the file says, nor anything like it."""
    for _ in range(10):
        other = draw.choice(others)
        if not any(same_thing(word) & said for word in other.split()[-1:]):
            return other
    return None


def write_questions(made: Iterable[MadeQuestion], path: Path) -> None:
    """Writes JSON Lines."""
    lines = [json.dumps(vars(question), ensure_ascii=False) for question in made]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.answering.questions",
        description="Makes questions with answers from the captions of photos or clips.",
    )
    result.add_argument("data", type=Path, metavar="DATA", help="a data folder, as for training")
    result.add_argument("--split", default="train", help="train, dev or test (default: train)")
    result.add_argument("--output", type=Path, required=True, metavar="FILE.jsonl")
    result.add_argument(
        "--generator",
        metavar="NAME",
        help="a T5 of the Hugging Face hub that writes the questions for the picked answers, such "
        "as mrm8488/t5-base-finetuned-question-generation-ap (default: templates)",
    )
    result.add_argument("--seed", type=int, default=1)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    from training.answering.sources import captions_by_file
    from training.data.lines import DatasetError

    try:
        writer = None
        if options.generator is not None:
            from training.answering.generator import T5Writer

            writer = T5Writer(options.generator)
        captions = captions_by_file(options.data, options.split)
        made = make_questions(captions, seed=options.seed, writer=writer)
        write_questions(made, options.output)
    except (ImportError, DatasetError, OSError, ValueError) as error:
        print(f"training.answering.questions: {error}", file=sys.stderr)
        return 2
    kinds = Counter(question.answer_type for question in made)
    counted = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    print(f"{options.output}: {len(made)} questions about {len(captions)} files ({counted})")
    return 0


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("training.answering.questions")
