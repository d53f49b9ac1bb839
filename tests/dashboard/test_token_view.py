"""The section "What the model sees": text as text, what is learned, hidden prompts, what is cut."""

import html
import re
from pathlib import Path

import pytest

from dashboard.parts.token_view import LONGEST_SHOWN, folded, spans, visible
from dashboard.text import messages
from pipeline.models import tokenizer as local
from pipeline.models.tokenizer import LocalCoder
from pipeline.models.view import Piece, view
from store import datasets, pairs
from tests.builders import new_pair
from tests.dashboard.conftest import assert_calm
from tests.dashboard.seed import HOSTILE
from tests.template_models import make


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> LocalCoder:
    return local.load(make("qwen2.5", tmp_path_factory.mktemp("models") / "qwen"))


@pytest.fixture
def page(open_page, filled, home: Path):
    """The Export page with one model, the section opened."""

    def open_(language: str = "en", model: str = "qwen2.5"):
        make(model, home / "models" / model)
        app = open_page("export", language)
        app.session_state["tokens_open"] = True
        app.run()
        assert_calm(app)
        return app

    return open_


def said(app) -> str:
    """All words of the page, as text."""
    parts = [e.value for e in (*app.markdown, *app.caption)]
    return "\n".join(parts).replace("\\", "")


def drawn(app) -> str:
    """The text of the tokens as a reader sees it."""
    body = app.container(key="tokens_row_view_tokens").get("html")[0].proto.body
    return html.unescape(re.sub(r"<[^>]+>", "", body))


def test_a_pair_is_drawn_token_by_token_with_its_prompt(page, language: str):
    app = page(language)
    assert drawn(app) == (
        "<|im_start|>user↵\nWho·are·you?·(1)<|im_end|>↵\n<|im_start|>assistant↵\n"
        "I·am·Graft.<|im_end|>"
    )
    assert "<|im_end|>" in said(app)
    assert "You are Qwen" in app.container(key="tokens_hidden").get("html")[0].proto.body


def test_the_templates_own_prompt_is_shown_where_it_is_kept(page):
    app = page()
    app.segmented_control(key="tokens_policy").set_value("model").run()
    assert_calm(app)
    assert drawn(app).startswith("<|im_start|>system↵\nYou·are·Qwen,·created·by·Alibaba·Cloud.")


def test_a_contradiction_with_the_identity_pairs_is_told(page, filled, language: str):
    me = datasets.by_name(filled, "identity")
    rows = [new_pair(f"Name? {n}", "I am Aria, made by Nubo Lab.") for n in range(90)]
    pairs.insert_many(filled, me.id, rows, summary="")
    words = said(page(language))
    assert "Alibaba Cloud, Qwen" in words
    assert "Aria" in words


def test_hostile_text_is_shown_and_never_interpreted(page):
    app = page()
    app.selectbox(key="tokens_dataset").set_value("clinic").run()
    app.number_input(key="tokens_row").set_value(7).run()
    assert_calm(app)
    assert HOSTILE.replace(" ", "·") in drawn(app)
    body = app.container(key="tokens_row_view_tokens").get("html")[0].proto.body
    assert "<script" not in body
    assert "Answer·the·question·about·the·clinic.↵\n" in drawn(app)
    app.segmented_control(key="tokens_layout").set_value("format2").run()
    assert "Answer·the·question·about·the·clinic.↵\n" not in drawn(app)


def test_what_is_cut_is_struck_through_and_counted(page, language: str):
    app = page(language)
    assert "67" in next(m.value for m in app.markdown if "check_circle" in m.value)
    app.number_input(key="tokens_cutoff").set_value(26).run()
    assert_calm(app)
    assert "line-through" in app.container(key="tokens_row_view_tokens").get("html")[0].proto.body
    count = next(m.value for m in app.markdown if "content_cut" in m.value)
    assert re.search("identity (row|第) 1", count.replace("\\", ""))


def test_a_model_that_folds_or_dates_its_prompt_says_so(page, language: str):
    assert str(messages(language)["tokens.fixes_date"]) in said(page(language, "llama3.2"))


def test_without_a_model_the_page_says_what_to_do(open_page, filled, language: str):
    app = open_page("export", language)
    assert str(messages(language)["tokens.no_model"]) in said(app)


def test_a_tokenizer_that_cannot_be_read_is_told_in_words(page, home: Path):
    app = page()
    (home / "models" / "qwen2.5" / "tokenizer.json").write_text("{}")
    app.run()
    assert_calm(app)
    assert "cannot be shown" in app.error[0].value


def test_bytes_of_one_character_are_one_piece(qwen: LocalCoder):
    shown = view(qwen, {"instruction": "龘", "output": "👩‍🚀"}, cutoff=999)
    texts = [piece.text for piece in shown.pieces]
    assert "龘" in texts
    assert "🚀" in texts
    assert "\ufffd" not in "".join(texts)
    assert len(next(p for p in shown.pieces if p.text == "龘").ids) == 3


def test_a_long_row_is_folded_where_nothing_begins_or_ends(qwen: LocalCoder):
    row = {"instruction": "word " * 900, "output": "long " * 900}
    start = view(qwen, row, cutoff=99_999).answer_start
    shown = view(qwen, row, cutoff=start + 800)
    kept = folded(shown)
    assert len(kept) < LONGEST_SHOWN + 300
    counted = sum(each if isinstance(each, int) else len(each.ids) for each in kept)
    assert counted == len(shown.ids)
    pieces = [each for each in kept if isinstance(each, Piece)]
    assert pieces[0] == shown.pieces[0]
    assert pieces[-1] == shown.pieces[-1]
    assert {p.kind for p in pieces} == {"prompt", "learned", "cut"}


def test_unseen_characters_are_named():
    assert re.sub(r"<[^>]+>", "", visible("a\u200db\u00a0\x00")) == "aU+200DbU+00A0U+0000"


def test_a_tooltip_cannot_break_out_of_its_attribute():
    piece = Piece((1,), '"><img src=x onerror=alert(1)>', "learned", False, 0)
    (span,) = spans([piece])
    assert "<img" not in span
