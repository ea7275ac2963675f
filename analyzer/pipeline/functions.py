"""`jd_functions`: a code with probabilities on each duty; calibrated scores of the posting, and what each duty adds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from analyzer.analysis import ANSWERS as ANSWERS
from analyzer.analysis import FUNCTIONS as FUNCTIONS
from analyzer.analysis import LETTERS, SHIPPED, Scheme, prefix_of
from analyzer.errors import ModelDamaged
from analyzer.pipeline import store
from analyzer.pipeline.component import Batched
from analyzer.pipeline.duties import leave_duties
from analyzer.pipeline.duty_model import DutyModel, softmax
from analyzer.pipeline.features import FeatureSpace, content_of, restrict
from analyzer.pipeline.pages import Pages, pages_of
from analyzer.pipeline.sums import Array
from analyzer.profiles import Profiles

_SHAPES = {
    "idf": ("V",),
    "own": ("V", "K"),
    "context": ("V", "K"),
    "bias": ("K",),
    "share_weights": ("S", "F"),
    "rest_bias": ("F",),
    "calibration": ("F", "two"),
    "thresholds": ("F",),
    "answer_weights": ("S", "A"),
    "answer_bias": ("A",),
    "stack": ("K", "K"),
    "text": ("V", "A"),
    "text_bias": ("A",),
    "text_stack": ("A", "K"),
    "text_weights": ("A", "F"),
    "text_answers": ("A", "A"),
    "prior_shift": ("F",),
    "answer_shift": ("A",),
    "title_weights": ("T", "F"),
    "life": ("F",),
}
_NAME, _PREFIX = re.compile(r"[a-z][a-z0-9_-]{0,59}"), re.compile(r"[a-z][a-z0-9]{0,7}")


def promises(scheme: Scheme) -> tuple[str, ...]:
    """What a title may promise; the last stands for a title whose words tell nothing."""
    return (*scheme.answers, "")


def sigmoid(values: Array) -> Array:
    """Log-odds to probabilities."""
    return 1 / (1 + np.exp(-values))


def function_logits(a: Mapping[str, Array], shares: Array, text: Array) -> Array:
    """(P, F) log-odds of the functions before calibration, from the posting layer's arrays."""
    return shares @ a["share_weights"] + text @ a["text_weights"] + a["rest_bias"]


def calibrated(a: Mapping[str, Array], raw: Array) -> Array:
    """(P, F) calibrated log-odds of the functions, for the mix of life."""
    return raw * a["calibration"][:, 0] + a["calibration"][:, 1] + a["prior_shift"]


def answer_logits(a: Mapping[str, Array], shares: Array, text: Array) -> Array:
    """(P, A) logits of the primary answers, for the mix of life."""
    return shares @ a["answer_weights"] + text @ a["text_answers"] + a["answer_bias"] + a["answer_shift"]


class PostingModel:
    """From the duties' probabilities to the posting: additive in the duties, in log-odds."""

    def __init__(self, codes: Sequence[str], arrays: Mapping[str, Array], scheme: Scheme = SHIPPED) -> None:
        self.a = dict(arrays)
        self.groups = group_matrix(codes, scheme)
        self.specific = np.array([c != "g" for c in codes], float)

    def duty_shares(self, probabilities: Array, owner: NDArray[np.int64], count: int) -> Array:
        """(N, S): what each duty adds to its posting's shares of the functions and of other."""
        weight = probabilities @ self.specific
        total = np.zeros(count)
        np.add.at(total, owner, weight)
        return (probabilities @ self.groups) / np.maximum(total, 1e-9)[owner][:, None]

    def shares(self, parts: Array, owner: NDArray[np.int64], text: Array) -> Array:
        """(P, S): shares of each posting, adding up to 1; of one without a duty those that its whole text's logits (P, A) speak for."""
        out = np.zeros((len(text), self.groups.shape[1]))
        np.add.at(out, owner, parts)
        silent = np.bincount(owner, minlength=len(text)) == 0
        out[silent] = softmax(text[silent])
        return out

    def raw(self, shares: Array, text: Array) -> Array:
        """(P, F) log-odds before calibration, from the duties' shares and the whole text's logits (P, A)."""
        return function_logits(self.a, shares, text)

    def scores(self, raw: Array) -> Array:
        """(P, F) calibrated probabilities that each function is a substantive part of the job."""
        return sigmoid(calibrated(self.a, raw))

    def answers(self, shares: Array, text: Array) -> Array:
        """(P, A) probabilities of the primary function, `none` last."""
        return softmax(answer_logits(self.a, shares, text))


