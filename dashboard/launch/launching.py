"""What the Launch page reacts with: first values, presets, what the form asks for, the start.

Holds the page's session state under names that start with `launch_`; it draws nothing.
"""

import json
import secrets
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import streamlit as st
import yaml

from dashboard import state, watching
from dashboard.guard import reaction
from dashboard.launch import placing, preparing
from dashboard.pages import link
from dashboard.parts.notices import done
from dashboard.parts.settings_form import fill, held, key_of
from dashboard.runs import queueing
from dashboard.text import plain, t
from pipeline.errors import BadInput
from pipeline.models import catalog
from pipeline.models.catalog import BaseModel
from pipeline.models.template import SystemPrompt
from pipeline.publish import manifest
from pipeline.publish.manifest import Manifest
from pipeline.publish.verify import MANIFEST
from pipeline.train import command, jobs
from pipeline.train.config import Settings
from pipeline.train.devices import devices
from pipeline.train.presets import PRESETS, preset
from pipeline.train.request import LaunchRequest, freeze

PRESET_NAMES = [each.name for each in PRESETS]
TOKEN, STARTED = "launch_token", "launch_started"
DEFAULTS: dict[str, object] = {
    "launch_preset": "strong",
    "launch_layout": "format3",
    "launch_system": "none",
    "launch_text": "",
    "launch_path": "",
    "launch_title": "",
    "launch_trust": False,
    "launch_shares": False,
    "launch_evaluate": False,
    queueing.CHAT: "unload",
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


@dataclass(frozen=True, slots=True)
class Written:
    """A launch in writing: the line for a terminal, and its config in two notations."""

    command: str
    json: str
    yaml: str


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
    if st.session_state.get("launch_model", None) not in (*usable, preparing.BY_PATH):
        st.session_state["launch_model"] = usable[0] if usable else preparing.BY_PATH
    placing.restore()
    names = [export.name for export in known_exports]
    asked = st.query_params.get("export", "")
    if st.session_state.get("launch_export") not in names:
        st.session_state["launch_export"] = asked if asked in names else names[0]
    if key_of("rank") not in st.session_state:
        fill(preset(st.session_state["launch_preset"]).settings)


def chosen_model(known: tuple[BaseModel, ...]) -> BaseModel | None:
    """Return the chosen model; one by its path may turn out to be none, with its fault."""
    name = st.session_state["launch_model"]
    if name != preparing.BY_PATH:
        return next(model for model in known if model.name == name)
    path = str(st.session_state["launch_path"]).strip()
    if not path:
        return None
    folder = Path(path).expanduser()
    try:
        return catalog.read(folder)
    except BadInput as fact:
        return BaseModel(folder.name, folder, fault=fact.said)


@reaction
def take_preset() -> None:
    """Set every setting to what the chosen preset says."""
    fill(preset(st.session_state["launch_preset"]).settings)


def changed_settings() -> list[str]:
    """Return the settings that differ from the chosen preset."""
    wanted = preset(st.session_state["launch_preset"]).settings
    return [
        each.name
        for each in fields(Settings)
        if st.session_state[key_of(each.name)] != held(getattr(wanted, each.name))
    ]


def settings() -> Settings:
    """Return the settings of the form; raises SettingOutOfRange or BadInput in words."""
    given = {each.name: st.session_state[key_of(each.name)] for each in fields(Settings)}
    return Settings(**given | {"sample_prompts": tuple(given["sample_prompts"])})


def request(model: BaseModel, export: Export) -> LaunchRequest:
    """Return what the form asks for; raises SettingOutOfRange or BadInput in words."""
    policy = st.session_state["launch_system"]
    text = st.session_state["launch_text"].strip() if policy == "text" else ""
    name = plain(f"launch.preset_{st.session_state['launch_preset']}")
    title = str(st.session_state["launch_title"]).strip()
    parent, adapter = preparing.continued(model)
    return LaunchRequest(
        export=export.folder,
        model=model.folder,
        settings=settings(),
        preset=st.session_state["launch_preset"],
        layout=st.session_state["launch_layout"],
        device=placing.device(),
        system_prompt=SystemPrompt(policy, text),
        title=title or f"{export.name} {name}",
        trust_remote_code=st.session_state["launch_trust"],
        shares_device=st.session_state["launch_shares"],
        frees_device=queueing.is_to_give_way(placing.here()),
        evaluate_after=st.session_state["launch_evaluate"],
        initial_adapter=adapter,
        parent_run=parent,
        token=st.session_state[TOKEN],
        processes=placing.processes(),
        report_to=placing.reports(),
    )


@reaction
def start(model: BaseModel, export: Export) -> None:
    """Start the run; the same form starts one run, however often the button is pressed."""
    st.session_state[STARTED] = jobs.launch(state.workspace(), request(model, export)).id


def go_on() -> None:
    """Go to the run that was just started; the next one from this form is another."""
    run_id = st.session_state.pop(STARTED, None)
    if run_id is None:
        return
    renew()
    done(t("launch.started", run=run_id))
    st.switch_page(link("runs"), query_params={watching.RUN: str(run_id)})


def renew() -> None:
    """Let the next start from this form be another run than the last."""
    st.session_state[TOKEN] = secrets.token_hex(8)
    st.session_state["launch_title"] = ""


def written(model: BaseModel, export: Export) -> Written:
    """Return what the form describes, in writing; raises what a launch would raise."""
    wanted = request(model, export)
    frozen = asdict(freeze(replace(wanted, token=""), devices().get(wanted.device).name))
    shown = json.loads(json.dumps(frozen))
    return Written(
        command=command.line(command.train_command(wanted, state.workspace().root)),
        json=json.dumps(shown, ensure_ascii=False, indent=2),
        yaml=yaml.safe_dump(shown, allow_unicode=True, sort_keys=False),
    )
