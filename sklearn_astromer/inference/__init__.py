"""Passes of a network over windows on any device."""
