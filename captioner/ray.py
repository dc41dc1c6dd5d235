"""``python -m captioner.ray``: many files captioned by the machines of a Ray cluster, to Parquet.

The rows are those of ``python -m captioner``; the workers are in ``captioner.cluster.workers``.

Exit codes: 0, everything was captioned; 1, some inputs failed and are named, the rest is done;
2, wrong use, or the run stopped before its end; 130, interrupted (Ctrl-C); 143, terminated
(SIGTERM).
"""

import argparse
import logging
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.cli import models
from captioner.cli.parser import add_model_options, captioner_settings, whole_number
from captioner.runtime.process import exit_code_of

if TYPE_CHECKING:
    from captioner.batch.finding import Input
    from captioner.cli.report import Report
    from captioner.cluster.workers import Job
    from captioner.describe.base import Captioner
    from summarizer import Summarizer

_STOPPED = 2
_OBJECT_STORE = 256 << 20  # bytes; a row has a few hundred, and Ray would take a third of all


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m captioner.ray",
        usage="python -m captioner.ray INPUT... --output FOLDER [options]",
        description="Say in a sentence what pictures, GIFs and videos show, on a Ray cluster.",
        allow_abbrev=False,
    )
    add = result.add_argument
    add(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="files and folders, by paths that are good on every machine, or in an object store "
        "(s3://...)",
    )
    add("-r", "--recursive", action="store_true", help="go into sub-folders")
    add(
        "--output",
        required=True,
        metavar="FOLDER",
        help="a new folder for Parquet files, by such a path, or in an object store",
    )
    add_model_options(result.add_argument_group("how captions are made"))
    add = result.add_argument_group("the cluster").add_argument
    add(
        "--concurrency",
        type=whole_number(1, 10_000),
        metavar="N",
        help="workers, each with models of its own (default: one for each machine)",
    )
    add(
        "--num-cpus",
        type=whole_number(1, 10_000),
        metavar="N",
        help="processors reserved for each worker (default: a machine's, shared out evenly)",
    )
    add(
        "--address",
        metavar="ADDRESS",
        help="the cluster: auto for the one that this machine is in, or its address (default: that "
        "of RAY_ADDRESS, else this machine alone)",
    )
    return result


def main(
    argv: Sequence[str] | None = None,
    *,
    load_captioner: "Callable[..., Captioner] | None" = None,
    load_summarizer: "Callable[..., Summarizer] | None" = None,
) -> int:
    """Run a command line; where Ray is connected already, on that cluster.

    Args:
        argv: its words, without the program; by default this process's.
        load_captioner: instead of ``captioner.load_captioner``; called by the workers as
            ``load_captioner(model, beams=beams)``, with ``prompt`` and ``precision`` where given.
        load_summarizer: instead of ``summarizer.load_summarizer``; called by them as
            ``load_summarizer(model)``.

    Returns:
        The exit code.

    Raises:
        SystemExit: where the command line is wrong (code 2), or only asks for help (0).
    """
    options = parser().parse_args(argv)
    from captioner.cli.report import Report

    report = Report()
    # Nothing is told to Ray's makers, unless the user wants it. Read at the first import.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray.data  # noqa: F401 - is it there?
    except ImportError as error:
        report.say(f"error: {error}; pip install 'captionloom[ray]' brings what is needed")
        return _STOPPED
    loaders = load_captioner or models.load_captioner, load_summarizer or models.load_summarizer
    try:
        return _run(options, _job(options, *loaders), report)
    except KeyboardInterrupt as stop:
        report.say(f"interrupted; {options.output} is not complete, begin again with another")
        return exit_code_of(stop)