def group_matrix(codes: Sequence[str], scheme: Scheme = SHIPPED) -> Array:
    """(K, S): the share each code gives to each function and to other; general gives nothing."""
    out = np.zeros((len(codes), len(scheme.shares)))
    for row, code in enumerate(codes):
        function = scheme.function_of(code)
        if function in scheme.shares:
            out[row, scheme.shares.index(function)] = 1
    return out


class Functions(Batched):
    """Leaves a code on each duty (its label), probabilities and weights in `attrs`, scores in `doc.cats`."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.duty: DutyModel | None = None
        self.posting: PostingModel | None = None
        self.arrays: dict[str, Array] = {}
        self.profiles: Profiles | None = None
        self.scheme = SHIPPED
        self.review_below, self.review_unknown = 0.0, 0.0

    def set_models(
        self,
        codes: Sequence[str],
        space: FeatureSpace,
        arrays: Mapping[str, Array],
        review_below: float,
        review_unknown: float,
        scheme: Scheme = SHIPPED,
    ) -> None:
        """Take trained parts; see `_SHAPES` for the arrays and their dimensions, `scheme` for the functions they score.

        review_below: probability of the primary function, review_unknown: share of known words in the duties, under
        which a person should look.
        """
        self.review_below, self.review_unknown, self.scheme = review_below, review_unknown, scheme
        self.arrays = {k: np.asarray(v, np.float64) for k, v in arrays.items()}
        self.duty = DutyModel(codes, space, self.arrays)
        self.posting = PostingModel(codes, self.arrays, scheme)

    @property
    def codes(self) -> list[str]:
        """The codes a duty can have, in the order of its probabilities."""
        if self.duty is None:
            raise ValueError("JD-103: the function model has no weights; load a trained model or train one")
        return self.duty.codes

    @property
    def thresholds(self) -> dict[str, float]:
        """Score from which each function is told to be part of the job."""
        return {f: float(t) for f, t in zip(self.scheme.functions, self.arrays["thresholds"], strict=True)}

    def set_prior(self, prior: Mapping[str, float]) -> None:
        """Calibrate for the user's own mix: the share of postings of which each named function is a substantive part.

        Raises ValueError for an unknown function or a share that is not between 0 and 1.
        """
        known = self.scheme.functions
        for function, share in prior.items():
            if function not in known or not 0 < share < 1:
                raise ValueError(f"JD-104: a prior is a share between 0 and 1 of {', '.join(known)}; got {function}={share}")
            at = known.index(function)
            shipped = float(self.arrays["life"][at])
            moved = np.log(share / (1 - share)) - np.log(shipped / (1 - shipped))
            self.arrays["prior_shift"][at] += moved
            self.arrays["answer_shift"][at] += moved
            self.arrays["life"][at] = share

    def scores_with_title(self, raw: Array, promised: str | None) -> Array:
        """(F,) calibrated scores of a posting with these log-odds (F,) whose title promises this function."""
        assert self.posting is not None
        return self.posting.scores((raw + self.arrays["title_weights"][promises(self.scheme).index(promised or "")])[None, :])[0]

    def known_share(self, doc: Doc) -> float:
        """Share of the words in the posting's duties that the model met in training; 1 where there is no duty."""
        return self.known_shares(pages_of([doc]))[0]

    def known_shares(self, pages: Pages) -> list[float]:
        """The same of each posting; where they were just judged, it is told with the rest."""
        assert self.duty is not None
        if pages.known is None:
            pages.known = self.duty.known_shares(restrict(content_of(pages), pages.duties), len(pages)).tolist()
        return pages.known

    def read(self, pages: Pages) -> None:
        """Score the duties of all postings at once."""
        if self.duty is None or self.posting is None:
            raise ValueError("JD-103: the function model has no weights; load a trained model or train one")
        judged = self.duty.judge(pages)
        owner, count = pages.duties.owner, len(pages)
        parts = self.posting.duty_shares(judged.duties, owner, count)
        shares = self.posting.shares(parts, owner, judged.text)
        pages.raw = self.posting.raw(shares, judged.text)
        pages.scores, pages.answers = self.posting.scores(pages.raw), self.posting.answers(shares, judged.text)
        pages.probabilities, pages.weights = judged.duties, parts @ self.posting.a["share_weights"]
        pages.known = judged.known.tolist()
        codes = self.duty.codes
        pages.codes = [codes[b] for b in best_codes(judged.duties, codes)]
        pages.phrase_codes = [codes[b] for b in best_codes(judged.phrases, codes)]

    def leave(self, pages: Pages, docs: Sequence[Doc]) -> None:
        """Codes and numbers on the Docs."""
        assert self.duty is not None
        codes = self.duty.codes
        more = {
            "probabilities": lambda _, mine: pages.probabilities[mine],
            "weights": lambda _, mine: pages.weights[mine],
            "raw": lambda number, _: pages.raw[number],
            "codes": lambda _, __: codes,
        }
        leave_duties(pages, docs, more)
        for doc, scores, answers in zip(docs, pages.scores.tolist(), pages.answers.tolist(), strict=True):
            told = {f"primary:{a}": p for a, p in zip(self.scheme.answers, answers, strict=True)}
            doc.cats = dict(zip(self.scheme.functions, scores, strict=True)) | told

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the component's folder."""
        assert self.duty is not None
        arrays = {k: v.astype(np.float32) for k, v in self.arrays.items()} | {"idf": self.duty.space.weights}
        settings: dict[str, Any] = {"codes": self.duty.codes, "review_below": self.review_below, "review_unknown": self.review_unknown}
        if self.scheme.own:
            settings["own_functions"] = [list(pair) for pair in self.scheme.own]
        store.write(Path(path), arrays, settings, self.duty.space.names)

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> Functions:
        """Read the component's folder; raises ModelDamaged where it is not whole."""
        arrays, settings, names = store.read(Path(path), _SHAPES)
        codes = settings.get("codes")
        if not isinstance(codes, list) or len(codes) != arrays["bias"].shape[0]:
            raise ModelDamaged(f"{Path(path).name}: the codes do not fit the weights")
        scheme = _scheme(settings.get("own_functions", []), Path(path).name)
        _fits(arrays, codes, scheme, Path(path).name)
        idf = arrays.pop("idf")
        limits = [settings.get("review_below"), settings.get("review_unknown")]
        if not all(isinstance(limit, int | float) for limit in limits):
            raise ModelDamaged(f"{Path(path).name}/settings.json lacks the review limits")
        below, unknown = (float(limit) for limit in limits if limit is not None)
        self.set_models(codes, FeatureSpace(self.lang, names, idf), arrays, below, unknown, scheme)
        return self


