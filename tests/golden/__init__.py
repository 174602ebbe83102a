"""The sum written out once: inputs, scores and reasons that every implementation of it is held to.

``python -m tests.golden`` writes `sum.json` anew. What it says is worked out here, entry by entry, from the formula as
`graph.serving.index` states it, without any code of the product: so the file may find that code wrong.
"""
