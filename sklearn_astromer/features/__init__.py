"""Numbers that describe the light curves of variable stars, for whole catalogs at once."""
