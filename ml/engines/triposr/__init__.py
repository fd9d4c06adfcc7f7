"""TripoSR (Tochilkin et al., 2024, arXiv 2403.02151): one photo becomes three feature planes and a small decoder.

`network` is the published network read from top to bottom, `scene` what it gives, `checkpoint` and `fetch` how its
weights come here, `bake` and `render` how views of a scene are made, `parity` how it is checked against the published
code, number by number.
"""
