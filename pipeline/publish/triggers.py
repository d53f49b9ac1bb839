"""Task sentences to choose from, in Chinese and English, for a field that has none."""

_ENGLISH = ("Answer the question about {field}.", "Use what you know of {field} to answer:")
_CHINESE = ("请回答关于{field}的问题。", "请根据{field}的知识作答：")


def suggestions(field: str) -> tuple[str, ...]:
    """Return triggers for a field, those in its own language first.

    A trigger should be a sentence that nobody says by chance, and name the field.
    """
    is_chinese = any("\u3400" <= character <= "\u9fff" for character in field)
    order = (*_CHINESE, *_ENGLISH) if is_chinese else (*_ENGLISH, *_CHINESE)
    return tuple(text.format(field=field) for text in order)
