"""Training in several processes, on one machine or many: each holds a range of the listeners and a range of the items.

launch   the process that holds the snapshot: writes its parts, starts the workers, assembles what they learned
worker   what `torchrun` starts: a share of the listeners, then the sources one after another, with checkpoints
share    one worker's view        links    products with rows that others hold
group    who the workers are      memory, network    the sources
"""
