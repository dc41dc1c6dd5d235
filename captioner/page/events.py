"""What happens in a tab when a file is chosen or a button is pressed."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr

from captioner.page import markup
from captioner.page.session import Changes, Session

_QUIET = {"api_visibility": "private", "show_progress": "hidden"}


class TabEvents:
    """The events of one tab.

    Args:
        describe: makes the result: takes the session, the upload and the settings, and yields what
            changes, by the names of the boxes.
        upload: the box for files.
        settings: the boxes whose values ``describe`` takes.
        boxes: what it may change.
        queue: the place of its events in the queue.
    """

    def __init__(
        self,
        describe: Callable[..., Iterator[Changes]],
        upload: Any,
        settings: Sequence[Any],
        boxes: dict[str, Any],
        queue: dict[str, Any],
    ):
        self._describe = describe
        self._upload = upload
        self._boxes = boxes
        self._session = gr.State(Session())
        self._run = {
            "inputs": [self._session, upload, *settings],
            "outputs": list(boxes.values()),
            "preprocess": False,  # see uploads.py
            "trigger_mode": "multiple",  # a file that comes meanwhile is not ignored
            "api_visibility": "private",
            # Of Gradio's own marks one is kept: the place in the queue, where the status stands.
            "show_progress": "minimal",
            "show_progress_on": boxes["status"],
            **queue,
        }

    def at_press(self, button: Any) -> None:
        """A press of a button describes what is in the box."""
        self._at(button.click)

    def at_enter(self, text: Any) -> None:
        """So does the Enter key in a box for text."""
        self._at(text.submit)

    def _at(self, event: Callable[..., Any]) -> None:
        def describe(session: Session, *given: Any) -> Iterator[dict[Any, Any]]:
            yield from self._placed(self._describe(session, *given))

        event(describe, **self._run)

    def at_choice(self, nothing: Callable[[], Changes]) -> None:
        """What comes into the box is described; until then, and without it, there is no result.

        Args:
            nothing: the tab as it is without a result.
        """

        def choose(session: Session, upload: Any) -> dict[Any, Any]:
            session.choose(upload)
            return self._of_boxes(nothing())

        def describe(session: Session, upload: Any, *settings: Any) -> Iterator[dict[Any, Any]]:
            if upload is not None:
                yield from self._placed(self._describe(session, upload, *settings))
            elif session.file is None:
                # Once more, in the line: the last step of a run can still be on its way to the
                # page when ``choose`` answers, which it does beside the line.
                yield self._of_boxes(nothing())
            else:  # of a run without a step Gradio makes empty values for every box
                yield {self._boxes["status"]: gr.skip()}

        chosen = self._at_change(choose)
        chosen.success(describe, **self._run)

    def at_clear(self, nothing: Callable[[], Changes]) -> None:
        """Where nothing is left in the box, what runs ends, and its result goes.

        Args:
            nothing: the tab as it is without a result.
        """

        def clear(session: Session, upload: Any) -> dict[Any, Any]:
            if upload:
                return {self._boxes["status"]: gr.skip()}
            session.choose(None)
            return self._of_boxes(nothing())

        self._at_change(clear)

    def _at_change(self, step: Callable[[Session, Any], dict[Any, Any]]) -> Any:
        """What is in the box was changed: ``step`` runs at once, outside of the lines."""
        return self._upload.change(
            step,
            [self._session, self._upload],
            list(self._boxes.values()),
            preprocess=False,
            trigger_mode="multiple",
            queue=False,
            **_QUIET,
        )

    def at_stop(self, button: Any) -> None:
        """A press of a button ends what runs."""

        def stop(session: Session) -> dict[Any, Any]:
            session.stop()
            changes = {button: gr.Button(interactive=False)}
            if session.going_on:  # else its last word is said
                changes[status] = markup.status("Stopping …", "busy")
            return changes

        status = self._boxes["status"]
        button.click(stop, self._session, [button, status], queue=False, **_QUIET)

    def _placed(self, steps: Iterator[Changes]) -> Iterator[dict[Any, Any]]:
        return (self._of_boxes(changes) for changes in steps if changes)  # Gradio refuses {}

    def _of_boxes(self, changes: Changes) -> dict[Any, Any]:
        return {self._boxes[name]: value for name, value in changes.items()}
