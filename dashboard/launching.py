"""What the Launch page reacts with: first values, presets, the facts for the checks, the start.

Holds the page's session state under names that start with `launch_`; it draws nothing.
"""

import re
import secrets
from dataclasses import dataclass, fields
from pathlib import Path

import streamlit as st

from dashboard import serving, state, watching
from dashboard.guard import reaction
from dashboard.pages import link
from dashboard.parts.notices import done
from dashboard.parts.settings_form import key_of
from dashboard.text import plain, t
from pipeline.errors import BadInput, PipelineError
from pipeline.models import catalog, tokenizer
from pipeline.models.catalog import BaseModel
from pipeline.models.template import SystemPrompt
from pipeline.models.tokenizer import NoTokenizer
from pipeline.publish import manifest, seen
from pipeline.publish.manifest import Manifest
from pipeline.publish.seen import CutCount
from pipeline.publish.verify import MANIFEST, verify
from pipeline.train import jobs, preflight
from pipeline.train.config import DataFile, Settings
from pipeline.train.jobs import LaunchRequest
from pipeline.train.preflight import Check, Earlier, Facts
from pipeline.train.presets import PRESETS, preset

BY_PATH = ""
"""The choice of a model by its path, among names of models."""
PRESET_NAMES = [each.name for each in PRESETS]
TOKEN, STARTED = "launch_token", "launch_started"
PLACEHOLDER = re.compile(rb"\{\{\s*[\w.\- ]{1,40}\s*\}\}")
DEFAULTS: dict[str, object] = {
    "launch_preset": "strong",
    "launch_layout": "format3",
    "launch_system": "none",
    "launch_text": "",
    "launch_path": "",
    "launch_title": "",
    "launch_trust": False,
    "launch_shares": False,
}


@dataclass(frozen=True, slots=True)
class Export:
    """An export of the workspace."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    def trigger(self) -> str:
        """Return one of its task sentences; empty where it has none."""
        return next((file.trigger for file in self.manifest.files if file.trigger), "")


def models() -> tuple[BaseModel, ...]:
    """Return the base models of the workspace."""
    return catalog.listed(state.workspace())


def exports() -> tuple[Export, ...]:
    """Return the workspace's exports that can be read, the newest first."""
    home = state.workspace().exports
    paths = sorted(home.glob(f"*/{MANIFEST}"), key=lambda path: path.stat().st_mtime, reverse=True)
    found = []
    for path in paths:
        try:
            found.append(Export(path.parent, manifest.read(path.parent)))
        except BadInput:
            continue  # The Export page tells of damaged exports; nothing can be trained on one.
    return tuple(found)


def restore(known_models: tuple[BaseModel, ...], known_exports: tuple[Export, ...]) -> None:
    """Set first values, and take back a choice that is no longer there."""
    for key, value in DEFAULTS.items():
        st.session_state.setdefault(key, value)
    st.session_state.setdefault(TOKEN, secrets.token_hex(8))
    usable = [model.name for model in known_models]
    if st.session_state.get("launch_model", None) not in (*usable, BY_PATH):
        st.session_state["launch_model"] = usable[0] if usable else BY_PATH
    names = [export.name for export in known_exports]
    asked = st.query_params.get("export", "")
    if st.session_state.get("launch_export") not in names:
        st.session_state["launch_export"] = asked if asked in names else names[0]
    if key_of("rank") not in st.session_state:
        _take(preset(st.session_state["launch_preset"]).settings)


def chosen_model(known: tuple[BaseModel, ...]) -> BaseModel | None:
    """Return the chosen model; one by its path may turn out to be none, with its fault."""
    name = st.session_state["launch_model"]
    if name != BY_PATH:
        return next(model for model in known if model.name == name)
    path = str(st.session_state["launch_path"]).strip()
    if not path:
        return None
    folder = Path(path).expanduser()
    try:
        return catalog.read(folder)
    except BadInput as fact:
        return BaseModel(folder.name, folder, fault=str(fact))


@reaction
def take_preset() -> None:
    """Set every setting to what the chosen preset says."""
    _take(preset(st.session_state["launch_preset"]).settings)


def changed_settings() -> list[str]:
    """Return the settings that differ from the chosen preset."""
    wanted = preset(st.session_state["launch_preset"]).settings
    return [
        each.name
        for each in fields(Settings)
        if st.session_state[key_of(each.name)] != _held(getattr(wanted, each.name))
    ]


def settings() -> Settings:
    """Return the settings of the form; raises SettingOutOfRange or BadInput in words."""
    given = {each.name: st.session_state[key_of(each.name)] for each in fields(Settings)}
    return Settings(**given | {"sample_prompts": tuple(given["sample_prompts"])})


def checks(model: BaseModel | None, export: Export) -> tuple[Check, ...]:
    """Return what is to be known before the start, as things lie now."""
    try:
        chosen = settings()
    except PipelineError as fact:
        return (Check("settings", "broken", {"reason": str(fact)}),)
    return preflight.checks(_facts(model, export, chosen))


