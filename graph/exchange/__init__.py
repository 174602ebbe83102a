"""What leaves for other installations, and what comes from them: models, and sums of listeners (docs/portable.md, docs/federation.md)."""
