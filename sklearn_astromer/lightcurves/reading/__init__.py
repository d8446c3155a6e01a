"""From files and tables of any kind to flat columns: one engine, whatever comes in."""