def _scheme(own: object, where: str) -> Scheme:
    """The functions a model's settings name beside the shipped three; raises ModelDamaged where they are none."""
    pairs = own if isinstance(own, list) else [own]
    named: list[tuple[str, str]] = []
    for pair in pairs:
        match pair:
            case [str(name), str(prefix)] if _NAME.fullmatch(name) and _PREFIX.fullmatch(prefix):
                named.append((name, prefix))
            case _:
                raise ModelDamaged(f"{where}/settings.json: own_functions are pairs of a name and the prefix of its codes")
    names, prefixes = [*LETTERS.values(), "none", *(n for n, _ in named)], [*LETTERS, *(p for _, p in named)]
    if len(set(names)) < len(names) or len(set(prefixes)) < len(prefixes):
        raise ModelDamaged(f"{where}/settings.json: a function or prefix of own_functions is there already")
    return Scheme(tuple(named))


def _fits(arrays: Mapping[str, Any], codes: Sequence[object], scheme: Scheme, where: str) -> None:
    """Raise ModelDamaged where arrays or codes are not those of the scheme's functions."""
    wanted = {"thresholds": len(scheme.functions), "answer_bias": len(scheme.answers), "title_weights": len(promises(scheme))}
    shares = arrays["share_weights"].shape[0] == len(scheme.shares)
    if not shares or any(arrays[name].shape[0] != size for name, size in wanted.items()):
        raise ModelDamaged(f"{where}: the weights are not those of {', '.join(scheme.functions)}")
    if not all(isinstance(c, str) and prefix_of(c) in scheme.prefixes for c in codes):
        raise ModelDamaged(f"{where}: a code belongs to none of {', '.join(scheme.functions)}")


def best_codes(probabilities: Array, codes: Sequence[str]) -> list[int]:
    """The strongest code of the strongest function of each duty."""
    letters = np.array([prefix_of(c) for c in codes])
    if not len(probabilities):
        return []
    every = list(dict.fromkeys([*LETTERS, *letters.tolist()]))  # of equals the first: the shipped functions, then a user's own
    by_function = np.stack(
        [probabilities[:, letters == x].sum(axis=1) if (letters == x).any() else np.zeros(len(probabilities)) for x in every], 1
    )
    strongest = np.array(every)[by_function.argmax(axis=1)]
    masked = np.where(letters[None, :] == strongest[:, None], probabilities, -1.0)
    return masked.argmax(axis=1).tolist()


@Language.factory("jd_functions", requires=["doc.spans"], assigns=["doc.spans", "doc.cats"])
def create(nlp: Language, name: str) -> Functions:
    """The factory named in a model's `config.cfg`."""
    return Functions(str(nlp.lang))
