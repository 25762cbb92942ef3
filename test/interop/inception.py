"""Inception v3 up to its pooled features, from arXiv 1512.00567 and the description of FID's network, in plain torch.

Called with a folder: writes random weights (weights.safetensors), and the features of a random image.
"""

import json
import struct
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(0)
folder = sys.argv[1]
weights = {}
pixels = torch.randint(0, 256, (1, 299, 299, 3)).float()  # of this size, so that nothing resizes them
images = (pixels.permute(0, 3, 1, 2) - 128) / 128


def conv(x, name, out, kernel, stride=1, padding=0):
    kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
    shape = (out, x.shape[1], *kernel)
    fan = shape[1] * kernel[0] * kernel[1]
    w = weights[f"{name}.conv.weight"] = torch.randn(shape) * (2 / fan) ** 0.5
    bn = {"weight": torch.rand(out) + 0.5, "bias": torch.randn(out) * 0.1}
    bn |= {"running_mean": torch.randn(out) * 0.1, "running_var": torch.rand(out) + 0.5}
    for key, value in bn.items():
        weights[f"{name}.bn.{key}"] = value
    x = F.conv2d(x, w, stride=stride, padding=padding)
    scale = bn["weight"] / torch.sqrt(bn["running_var"] + 1e-3)
    x = (x - bn["running_mean"][:, None, None]) * scale[:, None, None] + bn["bias"][:, None, None]
    return x.clamp(min=0)


def mean3(x):  # only over positions inside the image
    ones = torch.ones_like(x[:1, :1])
    kernel = torch.ones(1, 1, 3, 3)
    total = F.conv2d(x.reshape(-1, 1, *x.shape[2:]), kernel, padding=1).reshape(x.shape)
    return total / F.conv2d(ones, kernel, padding=1)


def max3(x):
    return F.max_pool2d(x, 3, 1, 1)


def a(x, n, pool):
    b3 = conv(conv(x, f"{n}.branch3x3dbl_1", 64, 1), f"{n}.branch3x3dbl_2", 96, 3, padding=1)
    return torch.cat([
        conv(x, f"{n}.branch1x1", 64, 1),
        conv(conv(x, f"{n}.branch5x5_1", 48, 1), f"{n}.branch5x5_2", 64, 5, padding=2),
        conv(b3, f"{n}.branch3x3dbl_3", 96, 3, padding=1),
        conv(mean3(x), f"{n}.branch_pool", pool, 1),
    ], 1)


def b(x, n):
    d = conv(conv(x, f"{n}.branch3x3dbl_1", 64, 1), f"{n}.branch3x3dbl_2", 96, 3, padding=1)
    return torch.cat([
        conv(x, f"{n}.branch3x3", 384, 3, 2),
        conv(d, f"{n}.branch3x3dbl_3", 96, 3, 2),
        F.max_pool2d(x, 3, 2),
    ], 1)


def seven(x, n, steps):
    for step, (out, tall) in enumerate(steps, 2):
        kernel, padding = ((7, 1), (3, 0)) if tall else ((1, 7), (0, 3))
        x = conv(x, f"{n}_{step}", out, kernel, padding=padding)
    return x


def c(x, n, w):
    return torch.cat([
        conv(x, f"{n}.branch1x1", 192, 1),
        seven(conv(x, f"{n}.branch7x7_1", w, 1), f"{n}.branch7x7", [(w, False), (192, True)]),
        seven(conv(x, f"{n}.branch7x7dbl_1", w, 1), f"{n}.branch7x7dbl",
              [(w, True), (w, False), (w, True), (192, False)]),
        conv(mean3(x), f"{n}.branch_pool", 192, 1),
    ], 1)


def d(x, n):
    s = seven(conv(x, f"{n}.branch7x7x3_1", 192, 1), f"{n}.branch7x7x3", [(192, False), (192, True)])
    return torch.cat([
        conv(conv(x, f"{n}.branch3x3_1", 192, 1), f"{n}.branch3x3_2", 320, 3, 2),
        conv(s, f"{n}.branch7x7x3_4", 192, 3, 2),
        F.max_pool2d(x, 3, 2),
    ], 1)


def e(x, n, pool):
    s = conv(x, f"{n}.branch3x3_1", 384, 1)
    t = conv(conv(x, f"{n}.branch3x3dbl_1", 448, 1), f"{n}.branch3x3dbl_2", 384, 3, padding=1)
    return torch.cat([
        conv(x, f"{n}.branch1x1", 320, 1),
        conv(s, f"{n}.branch3x3_2a", 384, (1, 3), padding=(0, 1)),
        conv(s, f"{n}.branch3x3_2b", 384, (3, 1), padding=(1, 0)),
        conv(t, f"{n}.branch3x3dbl_3a", 384, (1, 3), padding=(0, 1)),
        conv(t, f"{n}.branch3x3dbl_3b", 384, (3, 1), padding=(1, 0)),
        conv(pool(x), f"{n}.branch_pool", 192, 1),
    ], 1)


with torch.no_grad():
    x = conv(images, "Conv2d_1a_3x3", 32, 3, 2)
    x = conv(x, "Conv2d_2a_3x3", 32, 3)
    x = F.max_pool2d(conv(x, "Conv2d_2b_3x3", 64, 3, padding=1), 3, 2)
    x = conv(x, "Conv2d_3b_1x1", 80, 1)
    x = F.max_pool2d(conv(x, "Conv2d_4a_3x3", 192, 3), 3, 2)
    for name, pool in [("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)]:
        x = a(x, name, pool)
    x = b(x, "Mixed_6a")
    for name, width in [("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)]:
        x = c(x, name, width)
    x = d(x, "Mixed_7a")
    x = e(e(x, "Mixed_7b", mean3), "Mixed_7c", max3)
    features = x.mean((2, 3))
weights["fc.weight"], weights["fc.bias"] = torch.zeros(1008, 2048), torch.zeros(1008)


def write(file, tensors):
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        part = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(part)]}
        parts.append(part)
        at += len(part)
    text = json.dumps(header).encode()
    with open(f"{folder}/{file}", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for part in parts:
            out.write(part)


write("weights.safetensors", weights)
write("results.safetensors", {"pixels": pixels, "features": features})
