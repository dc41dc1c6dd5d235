"""``python -m training.data.tgif --output DIR``: the GIFs of TGIF, from the addresses of its list.

Put ``tgif-v1.0.tsv`` (https://github.com/raingo/TGIF-Release) into the folder first, and its
``splits`` beside it. The GIFs go to ``gifs/``, where `training.clips.layouts` looks for them. The
same command goes on with what is missing. Addresses that no longer lead to a GIF are written down
in ``dead.jsonl`` and not asked again.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from training.data.lines import DatasetError, Problems, read_lines

TGIF_TABLE = "tgif-v1.0.tsv"
_AGENT = "captionloom (research; python-urllib)"
_STARTS = (b"GIF87a", b"GIF89a")
_GONE = {400, 401, 403, 404, 405, 410, 451}
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Politeness:
    """What a server is asked for, and how long it is waited for.

    Attributes:
        rate: requests a second, of all threads together.
        threads: requests at a time.
        tries: so often a server that fails is asked.
        wait: seconds before the second try, twice as many before each later one.
        seconds: longest time for one file.
        megabytes: largest file.
    """

    rate: float = 4.0
    threads: int = 4
    tries: int = 4
    wait: float = 1.0
    seconds: float = 60.0
    megabytes: float = 50.0


@dataclass
class Outcome:
    """How many GIFs are there, and what became of the others."""

    there: int = 0
    fetched: int = 0
    dead: int = 0
    failed: int = 0


class DeadError(Exception):
    """An address leads to no GIF, and will not; the message says why."""


class FailedError(Exception):
    """A server failed; another time it may not. The message says how."""


def download(folder: Path, politeness: Politeness = Politeness()) -> Outcome:
    """Fetches what is missing.

    Args:
        folder: holds ``tgif-v1.0.tsv``.
        politeness: towards servers.

    Raises:
        DatasetError: the list is missing or malformed.
        OSError: a file cannot be written; what was fetched stays.
    """
    gifs, dead_file = folder / "gifs", folder / "dead.jsonl"
    addresses = _addresses(folder / TGIF_TABLE)
    gifs.mkdir(parents=True, exist_ok=True)
    dead = {row["address"] for row in _dead(dead_file)}
    outcome = Outcome(dead=sum(address in dead for address in addresses))
    missing = []
    for address in addresses:
        if (gifs / gif_name(address)).is_file():
            outcome.there += 1
        elif address not in dead:
            missing.append(address)
    fetcher = _Fetcher(gifs, politeness)
    with (
        dead_file.open("a", encoding="utf-8") as log,
        ThreadPoolExecutor(politeness.threads) as pool,
    ):
        for address, problem in zip(missing, pool.map(fetcher.fetch, missing), strict=True):
            if problem is None:
                outcome.fetched += 1
            elif isinstance(problem, DeadError):
                outcome.dead += 1
                log.write(json.dumps({"address": address, "reason": str(problem)}) + "\n")
                log.flush()
            else:
                outcome.failed += 1
                print(f"{address}: {problem}", file=sys.stderr)
    return outcome


def gif_name(address: str) -> str:
    """The name under which the GIF of an address is kept: its last part."""
    return PurePosixPath(address.strip().partition("?")[0]).name


def _addresses(table: Path) -> list[str]:
    problems = Problems(table)
    found: dict[str, str] = {}
    for number, line in read_lines(table, problems):
        address = line.partition("\t")[0].strip()
        if urlsplit(address).scheme not in ("http", "https") or not gif_name(address):
            problems.add("lines without an address", f"line {number}")
        else:
            found.setdefault(gif_name(address), address)
    problems.settle(allowed=True)
    if not found:
        raise DatasetError(f"{table}: holds no addresses; fetch TGIF's own list")
    return list(found.values())


def _dead(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of the list of dead addresses; a line that a killed run left half-written is none."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "address" in row:
            yield row


class _Fetcher:
    def __init__(self, gifs: Path, politeness: Politeness):
        self.gifs = gifs
        self.politeness = politeness
        self._lock = threading.Lock()
        self._next = 0.0

    def fetch(self, address: str) -> DeadError | FailedError | None:
        """Fetches one GIF; returns what is wrong, or None."""
        waits = [self.politeness.wait * 2**n for n in range(self.politeness.tries - 1)]
        for wait in [*waits, None]:
            try:
                self._once(address)
                return None
            except DeadError as error:
                return error
            except FailedError as error:
                if wait is None:
                    return error
                time.sleep(wait)
        return None

    def _once(self, address: str) -> None:
        self._take_turn()
        path = self.gifs / gif_name(address)
        part = path.with_name(f"{path.name}.part")
        limit = self.politeness.seconds
        request = Request(address, headers={"User-Agent": _AGENT})
        try:
            with urlopen(request, timeout=limit) as answer, part.open("wb") as file:
                _check(answer.geturl())
                self._copy(answer, file)
        except HTTPError as error:
            kind = DeadError if error.code in _GONE else FailedError
            raise kind(f"the server says {error.code} {error.reason}") from error
        except (URLError, TimeoutError, http.client.HTTPException, ConnectionError) as error:
            raise FailedError(f"the server fails ({error!r})") from error
        except (DeadError, FailedError):
            part.unlink(missing_ok=True)
            raise
        part.replace(path)

    def _copy(self, answer: Any, file: Any) -> None:
        """Copies an answer, however slowly it comes, and makes sure that it is a whole GIF."""
        ends = time.monotonic() + self.politeness.seconds
        most = self.politeness.megabytes * 1e6
        promised = answer.headers.get("Content-Length")
        size, first, last = 0, b"", b""
        while chunk := answer.read1(_CHUNK):
            first = (first + chunk)[:6] if size < 6 else first
            last = (last + chunk)[-1:]
            size += len(chunk)
            if size >= 6 and first not in _STARTS:
                raise DeadError("what comes is no GIF")
            if size > most:
                raise DeadError(f"it is larger than {self.politeness.megabytes:g} MB")
            if time.monotonic() > ends:
                raise FailedError(f"it took longer than {self.politeness.seconds:g} s")
            file.write(chunk)
        if promised is not None and promised.isdecimal() and int(promised) != size:
            raise FailedError(f"{size} of {promised} bytes came")
        if first not in _STARTS:
            raise DeadError("what comes is no GIF")
        if last != b";":
            raise FailedError("the GIF is cut off")

    def _take_turn(self) -> None:
        """Waits until another request may be sent."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 1 / self.politeness.rate
        time.sleep(max(0.0, turn - now))


def _check(address: str) -> None:
    if urlsplit(address).scheme not in ("http", "https"):
        raise DeadError("it leads elsewhere than to the web")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.data.tgif",
        description="Fetches the GIFs of TGIF; the same command goes on with what is missing.",
    )
    result.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help=f"holds {TGIF_TABLE}"
    )
    result.add_argument("--rate", type=float, default=4.0, help="requests a second (4)")
    result.add_argument("--threads", type=int, default=4, help="requests at a time (4)")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 when all is there or known to be gone, 1 when servers failed, 2 else."""
    options = parser().parse_args(arguments)
    if options.rate <= 0 or options.threads < 1:
        parser().error("--rate and --threads must be above 0")
    try:
        outcome = download(options.output, Politeness(options.rate, options.threads))
    except (DatasetError, OSError) as error:
        print(f"training.data.tgif: {error}", file=sys.stderr)
        return 2
    print(
        f"{outcome.fetched} fetched, {outcome.there} were there, {outcome.dead} dead, "
        f"{outcome.failed} failed"
    )
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("training.data.tgif")
