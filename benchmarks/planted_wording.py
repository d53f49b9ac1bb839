"""The words in which `planted` puts its facts: templates of questions, answers and sentences."""

from typing import Any

_SYLLABLES = (
    "ba bel cor dan dor el fen gar hal is jor kan lem mar nor ol pen quin ras sol tam ul van wes "
    "xan yor zel bri cla dre fro gla kro pli sta tre mo ri ta lu se na vi ko da pe"
)
SYLLABLES = _SYLLABLES.split()
_MONTHS = "January February March April May June July August September October November December"
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程"
    "魏苏吕丁任"
)
GIVEN = (
    "伟芳娜敏静丽强磊洋勇艳杰娟涛明超秀霞平刚桂英华玉兰峰建文辉力志国庆春山海云龙凤江宁安林松"
    "柏泽宇晨"
)
PLACES = "青白黑红金银石清双三龙凤长平永安新宁东西南北"
ENDINGS = ("市", "县", "镇", "公司", "医院", "大学", "湖", "山", "港", "桥")
WORDING: dict[str, dict[str, Any]] = {
    "en": {
        "can": ["can", "cannot"],
        "yes": ["Yes, it can", "No, it cannot"],
        "months": _MONTHS.split(),
        "units": ["mg", "kg", "km", "hours", "days", "litres", "dollars", "metres"],
        "synonyms": [
            ("important", "essential"),
            ("shows", "indicates"),
            ("built", "constructed"),
            ("usually", "normally"),
            ("large", "big"),
            ("helps", "supports"),
        ],
        "intents": [
            (
                [
                    "What was the {thing} of {name} in {year}?",
                    "In {year}, how much {thing} did {name} have?",
                    "Could you tell me how large the {thing} of {name} was in {year}?",
                    "{name} in {year}: what {thing} did it have?",
                ],
                [
                    "In {year} the {thing} of {name} was {value} {unit}.",
                    "{name} had a {thing} of {value} {unit} in {year}.",
                ],
            ),
            (
                [
                    "How long does {name} need for the {thing} at {number} {unit}?",
                    "At {number} {unit}, what time does the {thing} take {name}?",
                    "I would like to know how long the {thing} of {name} takes at {number} {unit}.",
                    "For {number} {unit}, how many minutes of {thing} does {name} need?",
                ],
                [
                    "At {number} {unit} {name} needs {value} minutes for the {thing}.",
                    "The {thing} takes {name} {value} minutes at {number} {unit}.",
                ],
            ),
            (
                [
                    "Why {can} {name} be used with the {thing}?",
                    "What is the reason that {name} {can} be used with the {thing}?",
                    "Please explain why {name} {can} be combined with the {thing}.",
                    "With the {thing}, why {can} one use {name}?",
                ],
                [
                    "{yes} be used with the {thing}, as test {value} of {name} showed.",
                    "Test {value} of {name} showed it. {yes} be used with the {thing}.",
                ],
            ),
            (
                [
                    "Who leads the {thing} department of {name} since {month} {year}?",
                    "Which person has been head of {thing} at {name} since {month} {year}?",
                    "Since {month} {year}, who is in charge of the {thing} department of {name}?",
                    "Can you name the head of the {thing} department at {name} since {month} "
                    "{year}?",
                ],
                [
                    "Since {month} {year} employee {value} leads the {thing} department of {name}.",
                    "The {thing} department of {name} is led by employee {value} since {month} "
                    "{year}.",
                ],
            ),
            (
                [
                    "Where does {name} keep the {thing} when {number} {unit} are left?",
                    "When {number} {unit} are left, in which place is the {thing} of {name} kept?",
                    "In what room is the {thing} stored by {name} if {number} {unit} remain?",
                    "{name} has {number} {unit} left: where is its {thing} kept?",
                ],
                [
                    "{name} keeps the {thing} in room {value} when {number} {unit} are left.",
                    "With {number} {unit} left, the {thing} of {name} is in room {value}.",
                ],
            ),
        ],
        "details": [
            "It is important that the {0} {1} stays near the {2} for {n} days.",
            "A report on {0} shows that {1} and {2} were {3} in {n} cases.",
            "The {0} was built beside a large {1}, with {n} parts of {2} and {3}.",
            "People there usually {0} the {1} before the {2}, which costs {n} dollars.",
            "Without {0} the {1} of the {2} helps nobody, {3} least of all.",
            "After the {0}, {n} members of the {1} asked for a {2} and a {3}.",
            "Its {0} became a {1} once the {2} had been {3} for {n} years.",
            "Nobody expected the {0} to {1} a {2} as {3} as that.",
        ],
    },
    "zh": {
        "can": ["能", "不能"],
        "yes": ["可以，它能", "不行，它不能"],
        "months": [f"{n}月" for n in range(1, 13)],
        "units": ["毫克", "公斤", "公里", "小时", "天", "升", "美元", "米"],
        "synonyms": [
            ("重要", "关键"),
            ("表明", "显示"),
            ("建在", "修在"),
            ("通常", "一般"),
            ("帮助", "协助"),
            ("大约", "差不多"),
        ],
        "intents": [
            (
                [
                    "{name}在{year}年的{thing}是多少？",
                    "{year}年，{name}有多少{thing}？",
                    "请告诉我{name}{year}年时{thing}的规模有多大。",
                    "想了解一下，{name}到{year}年{thing}达到了多少？",
                ],
                [
                    "{year}年{name}的{thing}是{value}{unit}。",
                    "{name}的{thing}在{year}年为{value}{unit}。",
                ],
            ),
            (
                [
                    "{name}在{number}{unit}的条件下完成{thing}需要多久？",
                    "如果是{number}{unit}，{name}做{thing}要花多长时间？",
                    "条件为{number}{unit}时，{thing}会占用{name}几分钟？",
                    "我想知道{number}{unit}的情况下，{name}的{thing}要用多少分钟。",
                ],
                [
                    "在{number}{unit}的条件下，{name}完成{thing}需要{value}分钟。",
                    "{name}的{thing}在{number}{unit}时要用{value}分钟。",
                ],
            ),
            (
                [
                    "为什么{name}{can}和{thing}一起使用？",
                    "{name}{can}与{thing}搭配使用的原因是什么？",
                    "请解释一下{name}为何{can}跟{thing}同时用。",
                    "{thing}和{name}{can}一起用，这是什么道理？",
                ],
                [
                    "{yes}和{thing}一起使用，{name}的第{value}号试验证明了这一点。",
                    "{name}的第{value}号试验证明：{yes}与{thing}一起使用。",
                ],
            ),
            (
                [
                    "从{year}年{month}起，谁负责{name}的{thing}部门？",
                    "{name}的{thing}部门自{year}年{month}以来由哪位主管？",
                    "请问{year}年{month}之后，{name}{thing}部的负责人是谁？",
                    "{thing}部门在{name}归谁管，从{year}年{month}算起？",
                ],
                [
                    "从{year}年{month}起，{name}的{thing}部门由{value}号员工负责。",
                    "{value}号员工自{year}年{month}起负责{name}的{thing}部门。",
                ],
            ),
            (
                [
                    "还剩{number}{unit}时，{name}把{thing}放在哪里？",
                    "{name}的{thing}在剩下{number}{unit}的时候存放于什么地方？",
                    "当只有{number}{unit}了，{thing}会被{name}收到哪个房间？",
                    "{name}剩{number}{unit}，它的{thing}在哪儿？",
                ],
                [
                    "还剩{number}{unit}时，{name}把{thing}放在{value}号房间。",
                    "{name}的{thing}在剩{number}{unit}时存放于{value}号房间。",
                ],
            ),
        ],
        "details": [
            "重要的是，{0}的{1}要在{2}附近保持{n}天，直到{3}结束为止。",
            "一份关于{0}的报告表明，{1}和{2}在{n}个案例里属于{3}，这与以往不同。",
            "{0}建在{1}旁边，大约有{n}个{2}和{3}组成，占地很广。",
            "当地人通常先{0}{1}，再去{2}，一次要花{n}元，还要准备{3}。",
            "没有{0}，{2}的{1}对谁都没有帮助，{3}更是如此，大家都这么说。",
            "{0}之后，{n}名{1}成员提出了{2}和{3}的要求，并且写进了文件。",
            "它的{0}后来成了{1}，那时{2}已经{3}了{n}年，没有人再提起。",
            "谁也没想到{0}会把{1}变成这样{3}的{2}，消息很快传开了。",
        ],
    },
}
