"""What a user could write in an afternoon, judged beside the model."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analyzer.analysis import ANSWERS, FUNCTIONS
from analyzer.profiles import load_profiles, term_matcher, title_function
from analyzer.text.view import folded, view
from analyzer.training.figures import Counts, count_answers

Postings = Sequence[Mapping[str, Any]]


def majority(postings: Postings) -> Counts:
    """The commonest answer of the test data itself, always."""
    answer = collections.Counter(p["primary"] for p in postings).most_common(1)[0][0]
    return count_answers(postings, [answer] * len(postings), [[answer] if answer != "none" else []] * len(postings))


def title_words(postings: Postings) -> Counts:
    """The function that the title's words promise, `none` where they promise nothing."""
    told = [title_function(folded(view(p.get("title") or "").text, p["language"]), p["language"]) or "none" for p in postings]
    answers = [a if a in ANSWERS else "none" for a in told]
    return count_answers(postings, answers, [[a] if a != "none" else [] for a in answers])


def keyword_counts(postings: Postings) -> Counts:
    """The function most of whose words stand in the text; every one that holds a quarter of them is part of the job."""
    profiles = load_profiles()
    answers, functions = [], []
    for posting in postings:
        lang = posting["language"]
        matches = term_matcher(lang).find(folded(view(posting["text"]).text, lang))
        counts = collections.Counter(profiles.function_of(m.key) for m in matches)
        counts.pop("general", None)
        total = sum(counts.values())
        best = max(counts, key=lambda f: (counts[f], f)) if total else "none"
        answers.append(best if best in FUNCTIONS else "none")
        functions.append([f for f in FUNCTIONS if total and counts[f] >= 0.25 * total])
    return count_answers(postings, answers, functions)


def tfidf(train: Postings, postings: Postings) -> Counts:
    """TF-IDF of the whole text (character pairs and triples in Chinese, words and pairs in Spanish) with logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    answers = ["none"] * len(postings)
    functions: list[list[str]] = [[] for _ in postings]
    for lang in sorted({p["language"] for p in postings}):
        mine = [n for n, p in enumerate(postings) if p["language"] == lang]
        learn = [p for p in train if p["language"] == lang]
        if len({p["primary"] for p in learn}) < 2:
            continue
        grams: dict[str, Any] = (
            {"analyzer": "char", "ngram_range": (2, 3)} if lang == "zh" else {"ngram_range": (1, 2), "strip_accents": "unicode"}
        )
        space = TfidfVectorizer(min_df=2, sublinear_tf=True, max_features=50_000, **grams)
        with threadpool_limits(1):
            rows = space.fit_transform([folded(p["text"], lang) for p in learn])
            held = space.transform([folded(postings[n]["text"], lang) for n in mine])
            told = LogisticRegression(C=10, max_iter=200).fit(rows, [p["primary"] for p in learn]).predict(held)
            for f in dict.fromkeys([*FUNCTIONS, *(f for p in learn for f in p["functions"])]):
                truth = np.array([f in p["functions"] for p in learn])
                if truth.any() and not truth.all():
                    for n, yes in zip(mine, LogisticRegression(C=10, max_iter=200).fit(rows, truth).predict(held), strict=True):
                        functions[n] += [f] if yes else []
        for n, answer in zip(mine, told, strict=True):
            answers[n] = str(answer)
    return count_answers(postings, answers, functions)


def baselines(postings: Postings, train: Postings = ()) -> dict[str, Counts]:
    """All baselines by name; the one that learns only where training data are given."""
    out = {"majority": majority(postings), "title words": title_words(postings), "keyword counts": keyword_counts(postings)}
    return out | ({"TF-IDF + logistic regression": tfidf(train, postings)} if train else {})
