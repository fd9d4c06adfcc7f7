"""Kills, freezes and starves a whole site, and checks after each fault that nothing was lost (`make chaos`)."""