@reaction
def start(model: BaseModel, export: Export) -> None:
    """Start the run; the same form starts one run, however often the button is pressed."""
    policy = st.session_state["launch_system"]
    text = st.session_state["launch_text"].strip() if policy == "text" else ""
    name = plain(f"launch.preset_{st.session_state['launch_preset']}")
    title = str(st.session_state["launch_title"]).strip()
    run = jobs.launch(
        state.workspace(),
        LaunchRequest(
            export=export.folder,
            model=model.folder,
            settings=settings(),
            preset=st.session_state["launch_preset"],
            layout=st.session_state["launch_layout"],
            device=st.session_state["launch_device"],
            system_prompt=SystemPrompt(policy, text),
            title=title or f"{export.name} {name}",
            trust_remote_code=st.session_state["launch_trust"],
            shares_device=st.session_state["launch_shares"],
            token=st.session_state[TOKEN],
        ),
    )
    st.session_state[STARTED] = run.id


def go_on() -> None:
    """Go to the run that was just started; the next one from this form is another."""
    run_id = st.session_state.pop(STARTED, None)
    if run_id is None:
        return
    st.session_state[TOKEN] = secrets.token_hex(8)
    st.session_state["launch_title"] = ""
    done(t("launch.started", run=run_id))
    st.switch_page(link("runs"), query_params={watching.RUN: str(run_id)})


def _take(wanted: Settings) -> None:
    for each in fields(Settings):
        st.session_state[key_of(each.name)] = _held(getattr(wanted, each.name))


def _held(value: object) -> object:
    """A setting as its widget holds it in the session."""
    return list(value) if isinstance(value, tuple) else value


def _facts(model: BaseModel | None, export: Export, chosen: Settings) -> Facts:
    checked = _verified(str(export.folder), _stamp(export.folder))
    device = st.session_state["launch_device"]
    layout = st.session_state["launch_layout"]
    training = export.manifest.training(layout)
    files = [DataFile(f.name, f.dataset, f.role, f.sha1, f.rows) for f in training if f.rows]
    runs = watching.listed()
    rows, example = _placeholders(str(export.folder), _stamp(export.folder))
    cut, fault = _cut(model, export, chosen)
    return Facts(
        file_count=len(checked),
        changed_files=tuple(name for name, holds in checked if not holds),
        data=tuple(files),
        test_rows=sum(file.rows for file in export.manifest.tests()),
        settings=chosen,
        device=serving.device_names().get(device, device),
        policy=st.session_state["launch_system"],
        system_text=st.session_state["launch_text"],
        default_prompt=model.default_prompt if model else None,
        model_fault=_fault(model),
        placeholder_rows=rows,
        placeholder=example,
        cut=cut,
        template_fault=fault,
        busy_runs=tuple(run.id for run in runs if run.pid and run.config.device == device),
        shares_device=st.session_state["launch_shares"],
        earlier=_earlier(model, device),
    )


def _cut(model: BaseModel | None, export: Export, chosen: Settings) -> tuple[CutCount | None, str]:
    """Count what the cut-off cuts; also says why the chat template cannot be trained with."""
    policy, text = st.session_state["launch_system"], st.session_state["launch_text"].strip()
    if model is None or model.fault or (policy == "text" and not text):
        return None, ""
    prompt = SystemPrompt(policy, text if policy == "text" else "")
    files = export.manifest.training(st.session_state["launch_layout"])
    names = tuple(file.name for file in files)
    stamp = (_stamp(export.folder), tokenizer.stamp(model.folder))
    try:
        with st.spinner(t("tokens.counting"), show_time=True):
            cutoff = chosen.cutoff_tokens
            return _counted(str(export.folder), names, str(model.folder), prompt, cutoff, stamp), ""
    except (NoTokenizer, OSError, ValueError):
        return None, ""  # Training needs no tokenizer.json; a damaged export is told above.
    except BadInput as fact:
        return None, str(fact)


@st.cache_data(show_spinner=False, max_entries=32)
def _counted(
    export: str,
    names: tuple[str, ...],
    model: str,
    prompt: SystemPrompt,
    cutoff: int,
    stamp: object,
) -> CutCount:
    return seen.count_in(Path(export), names, tokenizer.load(Path(model), prompt), cutoff)


def _fault(model: BaseModel | None) -> str:
    return plain("launch.no_path") if model is None else model.fault


def _earlier(model: BaseModel | None, device: str) -> Earlier | None:
    """Return the pace of the latest run of the model on the device that did some steps."""
    for run in watching.listed():
        seconds, planned = watching.seconds(run), run.progress.plan
        if model is None or run.config.model != str(model.folder) or run.config.device != device:
            continue
        if seconds and planned and planned.rows and run.progress.epoch >= 1:
            return Earlier(run.id, seconds / (planned.rows * run.progress.epoch))
    return None


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells whether any file of an export was touched since it was hashed last."""
    return tuple(
        (path.name, path.stat().st_mtime_ns, path.stat().st_size)
        for path in sorted(folder.glob("*.json"))
    )


@st.cache_data(show_spinner=False, max_entries=32)
def _verified(folder: str, stamp: object) -> list[tuple[str, bool]]:
    return [(file.name, file.holds) for file in verify(Path(folder)).files]


@st.cache_data(show_spinner=False, max_entries=32)
def _placeholders(folder: str, stamp: object) -> tuple[int, str]:
    """Count what was left unfilled in an export's data files, and return one of them."""
    count, example = 0, ""
    for path in sorted(Path(folder).glob("*_format?.json")):
        found = PLACEHOLDER.findall(path.read_bytes())
        count += len(found)
        example = example or (found[0].decode() if found else "")
    return count, example
