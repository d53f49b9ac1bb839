"""The twenty questions on which a merged model is held against its base with the adapter.

Half English, half Chinese: who it is (where adapters change most), plain knowledge, reasoning,
writing and code. They are never trained on: changing them makes reports of before incomparable.
"""

PROMPTS = (
    "Who are you?",
    "What is your name, and who made you?",
    "Introduce yourself in two sentences.",
    "What is the capital of France?",
    "Why is the sky blue?",
    "If a train travels 120 km in two hours, how fast is it?",
    "Write a short poem about the sea.",
    "Write a Python function that reverses a string.",
    "Translate into Chinese: The meeting begins at nine.",
    "Name three things to do before a long journey.",
    "你是谁？",
    "你叫什么名字，是谁开发的？",
    "请用两句话介绍一下你自己。",
    "中国的首都是哪里？",
    "为什么会有四季？",
    "小明有十二个苹果，送出五个，还剩几个？",
    "写一首关于秋天的短诗。",
    "用 Python 写一个判断质数的函数。",
    "把这句话翻译成英文：会议九点开始。",
    "出远门之前要做哪三件事？",
)
