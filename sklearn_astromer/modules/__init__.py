"""The networks: torch only, no estimator, no data handling.

One convention everywhere: ``mask`` is True for a real observation, ``hidden`` is True for one
whose magnitude the network must not see. Shapes are (n_windows, L) for observations and
(n_windows, L, d_model) for vectors.
"""
