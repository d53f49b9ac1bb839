"""The pipeline: curate, publish, train, evaluate, chat.

Plain Python: no streamlit, no duckdb, and torch only in `pipeline.workers`.
"""
