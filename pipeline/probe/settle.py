"""Taking in what bases answered while nobody had the database open."""

import logging

from pipeline.errors import PipelineError
from pipeline.probe import jobs, known, replay
from pipeline.workspace import Workspace
from store import probes
from store.db import Database
from store.errors import StoreError

logger = logging.getLogger(__name__)


def take_finished(db: Database, workspace: Workspace) -> int:
    """Take in every finished probe that was not; one that cannot be stays as it lies, logged."""
    count = 0
    for probe in jobs.listed(workspace):
        if not probe.work.is_finished or probes.is_taken(db, jobs.place(workspace, probe)):
            continue
        try:
            if probe.config.kind == "replay":
                replay.take(db, workspace, probe)
            else:
                known.take(db, workspace, probe)
            count += 1
        except (PipelineError, StoreError, KeyError) as reason:
            logger.warning("Probe %s was not taken in: %s", probe.id, reason)
    return count
