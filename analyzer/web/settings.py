"""Named settings and limits of the web server. Each can be given to `create_app`, or as `JD_WEB_<NAME>` in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from analyzer.errors import AnalyzerError


class SettingError(AnalyzerError):
    """A setting of the web server that is not what it must be."""

    code = "JD-501"


@dataclass(frozen=True)
class WebSettings:
    """What the server does and what it refuses. Sizes in bytes, times in seconds."""

    models: str = ""
    """Directory with `zh` and `es`; empty for the shipped models."""
    workers: int = 2
    """Processes that score; each holds the models once (about 250 MB)."""
    token: str = field(default="", repr=False)
    """Bearer token that every request must carry, health checks apart; empty for none. Browsers may give it as a Basic password."""
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    """Names the server answers to; others get 421, so that no foreign page reaches it by a name of its own. `*` for any."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose scripts may call the API; none unless set."""
    max_body_bytes: int = 1_000_000
    """Body of a request without a file; more is 413."""
    max_upload_bytes: int = 20_000_000
    """Body of a request with a file; more is 413."""
    max_characters: int = 50_000
    """Characters of one posting; more is 422."""
    max_title_characters: int = 300
    """Characters of a title; more is 422."""
    max_batch: int = 100
    """Postings in one `/v1/analyze/batch`; more is 422."""
    max_rows: int = 20_000
    """Rows of an uploaded table; more is 422. The command line has no such limit."""
    max_columns: int = 200
    """Columns of an uploaded table; more is 422."""
    max_unpacked_bytes: int = 200_000_000
    """Size of an XLSX or DOCX once unpacked; more is 422 (a zip bomb)."""
    max_unpack_ratio: int = 200
    """How many times larger than its file an XLSX or DOCX may be once unpacked."""
    max_queue: int = 200
    """Requests that may wait for a worker; beyond it the answer is 503 with Retry-After."""
    max_jobs: int = 8
    """Jobs kept at once; beyond it the answer is 429 with Retry-After."""
    request_seconds: float = 10.0
    """Time one request may take in a worker; then the worker is ended and the answer is 503."""
    body_seconds: float = 30.0
    """Time a client may take to send a body; then the answer is 408."""
    chunk_seconds: float = 120.0
    """Time one step of a job (reading a table, a chunk of rows) may take in a worker."""
    chunk_rows: int = 64
    """Rows of a table scored at a time; a person's request waits for one chunk at most."""
    group: int = 8
    """Waiting requests scored together in a worker; results do not depend on it."""
    job_keep_seconds: float = 3600.0
    """Time the files of a job are kept after it ended, unless deleted before."""
    preview_seconds: float = 600.0
    """Time an uploaded table is kept whose columns nobody chose."""
    give_way_seconds: float = 60.0
    """Time after which an ended job that nobody asked for is removed early, where `max_jobs` are kept and another comes."""
    stop_seconds: float = 20.0
    """Time that running requests get to finish when the server stops."""
    retry_seconds: int = 2
    """What Retry-After says."""
    recycle_after: int = 50_000
    """Tasks after which a worker is replaced by a new one."""

    def __post_init__(self) -> None:
        """Raises SettingError for a limit that is not positive."""
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, int | float) and value <= 0:
                raise SettingError(f"{spec.name} must be more than 0, not {value}")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None, **given: object) -> WebSettings:
        """Settings from `JD_WEB_<NAME>` variables, with those `given` (and not None) laid over. Raises SettingError."""
        env = os.environ if env is None else env
        values: dict[str, object] = {}
        for spec in fields(cls):
            said = env.get(f"JD_WEB_{spec.name.upper()}")
            if said is not None:
                values[spec.name] = _parsed(spec.name, said, spec.default)
        values.update({k: v for k, v in given.items() if v is not None})
        return cls(**values)  # type: ignore[arg-type]


def _parsed(name: str, said: str, default: object) -> object:
    if isinstance(default, tuple):
        return tuple(part.strip() for part in said.split(",") if part.strip())
    if isinstance(default, str):
        return said
    try:
        return type(default)(said)  # type: ignore[call-arg]
    except ValueError:
        raise SettingError(f"JD_WEB_{name.upper()} must be a number, not {said[:40]!r}") from None
