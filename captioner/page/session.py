"""What a visitor still wants of a tab while it works.

Gradio can cancel an event, but it gives no order to what that event still says and what the button
says that cancels it, so that a page could show the frames of a clip that is gone. Here nothing is
cancelled: a run looks at the visitor's wishes between two steps, ends by itself, and has the last
word.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Changes = dict[str, Any]  # of a tab's boxes, by their names


@dataclass
class Session:
    """A visitor's wishes in one tab; all events of an open page share it.

    Attributes:
        file: the path of the file in the box; None where there is none.
        stopped: Stop was pressed.
        going_on: there is a run that has not yet ended.
        told: something was chosen. It was not where the server has meanwhile forgotten the session,
            as it does with those not heard of for long.
    """

    file: str | None = None
    stopped: bool = False
    going_on: bool = False
    told: bool = False

    def choose(self, upload: Any) -> None:
        """Another file is in the box, or none."""
        self.file = _path(upload)
        self.told = True

    def stop(self) -> None:
        """What runs is to end after the step under way."""
        self.stopped = True

    def follow(
        self,
        steps: Iterator[Changes],
        upload: Any,
        *,
        gone: Changes,
        stopped: Callable[[], Iterator[Changes]],
    ) -> Iterator[Changes]:
        """The steps of a run, until they are no longer wanted.

        Args:
            steps: what the run changes.
            upload: the file that the run is about.
            gone: the last change where another file was put into the box, or none.
            stopped: the last changes where Stop was pressed, which keep what there is.
        """
        self.stopped = False
        if not self.told:
            self.choose(upload)
        self.going_on = True
        try:
            yield from self._wanted(steps, upload, gone, stopped)
        finally:
            self.going_on = False

    def _wanted(
        self,
        steps: Iterator[Changes],
        upload: Any,
        gone: Changes,
        stopped: Callable[[], Iterator[Changes]] | None,
    ) -> Iterator[Changes]:
        for step in steps:
            if self.file != _path(upload):
                yield gone
                return
            yield step
            if self.stopped and stopped:
                yield from self._wanted(stopped(), upload, gone, None)
                return
        if self.file != _path(upload):  # it went while the last step was on its way
            yield gone


def _path(upload: Any) -> str | None:
    path: str | None = upload.get("path") if isinstance(upload, dict) else upload
    return path
