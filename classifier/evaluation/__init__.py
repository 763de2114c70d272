"""The quality gate: `make eval` measures the classifier, writes docs/evaluation.md and .json, and fails below pinned
floors. A section (topics, relevance, places …) brings its own figures, tables and floors: see `sections.py`."""
