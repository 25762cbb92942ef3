"""The metrics by numpy, scipy and Pillow, from their papers. Reads cases as JSON from stdin, writes results."""

import json
import sys

import numpy as np
from PIL import Image
from scipy.linalg import sqrtm
from scipy.ndimage import convolve


def frechet(a, b):
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = sqrtm(s @ t)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * np.trace(root).real


def kid(a, b):
    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    n, m = len(a), len(b)
    aa, bb = kernel(a, a), kernel(b, b)
    within = (aa.sum() - np.trace(aa)) / (n * (n - 1)) + (bb.sum() - np.trace(bb)) / (m * (m - 1))
    return within - 2 * kernel(a, b).mean()


def distances(a, b):
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))


def prdc(real, fake, k):
    rr, ff, rf = distances(real, real), distances(fake, fake), distances(real, fake)
    r, f = np.sort(rr, 1)[:, k], np.sort(ff, 1)[:, k]  # position 0 is the image itself
    return {
        "precision": float((rf < r[:, None]).any(0).mean()),
        "recall": float((rf < f[None]).any(1).mean()),
        "density": float((rf < r[:, None]).sum(0).mean() / k),
        "coverage": float((rf.min(1) < r).mean()),
    }


def ms_ssim(a, b):
    weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    result = 1.0
    for scale, weight in enumerate(weights):
        side = min(11, *a.shape[:2])
        x = np.arange(side) - (side - 1) / 2
        g = np.exp(-(x**2) / (2 * (1.5 * side / 11) ** 2))
        window = np.outer(g, g) / g.sum() ** 2

        def smooth(image):
            views = np.lib.stride_tricks.sliding_window_view(image, (side, side), (0, 1))
            return (views * window).sum((-1, -2))

        ma, mb = smooth(a), smooth(b)
        va, vb, ab = smooth(a * a) - ma**2, smooth(b * b) - mb**2, smooth(a * b) - ma * mb
        cs = (2 * ab + c2) / (va + vb + c2)
        ssim = cs * (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
        result *= max((ssim if scale == 4 else cs).mean(), 0) ** weight
        h, w = a.shape[0] // 2 * 2, a.shape[1] // 2 * 2
        if scale < 4:
            a, b = (i[:h, :w].reshape(h // 2, 2, w // 2, 2, -1).mean((1, 3)) for i in (a, b))
    return result


def pyramid(image, levels):
    f = np.array([1, 4, 6, 4, 1]) / 16
    f2 = np.outer(f, f)[:, :, None]
    out = []
    for _ in range(levels - 1):
        small = convolve(image, f2, mode="mirror")[::2, ::2]
        sparse = np.zeros_like(image)
        sparse[::2, ::2] = small
        out.append(image - convolve(sparse, f2 * 4, mode="mirror"))
        image = small
    return [level.ravel().tolist() for level in [*out, image]]


def checkerboard(images):
    n, h, w, _ = images.shape
    spectrum = np.abs(np.fft.fft2(images / 255, axes=(1, 2))) ** 2
    mask = np.zeros((h, w), bool)
    mask[h // 2] = mask[:, w // 2] = True
    return spectrum[:, mask].sum() / (n * images.shape[3])


def resize(image, height, width):
    planes = [
        np.asarray(Image.fromarray(image[:, :, c].astype(np.float32)).resize((width, height), Image.BILINEAR))
        for c in range(image.shape[2])
    ]
    return np.stack(planes, 2).ravel().tolist()


functions = {f.__name__: f for f in (frechet, kid, prdc, ms_ssim, pyramid, checkerboard, resize)}
results = []
for name, arrays, others in json.load(sys.stdin):
    values = [np.array(a["data"], np.float64).reshape(a["shape"]) for a in arrays]
    results.append(functions[name](*values, *others))
json.dump(results, sys.stdout)
