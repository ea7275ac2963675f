"""`jd-analyzer serve`: the page and the REST API."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from analyzer.web.settings import WebSettings

EPILOG = """Examples:

jd-analyzer serve

jd-analyzer serve --port 9000 --workers 4

jd-analyzer serve --host 0.0.0.0 --allow-host jobs.example.org --token-file token.txt

Every limit has a name and can be set in the environment, such as JD_WEB_MAX_ROWS=50000; docs/web.md lists them."""


def register(app: typer.Typer) -> None:
    """Add `serve` to the command line."""
    app.command("serve", epilog=EPILOG)(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; this machine alone unless told otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes that score.  [default: 2]", show_default=False)] = None,
    models: Annotated[Path | None, typer.Option(help="Directory with models `zh` and `es`; else the shipped ones.")] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File whose first line is the token every request must carry (or set JD_WEB_TOKEN).")
    ] = None,
    allow_host: Annotated[list[str] | None, typer.Option(help="A name the server answers to, beside localhost; may be repeated.")] = None,
    cors_origin: Annotated[list[str] | None, typer.Option(help="An origin whose scripts may call the API; may be repeated.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Log warnings and errors alone, no line for each request.")] = False,
) -> None:
    """Open the page and the REST API in a browser's reach: paste a posting, see what the job is.

    Nothing that is sent is stored or logged. Ctrl-C stops the server after running requests are finished.
    """
    with web_extra():
        from analyzer.web.app import create_app
        from analyzer.web.settings import WebSettings
    given: dict[str, Any] = {"workers": workers, "models": str(models) if models else None}
    if token_file:
        given["token"] = _token(token_file)
    settings = WebSettings.from_env(**given)
    names = (*settings.allowed_hosts, *(allow_host or ()), *([f"[{host}]" if ":" in host else host] if _is_plain_address(host) else []))
    settings = WebSettings.from_env(**given, allowed_hosts=names, cors_origins=(*settings.cors_origins, *(cors_origin or ())))
    if not settings.token and not _is_loopback(host):
        typer.echo("Anyone who reaches this address can use the server: no token is set (--token-file).", err=True)
    configure_log(quiet)
    if not quiet:
        _announce(settings, host, port)
    listen(create_app(settings), host, port, settings.stop_seconds)


@contextlib.contextmanager
def web_extra() -> Iterator[None]:
    """Where the web extra is imported: ends the program with what to install where it is missing."""
    try:
        import uvicorn  # noqa: F401

        yield
    except ModuleNotFoundError as error:
        typer.echo(f"JD-502: the page needs {error.name}; install it with: pip install 'jd-analyzer[web]'", err=True)
        raise typer.Exit(2) from None


def listen(app: Starlette, host: str, port: int, stop_seconds: float) -> None:
    """Serve an application until Ctrl-C, and finish what runs; ends the program where the port cannot be had."""
    import uvicorn

    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=int(stop_seconds) + 1,
        lifespan="on",
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # uvicorn finishes what runs, then raises the signal again: the end is a good one
    try:
        uvicorn.Server(config).run()
    except SystemExit:
        typer.echo(f"JD-503: cannot listen on {host}:{port}; choose another with --port, or stop what uses it.", err=True)
        raise typer.Exit(2) from None


def _token(path: Path) -> str:
    from analyzer.web.settings import SettingError

    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise SettingError(f"{path.name}: the token cannot be read; give a text file whose first line is the token") from None
    if not lines or len(lines[0]) < 8:
        raise SettingError(f"{path.name}: a token has at least 8 characters and stands on the first line")
    return lines[0]


def _announce(settings: WebSettings, host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    typer.echo(
        f"The page: http://{shown}:{port}/   the API: http://{shown}:{port}/docs   ({settings.workers} workers; Ctrl-C stops)", err=True
    )


def configure_log(quiet: bool) -> None:
    """Requests as lines on standard error, without a word of a text; quiet: warnings alone."""
    import logging

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("analyzer.web").setLevel(logging.WARNING if quiet else logging.INFO)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_plain_address(host: str) -> bool:
    """Whether this is an address that can stand in a URL (0.0.0.0 and :: cannot)."""
    try:
        return not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return True
