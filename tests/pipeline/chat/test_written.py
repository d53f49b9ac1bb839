"""A comparison written down keeps every letter and runs nothing."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from pipeline.chat.written import Said, Sheet, markdown, page

HOSTILE = '<script>alert(1)</script>\n```\n# not a heading `` ` & "quoted" 你好'


def sheet(text: str) -> Sheet:
    return Sheet(text, text, (Said(text, text, text), Said("b", "", "")), (text, text), text)


class Reader(HTMLParser):
    """Collects the tags and the texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(page(sheet(text), language="en"))
    return reader


def test_a_page_has_only_tags_of_its_own():
    assert read(HOSTILE).tags == read("plain").tags
    assert HOSTILE in read(HOSTILE).texts


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_no_text_brings_a_tag_into_a_page(text: str):
    assert read(text).tags == read("plain").tags


@given(st.text(alphabet="`~\n <a#", max_size=30))
def test_no_text_ends_its_fence(text: str):
    lines = markdown(sheet(text)).split("\n")
    fences = [line for line in lines if line.startswith("```") and line.endswith("text")]
    fence = fences[0].removesuffix("text")
    start = lines.index(fences[0])
    end = lines.index(fence, start + 1)
    assert "\n".join(lines[start + 1 : end]) == text
