"""What single words do to a meaning: numbers in letters, negations, units, dates, opposites, names.

The lists are short and stand here, in both languages; Chinese names come from jieba's dictionary.
They become tables of hashes, so that compiled code can look words up.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import jieba
import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from pipeline.curate.near.reading import hash_codes

(
    FUNCTION, NEGATION, UNIT, DATE, PLAIN, NUMERAL, ARTICLE, PRONOUN,
    NUMBER, CAPITAL, DIGITS, CHARACTER,
) = (1 << n for n in range(12))  # fmt: skip
"""What a word is. Of the lists: FUNCTION says little, PLAIN holds a character that negates
elsewhere but not in this word, NUMERAL is a number in letters, ARTICLE one that is often none
(one, 一), PRONOUN a person in Chinese (他 and 她 sound the same). Of its form: NUMBER in digits,
CAPITAL where no sentence starts, DIGITS among its letters, CHARACTER a single ideograph."""
LONGEST_NAME = 5

_NEGATIONS = (
    "not no never none without cannot nor neither t isn don doesn won didn aren wasn weren "
    "shouldn couldn unable false 不 没 非 无 未 勿 别 莫 否 禁"
)
_PLAIN = (
    "差不多 不过 不仅 不但 不同 不断 不久 不少 不管 不论 不错 不止 不得不 非常 无论 无疑 特别 "
    "区别 分别 别人 级别 类别 性别 个别 识别 未来 未必 没错 除非 并非 莫非 是否 能否 可否 无数 无线"
)
_FUNCTIONS = (
    "a an the is are was were be been am do does did has have had s please of in at to it its "
    "that which there so and just for on by with as from this these also very really thanks "
    "thank hello hi hey kindly actually exactly now "
    "的 了 吗 呢 吧 啊 呀 嘛 请 问 么 就 都 也 还 这 那 个 之 其 您 一 下 是 在 里 和 与 及"
)
_UNITS = (
    "mg g kg ug µg μg mcg t lb lbs oz ml l cl dl gal mm cm m km nm in ft yd mi inch inches foot "
    "feet mile miles yard yards gram grams milligram milligrams kilogram kilograms microgram "
    "micrograms litre litres liter liters millilitre millilitres milliliter milliliters metre "
    "metres meter meters centimetre centimetres centimeter centimeters millimetre millimetres "
    "kilometre kilometres kilometer kilometers second seconds s sec minute minutes min hour hours "
    "h hr hrs day days week weeks month months year years decade decades century centuries "
    "dollar dollars euro euros pound pounds yuan yen cent cents percent % ‰ °c °f celsius "
    "fahrenheit kelvin v kv w kw mw j kj cal kcal hz khz mhz ghz b kb mb gb tb byte bytes bit bits "
    "克 毫 微 千 吨 斤 两 米 厘 分 里 升 秒 时 天 日 周 月 年 元 角 美 欧 岁 度 瓦 伏 赫 次 遍 倍 "
    "片 粒 滴 杯 勺 页 章 届 级 楼 层 号"
)
_DATES = (
    "january february march april may june july august september october november december jan feb "
    "mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday "
    "sunday mon tue wed thu fri sat sun spring summer autumn winter bc ad "
    "年 月 日 号 周 春 夏 秋 冬"
)
_OPPOSITES = (
    "before after|first last second third|minimum maximum|min max|increase decrease|"
    "increases decreases|increased decreased|increasing decreasing|left right|up down|"
    "north south east west|northern southern eastern western|upper lower|inside outside|"
    "with without|more less fewer|most least fewest|highest lowest|higher lower|above below|"
    "open close|opened closed|start end stop|begin end stop|hot cold|male female|men women|"
    "man woman|boys girls|buy sell|bought sold|on off|early late|morning evening afternoon|"
    "day night|front back rear|black white|old new|old young|long short|high low|allow forbid|"
    "allowed forbidden prohibited|enable disable|include exclude|import export|input output|"
    "positive negative|best worst|better worse|advantages disadvantages|large small|big small|"
    "fast slow|deep shallow|heavy light|rise fall|win lose|add remove|true false|to from|"
    "i you he she we they|my your his her our their|me him us them|"
    "前 后|上 下|左 右|东 南 西 北|大 小|高 低|多 少|男 女|开 关|进 出|"
    "买 卖|始 终|早 晚|冷 热|内 外|增 减|升 降|新 旧|长 短|黑 白|优 劣|正 负|加 减|好 坏|"
    "快 慢|深 浅|轻 重|我 你 您 他 她|胜 负|生 死|真 假|强 弱|软 硬|干 湿"
)
_COUNTED = "zero one two three four five six seven eight nine ten eleven twelve"
_NUMERALS = {
    **{word: n for n, word in enumerate(_COUNTED.split())},
    **{word: n for n, word in enumerate("一二三四五六七八九十", start=1)},
    "零": 0,
    "两": 2,
    "百": 100,
    "千": 1000,
    "万": 10_000,
    "亿": 100_000_000,
    "hundred": 100,
    "thousand": 1000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
}
_NAME_TAGS = frozenset(("nr", "ns", "nt", "nz", "nrt", "nrfg"))


class Lexicon(NamedTuple):
    """Open addressing: the hash of a word at a place, and beside it what the word is."""

    hashes: NDArray[np.int64]
    kinds: NDArray[np.int64]
    numbers: NDArray[np.int64]
    """For a numeral the hash of its digits, else 0."""
    groups: NDArray[np.int64]
    """The groups of opposites that a word is in, as bits."""
    names: NDArray[np.int64]
    """A table of its own: the hashes of the Chinese names of 2 to LONGEST_NAME characters."""


@cache
def lexicon() -> Lexicon:
    """Return the word lists as a table; made once a process."""
    kinds: dict[str, int] = {}
    lists = ((_FUNCTIONS, FUNCTION), (_NEGATIONS, NEGATION), (_UNITS, UNIT), (_DATES, DATE))
    for words, kind in (
        *lists,
        (_PLAIN, PLAIN),
        ("one 一", ARTICLE),
        ("我 你 您 他 她 它", PRONOUN),
    ):
        for word in words.split():
            kinds[word] = kinds.get(word, 0) | kind
    for word in _NUMERALS:
        kinds[word] = kinds.get(word, 0) | NUMERAL
    groups: dict[str, int] = {}
    for number, group in enumerate(_OPPOSITES.split("|")):
        for word in group.split():
            groups[word] = groups.get(word, 0) | 1 << number % 62
    everything = list(dict.fromkeys([*kinds, *groups]))
    hashes = _table([_hash(word) for word in everything])
    size = len(hashes)
    found = Lexicon(
        hashes=hashes,
        kinds=np.zeros(size, np.int64),
        numbers=np.zeros(size, np.int64),
        groups=np.zeros(size, np.int64),
        names=_table([_hash(name) for name in _chinese_names()]),
    )
    for word in everything:
        place = look_up(_hash(word), hashes)
        found.kinds[place] = kinds.get(word, 0)
        found.groups[place] = groups.get(word, 0)
        if word in _NUMERALS:
            found.numbers[place] = _hash(str(_NUMERALS[word]))
    return found


def _table(values: list[np.int64]) -> NDArray[np.int64]:
    """Return a table in which `look_up` finds the values."""
    size = 1 << (2 * len(values)).bit_length()
    table = np.zeros(size, np.int64)
    for value in dict.fromkeys(values):
        place = (int(value) >> 1) & (size - 1)
        while table[place]:
            place = (place + 1) & (size - 1)
        table[place] = value
    return table


def _chinese_names() -> list[str]:
    """Return the names of 2 to 5 characters in jieba's dictionary."""
    names = []
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf-8") as file:
        for line in file:
            word, _, tag = line.split()
            is_ideographs = all(0x3400 <= ord(character) <= 0x9FFF for character in word)
            if tag in _NAME_TAGS and 2 <= len(word) <= LONGEST_NAME and is_ideographs:
                names.append(word)
    return names


def _hash(word: str) -> np.int64:
    codes = np.array([ord(character) for character in word], np.int32)
    return np.int64(hash_word(codes, 0, len(codes)))


@njit(cache=True, nogil=True)
def hash_word(codes, start, end):
    """Return the hash of a word, never 0."""
    return np.int64(hash_codes(codes, start, end) | uint64(1))


@njit(cache=True, nogil=True, inline="always")
def look_up(value, hashes):
    """Return the place of a hash in a table, -1 where it is not."""
    last = len(hashes) - 1
    place = (value >> 1) & last
    while hashes[place]:
        if hashes[place] == value:
            return place
        place = (place + 1) & last
    return -1
