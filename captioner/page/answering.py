"""What the page does with questions, without a page: the tab and the endpoint share it."""

from dataclasses import dataclass
from pathlib import Path

from captioner.ask.base import MAX_SIDE, check_questions
from captioner.ask.suggestions import suggested_questions
from captioner.media.frames import Clip, sample_frames
from captioner.page.errors import RefusalError
from captioner.page.service import Service
from captioner.types import Answer

_LONGEST = 200  # characters of a question


@dataclass(frozen=True)
class Answering:
    """Answers visitors' questions.

    Attributes:
        service: its models and its limits.
    """

    service: Service

    def read(self, path: Path) -> Clip:
        """The frames of an upload that are looked through.

        Raises:
            MediaError: it cannot be read, or is beyond the limits.
        """
        self.service.limits.check(path)
        pixels = self.service.limits.max_pixels
        frames = self.service.models.answerer().max_frames
        return sample_frames(path, frames, max_side=MAX_SIDE, max_pixels=pixels)

    def ask(self, clip: Clip, question: str) -> Answer:
        """Answers a question about what `read` returned.

        Raises:
            RefusalError: it is no question.
        """
        if len(question) > _LONGEST:
            raise RefusalError(f"Ask in {_LONGEST} characters at most.")
        try:
            check_questions([question])
        except ValueError:
            raise RefusalError("Ask a question, such as: what is the man doing?") from None
        models = self.service.models
        return models.take(models.answerer().answer_clip, clip, [question])[0]

    def suggested(self, clip: Clip) -> list[str]:
        """What could be asked about it."""
        models = self.service.models
        return models.take(suggested_questions, models.answerer(), clip)

    @property
    def name(self) -> str:
        """The answerer's."""
        return self.service.models.answerer().name

    def waiting(self) -> str:
        """What a visitor is told meanwhile."""
        if not self.service.models.has_answerer:
            return "The model that answers is loading …"
        return "Others come first …" if self.service.models.ahead() else "Looking …"
