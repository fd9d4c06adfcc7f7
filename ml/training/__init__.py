"""How the compact network learns: shapes, materials, rendering, data set, training loop."""
