"""Training on one large GPU: samples are rendered, augmented and learned from on the device, with torch alone.

Nothing here needs embree, trimesh or any package beyond torch, numpy and OpenCV; every function also runs on a CPU,
where the tests compare it with the samples of `ml.training.dataset`.
"""
