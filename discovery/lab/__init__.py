"""Proofs and measurements that no request needs: faithfulness, simulated listeners, fairness, unlearning.

They call the product's own functions on what consent permits. Figures go out, into ``docs``; nothing of a person does.
"""
