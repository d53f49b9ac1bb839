"""System prompts that templates hide are found, taken out, and replaced."""

import pytest
from transformers.utils.chat_template_utils import render_jinja_template

from pipeline.errors import BadInput
from pipeline.models.template import (
    SystemPrompt,
    SystemPromptImpossible,
    TemplateFault,
    default_system_prompt,
    render,
    with_system_prompt,
)

SMOLLM = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    "<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}{% endif %}"
)
QWEN = r"""{%- if tools %}
    {{- '<|im_start|>system\n' }}
    {%- if messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] }}
    {%- else %}
        {{- 'You are Qwen, created by Alibaba Cloud. You are a helpful assistant.' }}
    {%- endif %}
    {{- '\n\n# Tools\n' }}{{- tools | tojson }}{{- '<|im_end|>\n' }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
    {%- else %}
        {{- '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. ' }}
        {{- 'You are a helpful assistant.<|im_end|>\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if message.role != 'system' or not loop.first %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
"""
CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + "
    "message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = r"""{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = strftime_now("%d %b %Y") %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
{{- "Cutting Knowledge Date: December 2023\n" }}
{{- "Today Date: " + date_string + "\n\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}
    {{- message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
"""
GLM = (
    "[gMASK]<sop>{% for item in messages %}{% if item['role'] == 'system' %}<|system|>\n"
    "{{ item['content'] }}{% elif item['role'] == 'user' %}<|user|>\n{{ item['content'] }}"
    "{% elif item['role'] == 'assistant' %}<|assistant|>\n{{ item['content'] }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'assistant') %}"
    "{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)
# The system message is the bare text; only the first may be one.
DEEPSEEK = (
    "{{ bos_token }}{% if messages[0]['role'] != 'system' %}"
    "{{ 'You are an AI programming assistant.\n' }}{% endif %}"
    "{% for message in messages %}{% if message['role'] == 'system' %}{{ message['content'] }}"
    "{% if not loop.first %}{{ raise_exception('one system message') }}{% endif %}"
    "{% elif message['role'] == 'user' %}{{ '### Instruction:\n' + message['content'] + '\n' }}"
    "{% else %}{{ '### Response:\n' + message['content'] + '\n<|EOT|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '### Response:' }}{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set text = messages[0]['content'] %}"
    "{% set rest = messages[1:] %}{% else %}{% set text = 'You are Mistral Small.' %}"
    "{% set rest = messages %}{% endif %}{{ '[SYSTEM_PROMPT]' + text + '[/SYSTEM_PROMPT]' }}"
    "{% for message in rest %}{% if message['role'] == 'user' %}"
    "{{ '[INST]' + message['content'] + '[/INST]' }}{% elif message['role'] == 'assistant' %}"
    "{{ message['content'] + eos_token }}{% else %}{{ raise_exception('no such role') }}"
    "{% endif %}{% endfor %}"
)
DATED = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}"
    "{{ '<s>Today is ' + strftime_now('%d %B %Y') + '</s>' }}{% endif %}"
    "{% if message['role'] == 'system' %}{{ '<s>' + message['content'] + '</s>' }}"
    "{% else %}{{ '<m>' + message['content'] + '</m>' }}{% endif %}{% endfor %}"
)
TEMPLATES = {
    "smollm": SMOLLM,
    "qwen": QWEN,
    "chatml": CHATML,
    "llama3": LLAMA3,
    "glm": GLM,
    "gemma": GEMMA,
    "deepseek": DEEPSEEK,
    "mistral": MISTRAL,
}
TOKENS = {"bos_token": "<BOS>", "eos_token": "<EOS>"}
USER = [{"role": "user", "content": "Who are you? 你是谁?"}]
TALK = [
    *USER,
    {"role": "assistant", "content": "I am Graft."},
    {"role": "user", "content": "{{x}}"},
]
OWN = [{"role": "system", "content": "Speak plainly."}, *TALK]

every_template = pytest.mark.parametrize("name", TEMPLATES)


def prompt(template: str, messages: list[dict[str, str]]) -> str:
    return render(template, messages, add_generation_prompt=True, special_tokens=TOKENS)


@every_template
def test_a_prompt_is_rendered_as_transformers_renders_it(name):
    expected, _ = render_jinja_template(
        [TALK], chat_template=TEMPLATES[name], add_generation_prompt=True, **TOKENS
    )
    assert prompt(TEMPLATES[name], TALK) == expected[0]


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("smollm", "You are a helpful AI assistant named SmolLM, trained by Hugging Face"),
        ("qwen", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."),
        ("chatml", None),
        ("llama3", None),
        ("glm", None),
        ("gemma", None),
        ("deepseek", "You are an AI programming assistant."),
        ("mistral", "You are Mistral Small."),
    ],
)
def test_the_hidden_default_is_found(name, default):
    assert default_system_prompt(TEMPLATES[name], TOKENS) == default


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("smollm", "<|im_start|>user\nWho are you? 你是谁?<|im_end|>\n<|im_start|>assistant\n"),
        ("qwen", "<|im_start|>user\nWho are you? 你是谁?<|im_end|>\n<|im_start|>assistant\n"),
        ("deepseek", "<BOS>### Instruction:\nWho are you? 你是谁?\n### Response:"),
        ("mistral", "<BOS>[INST]Who are you? 你是谁?[/INST]"),
    ],
)
def test_with_the_policy_none_no_trace_of_the_default_is_left(name, expected):
    changed = with_system_prompt(TEMPLATES[name], SystemPrompt("none"), TOKENS)
    assert prompt(changed, USER) == expected


@pytest.mark.parametrize("name", ["chatml", "llama3", "glm", "gemma"])
def test_with_the_policy_none_a_template_without_a_default_stays_as_it_is(name):
    template = TEMPLATES[name]
    assert with_system_prompt(template, SystemPrompt("none"), TOKENS) == template


@every_template
def test_the_policy_model_changes_nothing(name):
    assert with_system_prompt(TEMPLATES[name], SystemPrompt(), TOKENS) == TEMPLATES[name]


@pytest.mark.parametrize("name", sorted(TEMPLATES.keys() - {"gemma"}))
@pytest.mark.parametrize(
    "text",
    ["You are Graft.", "你是嫁接。\n\"Quoted\" \\n {{ bos_token }} {% endif %} 'x' 😀"],
    ids=["plain", "hostile"],
)
def test_a_text_renders_as_if_the_conversation_began_with_it(name, text):
    changed = with_system_prompt(TEMPLATES[name], SystemPrompt("text", text), TOKENS)
    own = [{"role": "system", "content": text}, *TALK]
    assert prompt(changed, TALK) == prompt(TEMPLATES[name], own)
    assert text in prompt(changed, TALK)


@pytest.mark.parametrize("name", sorted(TEMPLATES.keys() - {"gemma"}))
@pytest.mark.parametrize(
    "policy", [SystemPrompt("none"), SystemPrompt("text", "You are Graft.")], ids=["none", "text"]
)
def test_a_conversation_with_its_own_system_message_renders_as_before(name, policy):
    changed = with_system_prompt(TEMPLATES[name], policy, TOKENS)
    assert prompt(changed, OWN) == prompt(TEMPLATES[name], OWN)


@every_template
def test_a_changed_template_renders_alike_in_transformers(name):
    changed = with_system_prompt(TEMPLATES[name], SystemPrompt("none"), TOKENS)
    theirs, _ = render_jinja_template(
        [TALK], chat_template=changed, add_generation_prompt=True, **TOKENS
    )
    assert prompt(changed, TALK) == theirs[0]


def test_a_template_that_refuses_system_messages_says_so():
    with pytest.raises(SystemPromptImpossible, match="no place for a system prompt"):
        with_system_prompt(GEMMA, SystemPrompt("text", "You are Graft."), TOKENS)


def test_a_default_that_changes_with_the_date_is_not_taken_out_for_a_day_only():
    with pytest.raises(SystemPromptImpossible, match="changes with the date"):
        with_system_prompt(DATED, SystemPrompt("none"))


def test_an_empty_text_is_refused():
    with pytest.raises(BadInput, match="empty"):
        SystemPrompt("text", "  ")


@pytest.mark.parametrize(
    "template", ["{% for %}", "{{ messages[9].content.x.y }}", "{{ raise_exception('no') }}"]
)
def test_a_template_that_fails_says_so(template):
    with pytest.raises(TemplateFault):
        render(template, USER)


def test_a_template_cannot_leave_the_sandbox():
    with pytest.raises(TemplateFault):
        render("{{ ''.__class__.__mro__[1].__subclasses__() }}", USER)