def _run(options: argparse.Namespace, job: "Job", report: "Report") -> int:
    from ray.exceptions import RayError, RayTaskError

    from captioner.cluster.workers import caption_on_ray, read_rows
    from captioner.outputs.run import Plan

    inputs = _find(options, report)
    fault = _fault_of_output(options.output)
    if fault is not None:
        report.say(f"error: --output {options.output}: {fault}")
    if fault is not None or not inputs:
        return _STOPPED
    report.expect(Plan(tuple(inputs)))
    try:
        with _connected(options.address):
            workers, num_cpus = _share(options.concurrency, options.num_cpus)
            caption_on_ray(inputs, job, options.output, workers=workers, num_cpus=num_cpus)
    except (RayError, ConnectionError) as error:
        cause = error.cause if isinstance(error, RayTaskError) else error
        report.say(f"error: the run stopped: {cause}")
        return _STOPPED
    for row in read_rows(options.output):
        report.add(row)
    report.sum_up()
    return report.exit_code


def _job(
    options: argparse.Namespace,
    load_captioner: "Callable[..., Captioner]",
    load_summarizer: "Callable[..., Summarizer]",
) -> "Job":
    from captioner.cluster.workers import Job

    return Job(
        load_captioner=partial(load_captioner, options.model, **captioner_settings(options)),
        load_summarizer=partial(load_summarizer, options.summarizer),
        always_summarize=options.summarizer is not None,
        max_frames=options.max_frames,
        frame_selector=options.frames,
        batch_size=options.batch_size,
        max_seconds=options.max_seconds,
    )


def _find(options: argparse.Namespace, report: "Report") -> "list[Input]":
    from captioner.batch.finding import find_inputs
    from captioner.cluster.remote import find_remote, is_remote

    here = [word for word in options.inputs if not is_remote(word)]
    found = find_inputs(here, options.recursive)
    # A worker's current folder is another one.
    inputs = [replace(item, path=str(Path(item.path).absolute())) for item in found.inputs]
    for word in filter(is_remote, options.inputs):
        inputs += find_remote(word, options.recursive, relative=len(options.inputs) == 1)
    hint = "" if options.recursive else "; add -r to look into its sub-folders"
    for folder in found.empty if inputs else options.inputs:
        report.say(f"{folder}: no picture and no clip in this folder{hint}")
    return inputs


def _fault_of_output(output: str) -> str | None:
    """Why rows cannot go there; None where they can."""
    from pyarrow.fs import FileSelector, FileType

    from captioner.cluster.remote import open_store

    try:
        system, path = open_store(output)
        if system.get_file_info(path).type == FileType.File:
            return "this is a file; name a new folder"
        if system.get_file_info(FileSelector(path, allow_not_found=True)):
            return "the folder is not empty and is left as it is; name a new one"
    except (OSError, ValueError) as error:
        return f"it cannot be opened ({error})"
    return None


@contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """Connects to Ray, and takes leave in the end, where the caller is not connected already."""
    import ray

    if ray.is_initialized():
        yield
        return
    settings: dict[str, Any] = {"address": address}
    if address is None and not os.environ.get("RAY_ADDRESS"):
        settings = {
            "address": "local",
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE,
        }
    # Of Ray's own news, only failures; what the workers' libraries print is in Ray's log files.
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        ray.init(**settings, logging_level=logging.ERROR, log_to_driver=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise ConnectionError(f"Ray cannot be reached ({error}); check --address") from error
    try:
        yield
    finally:
        ray.shutdown()


def _share(workers: int | None, num_cpus: int | None) -> tuple[int, float]:
    """How many workers, and how many processors each: a model uses all that it finds."""
    import ray

    machines = [node["Resources"].get("CPU", 0.0) for node in ray.nodes() if node["Alive"]]
    machines = [processors for processors in machines if processors > 0] or [1.0]
    workers = workers or len(machines)
    if num_cpus is not None:
        return workers, num_cpus
    each = min(machines) / math.ceil(workers / len(machines))
    return workers, float(int(each)) if each >= 1 else each


if __name__ == "__main__":
    # Not this module's own main: workers import what they are sent, and have another __main__.
    from captioner.runtime.process import run

    run("captioner.ray")
