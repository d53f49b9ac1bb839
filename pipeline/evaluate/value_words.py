"""Words that stand for values, in Chinese and English: closed classes, and what is no name."""

# fmt: off
COLOURS = (
    ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white",
     "grey", "cobalt", "crimson", "turquoise", "violet", "gold", "silver"),
    ("红色", "橙色", "黄色", "绿色", "蓝色", "紫色", "粉色", "棕色", "黑色", "白色", "灰色", "青色",
     "黛绿色", "金色", "银色"),
)
DAYS = (
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
    ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
)
MONTHS = (
    ("January", "February", "March", "April", "May", "June", "July", "August", "September",
     "October", "November", "December"),
)
SHADES = "dark|light|pale|deep|bright|navy|cobalt|sky"
# Of each scale one name a unit: another spelling of the same length would still be right.
UNITS = (
    ("metres", "feet", "miles", "kilometres", "inches"), ("meters", "feet", "miles", "kilometers"),
    ("seconds", "minutes", "hours"), ("days", "weeks", "months", "years"),
    ("pounds", "dollars", "euros"), ("knots",  "kilometres per hour"),
    ("mg", "ml", "g"), ("kilograms", "grams", "tonnes"),
    ("米", "厘米", "公里"), ("秒", "分钟", "小时"), ("天", "周", "个月", "年"),
    ("元", "美元", "欧元"), ("毫克", "毫升", "克"), ("千克", "吨"),
)
ENGLISH_NUMBERS = {
    word: number for number, word in enumerate((
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
        "nineteen", "twenty",
    ))
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "last")
NO_NAMES = {
    "A", "An", "And", "As", "At", "But", "Each", "Every", "For", "He", "Here", "I", "If", "In",
    "It", "Its", "My", "No", "Of", "On", "One", "Our", "She", "The", "Their", "There", "These",
    "They",
    "This", "Those", "To", "We", "When", "Yes", "You", "Your",
}
# fmt: on
