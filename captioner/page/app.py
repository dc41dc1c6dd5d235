"""``python app.py``: from the words of the command line to a page that is served."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from captioner.page.library import Library
    from captioner.page.middleware import Hosts
    from captioner.page.models import Models
    from captioner.page.service import Service

_WRONG = 2

# Gradio keeps some 130 KB for each visitor and for each call of a program, of 10,000 at most if not
# told otherwise; whoever has not been seen for longest is forgotten first.
SESSIONS = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Serves the page until Ctrl-C or SIGTERM, by which a service manager ends a server.

    The folder of uploads is deleted then, too.

    Returns:
        The exit code.

    Raises:
        SystemExit: where the command line is wrong (code 2), or only asks for help (0).
    """
    from captioner.page.options import parse

    options = parse(argv)
    for package, needed, extra in (("gradio", True, "app"), ("mcp", options.mcp, "mcp")):
        if needed and find_spec(package) is None:
            return _fail(
                f"no module named {package!r}; install it: pip install 'captionloom[{extra}]'"
            )
    from captioner.page.storage import use_private_folder
    from captioner.runtime.backend import choose_backend

    choose_backend()
    use_private_folder()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    return _serve(options)


def _serve(options: argparse.Namespace) -> int:
    from captioner.ask.loading import load_answerer
    from captioner.describe.loading import load_captioner
    from captioner.errors import ModelError
    from captioner.page.build import build
    from captioner.page.library import Library
    from captioner.page.limits import Limits
    from captioner.page.middleware import Hosts
    from captioner.page.models import Models
    from captioner.page.service import Service
    from captioner.page.storage import keep_swept, upload_folder
    from captioner.page.tabs.about import clip_models
    from captioner.page.theme import look
    from captioner.page.words import Confidence
    from captioner.search.loading import load_retriever
    from summarizer.loading import load_summarizer

    models = Models(
        options.model or [None],
        load_captioner,
        lambda: load_summarizer(options.summarizer),
        lambda: load_answerer(options.answerer),
        always_summarize=options.summarizer is not None,
    )
    limits = Limits(options.max_megapixels, options.max_minutes, options.max_files)
    try:
        service = Service(models, limits, Confidence(models.names))
    except ModelError as error:
        return _fail(str(error))
    library = None
    if options.library is not None:
        library = Library(options.library, load_retriever)
        library.start()
    blocks = build(
        service, clip_models(models.names, options.summarizer), options.queue_size, library
    )
    hosts = Hosts([options.host, socket.gethostname(), *options.allowed_host])
    keep_swept(upload_folder())
    try:
        *_, shared = blocks.launch(
            server_name=options.host,
            server_port=options.port,
            share=options.share,
            auth=options.auth,
            max_file_size=options.max_file_size,
            state_session_capacity=SESSIONS,
            mcp_server=False,  # see tools.py
            footer_links=["api"],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            app_kwargs=_around(service, hosts, options, library),
            prevent_thread_lock=True,
            **look(),
        )
    except OSError:
        where = f"{options.host}:{options.port or 7860}"
        return _fail(f"{where} is taken or not of this machine; try --port, --host")
    if shared:
        hosts.allow(urlsplit(shared).hostname or "")
    return _keep_serving(blocks, models)


def _around(
    service: "Service", hosts: "Hosts", options: argparse.Namespace, library: "Library | None"
) -> dict[str, Any]:
    """What stands around Gradio's server: who may ask for what, and the tools of assistants."""
    from starlette.middleware import Middleware

    from captioner.page.middleware import middleware

    if not options.mcp:
        return {"middleware": middleware(hosts)}
    from captioner.page.endpoints import Endpoints, SearchEndpoint
    from captioner.page.options import bytes_of
    from captioner.page.tools import Inbox, ToolRoute, Tools, ToolServer

    inbox = Inbox(bytes_of(options.max_file_size) if options.mcp_fetch else 0)
    search = None if library is None else SearchEndpoint(library)
    server = ToolServer(Tools(Endpoints(service), inbox, search), options.auth or ())
    inner = Middleware(ToolRoute, server)
    return {"middleware": middleware(hosts, inner), "lifespan": server.lifespan}


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
