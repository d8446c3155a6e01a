"""Tables of surveys, as their services deliver them, into light curves."""
