"""What Streamlit's widgets write by themselves is said in the reader's language."""


def test_choosing_a_file_is_said_in_the_readers_language(open_app, language: str):
    page = open_app(language)
    styles = [each.proto.body for each in page.get("html") if "<style>" in each.proto.body]
    assert [("选择文件" in style) for style in styles] == {"en": [], "zh": [True]}[language]
