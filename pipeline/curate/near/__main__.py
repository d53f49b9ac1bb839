"""Compiles the comparison: `python -m pipeline.curate.near`, once after installing."""

from pipeline.curate.near import prepare

if __name__ == "__main__":
    prepare()
