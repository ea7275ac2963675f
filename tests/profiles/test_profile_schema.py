"""Users' files: what they may add and rename, and what is said where they do not fit."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from analyzer.errors import ProfileError
from analyzer.profiles import Profiles, covered_steps, load_profiles, term_matcher, title_function


def load(folder: Path, text: str, name: str = "mine.toml") -> Profiles:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load_profiles(path)


PODCAST = """
[subfunctions."m.podcast"]
name = { en = "Podcasts", es = "Pódcast", zh = "播客" }
terms = { zh = ["播客节目"], es = ["Producción de pódcast"] }
"""
SUSTAINABILITY = """
[subfunctions."s.report"]
name = { es = "Memoria" }
terms.es = ["memoria de sostenibilidad"]

[functions.sustainability]
prefix = "s"
name = { es = "Sostenibilidad", en = "Sustainability" }
terms.es = ["huella de carbono"]

[titles.sustainability]
function = "sustainability"
es = ["sostenibilidad"]
"""


def test_add_a_sub_function(tmp_path: Path) -> None:
    profiles = load(tmp_path, PODCAST)
    held = profiles.subfunctions["m.podcast"]
    assert (held.function, held.source, held.where) == ("marketing", "user", "mine.toml")
    assert profiles.function_of("m.podcast") == "marketing"
    assert profiles.codes_of("marketing")[-1] == "m.podcast"
    found = term_matcher("es", profiles).find("edicion y produccion de podcasts")
    assert [(match.key, match.term) for match in found] == [("m.podcast", "produccion de podcast")]
    assert term_matcher("es").find("produccion de podcast") != found, "the packaged profiles stay as they are"


def test_add_a_function_whatever_the_order_of_tables(tmp_path: Path) -> None:
    profiles = load(tmp_path, SUSTAINABILITY)
    assert list(profiles.functions) == ["marketing", "operations", "brand", "sustainability"]
    assert profiles.function_of("s.report") == profiles.function_of("s") == "sustainability"
    assert profiles.name("s.report", "zh") == "Memoria"
    assert title_function("responsable de sostenibilidad", "es", profiles) == "sustainability"
    assert title_function("responsable de sostenibilidad", "es") is None
    assert {m.key for m in term_matcher("es", profiles).find("medir la huella de carbono")} == {"sustainability"}


def test_says_what_needs_retraining(tmp_path: Path) -> None:
    profiles = load(tmp_path, PODCAST + SUSTAINABILITY + '[functions.marketing]\nname.zh = "市场"')
    assert profiles.unscored() == ("sustainability", "m.podcast", "s.report")
    notes = profiles.notes(known=["m.podcast"])
    assert len(notes) == 2
    assert all("retrained" in note and "in use now" in note for note in notes)
    assert load_profiles().notes() == []


def test_rename_keeps_the_rest(tmp_path: Path) -> None:
    profiles = load(tmp_path, '[functions.marketing]\nname = { zh = "市场" }\n[subfunctions."m.pr"]\nname.es = "RR. PP."')
    assert profiles.name("marketing", "zh") == "市场"
    assert profiles.name("marketing", "es") == "Marketing"
    assert profiles.name("m.pr", "es") == "RR. PP."
    before = load_profiles().subfunctions["m.pr"]
    after = profiles.subfunctions["m.pr"]
    assert (after.terms, after.description, after.source) == (before.terms, before.description, before.source)
    assert profiles.hash() != load_profiles().hash()


def test_terms_are_added_in_normal_form_and_exceptions_drop(tmp_path: Path) -> None:
    profiles = load(tmp_path, '[subfunctions."m.search"]\nterms = { es = ["Campaña  en BING"], zh = ["ＧＥＯ优化"] }\nexcept.es = ["SEO"]')
    held = profiles.subfunctions["m.search"].terms
    assert held.es[-1] == "campana en bing" and held.zh[-1] == "geo优化"
    assert held.es[:-1] == load_profiles().subfunctions["m.search"].terms.es
    assert "m.search" not in {match.key for match in term_matcher("es", profiles).find("gestionar el seo")}


def test_add_and_change_steps(tmp_path: Path) -> None:
    profiles = load(tmp_path, '[steps.10]\nname.en = "Measure"\ncues.es = ["medición de marca"]\n[steps.4]\ncues.zh = ["粉圈"]')
    assert list(profiles.steps) == list(range(1, 11))
    assert list(covered_steps("medicion de marca anual", "es", profiles)) == [10]
    assert list(covered_steps("打入粉圈", "zh", profiles)) == [4]


def test_title_words_move_to_the_later_file(tmp_path: Path) -> None:
    assert title_function("community manager", "es") == "operations"
    profiles = load(tmp_path, '[titles.own]\nfunction = "marketing"\nen = ["community manager"]')
    assert title_function("community manager", "es", profiles) == "marketing"
    turned = load(tmp_path, '[titles.newmedia]\nfunction = "operations"')
    assert title_function("responsable de redes sociales", "es", turned) == "operations"


def test_later_files_lie_over_earlier(tmp_path: Path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text(PODCAST, encoding="utf-8")
    second.write_text('\ufeff[subfunctions."m.podcast"]\nname.es = "Audio"', encoding="utf-8")
    profiles = load_profiles(first, second)
    assert profiles.name("m.podcast", "es") == "Audio"
    assert profiles.subfunctions["m.podcast"].terms.zh == ("播客节目",)
    assert profiles.unscored() == ("m.podcast",)


def test_profiles_travel_to_other_processes(tmp_path: Path) -> None:
    profiles = load(tmp_path, PODCAST)
    assert pickle.loads(pickle.dumps(profiles)).hash() == profiles.hash()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[subfunctions."m.pr"]\nnmae.es = "x"', ['[subfunctions."m.pr"]', "`nmae`", "unknown key", "did you mean name?"]),
        ('[subfunctions."m.new"]\nterms.es = ["algo"]', ['[subfunctions."m.new"]', "`name`", "missing"]),
        ('[subfunctions."m.new"]\nname = {}', ["`name`", "one language"]),
        ('[subfunctions."M.New"]\nname.en = "x"', ['[subfunctions."M.New"]', "wrong code form"]),
        ('[subfunctions.podcast]\nname.en = "x"', ["[subfunctions.podcast]", "wrong code form"]),
        ('[subfunctions.m]\nname.en = "x"', ["[subfunctions.m]", "wrong code form"]),
        ('[subfunctions."z.new"]\nname.en = "x"', ['[subfunctions."z.new"]', "no function has the prefix 'z'"]),
        ('[subfunctions."m.new"]\nname.en = "Public relations"', ["`name.en`", "duplicate", "m.pr"]),
        ('[subfunctions."m.new"]\nname.fr = "x"', ["`name.fr`", "unknown language"]),
        ('[subfunctions."m.new"]\nname = "x"', ["`name`", "table of languages"]),
        ('[subfunctions."m.new"]\nname.en = 3', ["`name.en`", "a number"]),
        ('[subfunctions."m.new"]\nname.en = " "', ["`name.en`", "an empty text"]),
        ('[subfunctions."m.pr"]\nterms.es = "x"', ["`terms.es`", "list of texts"]),
        ('[subfunctions."m.pr"]\nterms.es = ["x1", 2]', ["`terms.es`", "list of texts"]),
        ('[subfunctions."m.pr"]\nterms.fr = ["x1"]', ["`terms.fr`", "unknown language"]),
        ('[subfunctions."m.pr"]\nterms = ["x1"]', ["`terms`", "table of lists"]),
        ('[subfunctions."m.pr"]\nterms.es = ["Ágil", "agil"]', ["`terms.es`", "duplicate term 'agil'"]),
        ('[subfunctions."m.pr"]\nterms.zh = ["公"]', ["`terms.zh`", "too short"]),
        ('[subfunctions."m.pr"]\nsource = "web"', ["`source`", "'web'", "both"]),
        ('[functions.green]\nname.en = "x"', ["[functions.green]", "`prefix`", "missing"]),
        ('[functions.green]\nprefix = "m"\nname.en = "x"', ["`prefix`", "duplicate 'm'", "marketing"]),
        ('[functions.green]\nprefix = "n"\nname.en = "x"', ["`prefix`", "duplicate 'n'", "other"]),
        ('[functions.green]\nprefix = "M-1"\nname.en = "x"', ["`prefix`", "wrong form"]),
        ('[functions.marketing]\nprefix = "k"', ["`prefix`", "cannot change"]),
        ('[functions.Green]\nprefix = "k"\nname.en = "x"', ["Green", "wrong form"]),
        ('[functions.other]\nname.en = "x"', ["[functions.other]", "[families]"]),
        ('[families.legal]\nname.en = "x"', ["[families.legal]", "no family"]),
        ('[titles.x]\nfunction = "sales"\nes = ["algo"]', ["`function`", "'sales'", "none"]),
        ('[titles.x]\nes = ["algo"]', ["`function`", "missing"]),
        ('[titles.x]\nfunction = "none"\nes = ["algo"]\n[titles.y]\nfunction = "none"\nes = ["algo"]', ["titles.y", "'algo'", "titles.x"]),
        ('[titles.x]\nfunction = "none"\nes = ["algo"]\nen = ["algo"]', ["[titles.x]", "`es`", "'algo'"]),
        ('[synonyms.x]\nfunctions = ["sale"]\nzh = ["甲部"]', ["`functions`", "'sale'"]),
        ('[overlaps.x]\ncodes = ["m.nope"]\nwhat.en = "x"', ["`codes`", "'m.nope'"]),
        ('[goals.x]\nfunction = "marketin"\nname.en = "x"', ["`function`", "did you mean marketing?"]),
        ('[steps.0]\nname.en = "x"', ["[steps.0]", "1 to 99"]),
        ('[steps.ten]\nname.en = "x"', ["[steps.ten]", "1 to 99"]),
        ('[step.10]\nname.en = "x"', ["[step]", "did you mean steps?"]),
        ('steps = "x"', ["[steps]", "tables"]),
        ('[steps]\n10 = "x"', ["[steps.10]", "table of keys"]),
        ('[functions.marketing]\n[functions.marketing]', ["not valid TOML", "once only"]),
        ('name = ', ["not valid TOML"]),
    ],
)  # fmt: skip
def test_faults_name_file_entry_key_and_remedy(tmp_path: Path, text: str, said: list[str]) -> None:
    with pytest.raises(ProfileError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith("JD-201: mine.toml")
    for part in said:
        assert part in message, message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no such file"):
        load_profiles(tmp_path / "absent.toml")
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profiles(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes('[steps.10]\nname.es = "Medición"'.encode("latin-1"))
    with pytest.raises(ProfileError, match=r"latin\.toml: not UTF-8"):
        load_profiles(path)


def test_unknown_code_is_told() -> None:
    with pytest.raises(ProfileError, match=r"no profile holds the code 'm\.podcast'"):
        load_profiles().function_of("m.podcast")


@pytest.mark.parametrize("prefix", ["m", "o", "b", "n", "g"])
def test_the_shipped_letters_stay_reserved(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "own.toml").write_text(f'[functions.growth]\nprefix = "{prefix}"\nname = {{ en = "Growth" }}\n', encoding="utf-8")
    with pytest.raises(ProfileError, match=rf"\[functions.growth\], key `prefix`: duplicate '{prefix}', which \w+ has; choose another"):
        load_profiles(tmp_path / "own.toml")


@pytest.mark.parametrize("name", ["status", "review", "duty_1", "mix_growth", "title_function"])
def test_a_function_cannot_be_named_like_a_column(tmp_path: Path, name: str) -> None:
    (tmp_path / "own.toml").write_text(f'[functions.{name}]\nprefix = "w"\nname = {{ en = "Growth" }}\n', encoding="utf-8")
    with pytest.raises(ProfileError, match=f"the name is taken: tables have a column jd_{name}"):
        load_profiles(tmp_path / "own.toml")


def test_the_worked_example_of_the_docs_is_sound(tmp_path: Path) -> None:
    docs = (Path(__file__).resolve().parents[2] / "docs" / "own-profiles.md").read_text(encoding="utf-8")
    (tmp_path / "growth.toml").write_text(docs.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    profiles = load_profiles(tmp_path / "growth.toml")
    assert profiles.codes_of("growth") == ("w.loops", "w.experiments") and profiles.function_of("w.loops") == "growth"
    assert profiles.name("brand", "en") == "House of brands"
