"""What the page does for a visitor, without a page: the tabs and the endpoints share it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.batch.finding import Input
from captioner.batch.pipeline import caption_inputs
from captioner.batch.rows import Row, failure_reason
from captioner.describe.base import MAX_SIDE, ClipCaptioner
from captioner.errors import MediaError
from captioner.media.frames import SELECTORS, Clip, sample_frames
from captioner.media.images import load_image
from captioner.page.errors import RefusalError, for_visitors
from captioner.page.limits import Limits
from captioner.page.models import Models
from captioner.page.words import Confidence, Words
from captioner.types import EncodedClip, EncodedFrame

if TYPE_CHECKING:
    from captioner.media.pixels import RGBArray
    from captioner.types import Caption, ClipCaption, MediaKind

MOST_BEAMS = 8
MOST_FRAMES = 32
_BATCH = 4  # files of a folder between which others have a turn; larger ones are no faster


@dataclass(frozen=True)
class Settings:
    """What a visitor may choose.

    Attributes:
        model: the name of a captioner.
        beams: captions followed side by side; 0: as many as the model itself prefers.
        max_frames: at most so many frames of a clip are captioned.
        frame_selector: how they are chosen, a name in ``SELECTORS``.
    """

    model: str
    beams: int = 0
    max_frames: int = 16
    frame_selector: str = "uniform"


@dataclass(frozen=True)
class Service:
    """The models of a server, and what one request may ask of them.

    All methods raise `MediaError` for a file that cannot be read or is beyond the limits.
    """

    models: Models
    limits: Limits
    confidence: Confidence = field(default_factory=lambda: Confidence(()))

    def settings(
        self, model: str, beams: int, frames: int = 16, selection: str = "uniform"
    ) -> Settings:
        """Settings as a request gives them; an empty ``model`` is the default one.

        Raises:
            RefusalError: this server does not offer them.
        """
        model = model or self.models.names[0]
        _one_of("model", model, self.models.names)
        _one_of("selection", selection, sorted(SELECTORS))
        return Settings(
            model, _whole("beams", beams, 0, MOST_BEAMS), _whole("frames", frames, 1, MOST_FRAMES),
            selection,
        )  # fmt: skip

    def photo(self, path: Path) -> "RGBArray":
        """The pixels of a picture, or of an animation's first frame, uint8 [H, W, 3]."""
        self.limits.check(path)
        return load_image(path, max_side=MAX_SIDE, max_pixels=self.limits.max_pixels)

    def caption(self, photo: "RGBArray", settings: Settings) -> "Caption":
        """The caption of a picture, with the other beams."""
        return self.models.captioner(settings.model, settings.beams).caption_images([photo])[0]

    def sample(self, path: Path, settings: Settings) -> "tuple[MediaKind, Clip]":
        """What a clip is, and the frames to caption."""
        kind = self.limits.check(path)
        pixels = self.limits.max_pixels
        clip = sample_frames(
            path, settings.max_frames, settings.frame_selector, MAX_SIDE, max_pixels=pixels
        )
        return kind, clip

    def encode(self, clip: Clip, settings: Settings) -> Iterator[EncodedFrame]:
        """What is kept of each of a clip's frames, as soon as it is there."""
        captioner = self._clip_captioner(settings)
        for frame in clip.frames:
            yield captioner.encode_frames([frame.image])[0]

    def words_of_frames(self, settings: Settings) -> Words:
        """Says of a score of a frame's caption how sure it is, where the captioner wrote it.

        What scores of a network for clips mean, nobody measured.
        """
        if self.models.summarizes(settings.model):
            return self.confidence.words(settings.model)
        return lambda _: ""

    def caption_clip(self, clip: EncodedClip, settings: Settings) -> "ClipCaption":
        """One sentence from these frames of a clip; at least one."""
        return self._clip_captioner(settings).caption_encoded([clip])[0]

    def clip_row(
        self, name: str, kind: "MediaKind", result: "ClipCaption", settings: Settings
    ) -> Row:
        """What is known of a clip, once it has its sentence."""
        return Row(
            name,
            name,
            kind,
            result.text,
            result.score,
            frames=None if kind == "image" else result.frames,
            model=self._clip_captioner(settings).name,
            summarizer=result.summarizer,
        )

    def rows(self, files: Sequence[tuple[Path, str]], settings: Settings) -> Iterator[Row]:
        """One row for each file, in their order; what is wrong with a file is in its row.

        Args:
            files: where each lies, and what the visitor calls it.
            settings: how they are captioned.
        """
        self.limits.check_count(files)
        captioner = self.models.captioner(settings.model, settings.beams)
        inputs = (self._input(path, name) for path, name in files)
        rows = caption_inputs(
            inputs, captioner, lambda: self._clip_captioner(settings), batch_size=_BATCH
        )
        return (
            row if row.error is None else replace(row, error=for_visitors(row.error))
            for row in rows
        )

    def _input(self, path: Path, name: str) -> Input:
        try:
            self.limits.check(path)
        except MediaError as error:
            return Input(str(path), name, failure_reason(error))
        return Input(str(path), name)

    def _clip_captioner(self, settings: Settings) -> ClipCaptioner:
        return self.models.clip_captioner(
            settings.model,
            beams=settings.beams,
            max_frames=settings.max_frames,
            frame_selector=settings.frame_selector,
        )


def _one_of(what: str, value: object, known: Sequence[str]) -> None:
    if value not in known:
        raise RefusalError(f"There is no {what} {value!r} here; choose one of: {', '.join(known)}.")


def _whole(what: str, value: object, low: int, high: int) -> int:
    number = int(value) if isinstance(value, (int, float)) and value == int(value) else low - 1
    if not low <= number <= high:
        raise RefusalError(f"{what} is {value!r}; it must be a whole number from {low} to {high}.")
    return number
