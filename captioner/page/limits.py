"""How much a visitor may ask for, told before any work is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from captioner.errors import MediaError, TooLargeError
from captioner.media.detect import media_kind
from captioner.media.frames import expected_duration
from captioner.types import MediaKind


class TooLongError(MediaError):
    """A clip is longer than the page takes."""


class TooManyFilesError(MediaError):
    """More files at once than the page takes."""


@dataclass(frozen=True)
class Limits:
    """What one request may hold.

    Attributes:
        megapixels: the most pixels of a picture or frame, in millions.
        minutes: the longest clip.
        files: the most files of one folder job.
    """

    megapixels: int = 100
    minutes: float = 10
    files: int = 200

    @property
    def max_pixels(self) -> int:
        """The most pixels of a picture or frame."""
        return self.megapixels * 1_000_000

    def check(self, path: Path) -> MediaKind:
        """What a file is, by a look at its header.

        Raises:
            MediaError: the file cannot be read, or is beyond the limits.
        """
        try:
            kind = media_kind(path, max_pixels=self.max_pixels)
            seconds = expected_duration(path, max_pixels=self.max_pixels)
        except TooLargeError as error:
            # The remedy for programs is an option that a visitor of the page does not have.
            raise TooLargeError(error.path, error.reason, "make it smaller") from error
        if kind != "image" and seconds is not None and seconds > self.minutes * 60:
            reason = f"lasts {seconds / 60:.1f} minutes, more than the limit of {self.minutes:g}"
            raise TooLongError(str(path), reason, "cut it into shorter clips")
        return kind

    def check_count(self, files: Sequence[object]) -> None:
        """Raises `TooManyFilesError` for more files than one job may have."""
        if len(files) > self.files:
            reason = f"are more than the limit of {self.files}"
            raise TooManyFilesError(f"{len(files)} files", reason, "give them in smaller groups")
