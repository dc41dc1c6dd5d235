"""How much memory a picture takes while it is decoded, and the share of it that threads have."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from captioner.media.budget import DEFAULT_LIMITS, Budget

# Bytes a pixel at the highest point, with the result in RGB, measured with Pillow 12.3 on pictures
# of 36 megapixels. These formats are decoded as a whole; WebP even into two canvases and a copy.
_BYTES_A_PIXEL = {"WEBP": 16, "AVIF": 12, "HEIF": 8, "JPEG2000": 20, "GIF": 12}
_USUAL = 6  # at Pillow's own limit, 179 megapixels, just the usual limit of memory


class MemoryPool:
    """Memory that several threads share.

    Args:
        size: bytes.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._shares: Counter[int] = Counter()  # by thread
        self._changed = threading.Condition()

    @contextmanager
    def share(self, count: int) -> Iterator[None]:
        """Have so many bytes inside, once they are free; more than there are, alone.

        A thread that has a share already gets another at once: it would wait for itself.
        """
        thread = threading.get_ident()

        def free() -> bool:
            fits = not self._taken or self._taken + count <= self._size
            return fits or self._shares[thread] > 0

        with self._changed:
            self._changed.wait_for(free)
            self._taken += count
            self._shares[thread] += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= count
                self._shares[thread] -= 1
                self._changed.notify_all()


_POOL = MemoryPool(DEFAULT_LIMITS.memory)


@contextmanager
def room_for(image: Image.Image, budget: Budget) -> Iterator[None]:
    """Decode a picture inside: pictures that take much memory together wait for each other.

    Raises:
        BudgetError: it takes more than the limit by itself.
    """
    count = image.width * image.height * _BYTES_A_PIXEL.get(image.format or "", _USUAL)
    budget.need_memory(count)
    with budget.waiting(_POOL.share(count)):
        yield
