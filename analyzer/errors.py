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


class DocumentError(InputError):
    """A document (text, HTML, DOCX, PDF) whose text cannot be had."""

    code = "JD-410"


class DocumentTooLarge(DocumentError):
    """A document over one of the named limits of `settings.Limits`."""

    code = "JD-411"


class DocumentUnsupported(DocumentError):
    """A file of a kind that holds no posting this program can read."""

    code = "JD-412"


class DocumentDamaged(DocumentError):
    """A document that is broken, or locked by a password."""

    code = "JD-413"


class DocumentWithoutText(DocumentError):
    """A sound document that holds pictures only, such as scanned pages."""

    code = "JD-414"


class ColumnError(InputError):
    """No column of a table is plainly the postings' text, or one that was named is not there."""

    code = "JD-501"


class TableError(InputError):
    """A table that cannot be read: what, where (row, byte), and what to do."""

    code = "JD-502"


class ResumeError(AnalyzerError):
    """An unfinished run lies there that another input, model or set of options was scored with."""

    code = "JD-503"


class OutputError(AnalyzerError):
    """The output cannot be written: disk full, no permission, in use by another run."""

    code = "JD-504"


class OutputRefused(OutputError):
    """The outputs named cannot be written as they are named; nothing was scored."""

    code = "JD-507"


class WorkerError(AnalyzerError):
    """A worker process ended before its work was done."""

    code = "JD-505"


class SparkError(AnalyzerError):
    """Spark, Java or the model on the executors is missing."""

    code = "JD-506"
