"""The Models page: the tree of models, merging, system prompts, handing over."""
