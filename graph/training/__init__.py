"""How a model comes to be served: claimed by one worker, trained on a snapshot, measured, promoted, published.

Artifacts in ``ARTIFACT_DIR`` and rows of models, runs and communities go out. Training itself is in `graph.ml`.
"""
