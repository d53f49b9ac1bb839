"""Train: from an export to a run; starts, recognises and stops the training worker."""
