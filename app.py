"""The web page: ``python app.py``, then http://127.0.0.1:7860 in a browser."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from captioner.page.models import Models

_WRONG = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Serves the page until Ctrl-C; returns the exit code.

    Raises:
        SystemExit: where the command line is wrong (code 2), or only asks for help (0).
    """
    from captioner.page.options import parser

    options = parser().parse_args(argv)
    for package, needed, extra in (("gradio", True, "app"), ("mcp", options.mcp, "mcp")):
        if needed and find_spec(package) is None:
            return _fail(
                f"no module named {package!r}; install it: pip install 'captionloom[{extra}]'"
            )
    from captioner.backend import choose_backend
    from captioner.page.storage import use_private_folder

    choose_backend()
    use_private_folder()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # A service manager ends a server so; the folder of uploads is then deleted, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return _serve(options)


def _serve(options: argparse.Namespace) -> int:
    from captioner.captioner import load_captioner
    from captioner.page.build import build
    from captioner.page.design import look
    from captioner.page.doors import MIDDLEWARE
    from captioner.page.limits import Limits
    from captioner.page.models import Models
    from captioner.page.service import Service
    from summarizer.loading import DEFAULT, load_summarizer

    models = Models(
        options.model or [None], load_captioner, lambda: load_summarizer(options.summarizer)
    )
    limits = Limits(options.max_megapixels, options.max_minutes, options.max_files)
    blocks = build(Service(models, limits), options.summarizer or DEFAULT, options.queue_size)
    try:
        blocks.launch(
            server_name=options.host,
            server_port=options.port,
            share=options.share,
            auth=options.auth,
            max_file_size=options.max_file_size,
            mcp_server=options.mcp,
            footer_links=["api"],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            app_kwargs={"middleware": MIDDLEWARE},
            prevent_thread_lock=True,
            **look(),
        )
    except OSError:
        where = f"{options.host}:{options.port or 7860}"
        return _fail(f"{where} is taken or not of this machine; try --port, --host")
    return _keep_serving(blocks, models)


def _keep_serving(blocks: Any, models: "Models") -> int:
    """Loads the models behind the page that is already there, and waits for Ctrl-C."""
    try:
        models.start()
        models.wait()
        print("* The models are loaded.", flush=True)
        blocks.block_thread()
    except KeyboardInterrupt:
        pass
    except Exception as error:
        return _fail(f"the model cannot be loaded: {error}")
    finally:
        blocks.close(verbose=False)
        models.close()
    return 0


def _fail(text: str) -> int:
    print(f"app: error: {text}", file=sys.stderr)
    return _WRONG


if __name__ == "__main__":
    sys.exit(main())
