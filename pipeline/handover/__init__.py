"""Handing a trained model over: commands and files for vLLM, Ollama, llama.cpp and a hub."""
