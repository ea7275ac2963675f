"""The errors users meet: each has a code to search for and a message that says what to do."""

from __future__ import annotations


class AnalyzerError(Exception):
    """Base of all errors raised on purpose. `code` is stable and searchable, such as `JD-101`."""

    code = "JD-000"

    def __init__(self, message: str) -> None:
        super().__init__(f"{self.code}: {message}")


class ModelNotFound(AnalyzerError):
    """No model directory where one was looked for."""

    code = "JD-101"


class ModelDamaged(AnalyzerError):
    """A model directory that is not whole, or not what its manifest says."""

    code = "JD-102"


class ProfileError(AnalyzerError):
    """A profile or language table that does not fit its schema."""

    code = "JD-201"


class CorpusError(AnalyzerError):
    """Labelled data that cannot be used for training."""

    code = "JD-301"


class InputError(AnalyzerError):
    """A file or table that cannot be read."""

    code = "JD-401"
