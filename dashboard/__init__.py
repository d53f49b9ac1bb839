"""The Streamlit dashboard: pages over the pipeline and the store."""
