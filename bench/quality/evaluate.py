"""Compares samples with real images: a line of JSON {metric: value} for each path of samples on standard input.

    python3 evaluate.py JOB      JOB: JSON {work, dir, threads, cache}

The only judge of both sides. Frechet distances are those of arXiv 1706.08500 on pixels at 32x32 and on the features of a
classifier of Fashion-MNIST, which is trained once and kept in the cache. Modes are counted as VEEGAN and PacGAN do (arXiv
1705.07761, 1712.04086). It is independent of the metrics of this project.
"""
import json
import math
import os
import sys

import numpy as np


def frechet(a, b):
    """Between features [n, d] and [m, d]. The trace of the root of the product of the covariances is the sum of the singular
    values of A B^T, where A^T A and B^T B are the covariances: exact, also with fewer images than dimensions."""
    center = lambda x: (x - x.mean(0)) / math.sqrt(len(x) - 1)
    smaller = lambda x: x if len(x) <= x.shape[1] else root(x)
    ca, cb = smaller(center(a)), smaller(center(b))
    mean = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(mean + (ca ** 2).sum() + (cb ** 2).sum() - 2 * np.linalg.svd(ca @ cb.T, compute_uv=False).sum())


def root(x):
    """R [d, d] with R^T R = X^T X, for X [n, d]."""
    return np.linalg.qr(x, mode='r')


def pixels(images):
    """[n, h, w, c] bytes -> [n, 32 * 32 * c] in [0, 1]; larger images by the means of their blocks."""
    n, h, w, c = images.shape
    small = images.astype(np.float64) / 255
    if h > 32:
        small = small.reshape(n, 32, h // 32, 32, w // 32, c).mean((2, 4))
    return small.reshape(n, -1)


class Classifier:
    """Of single channels, [n, 32, 32] bytes, in ten classes: two convolutions, two dense layers, about 90 % on test images."""

    def __init__(self, path, threads):
        import torch  # points and pixels need NumPy alone
        from torch import nn

        self.torch = torch
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 5, stride=2, padding=2), nn.ReLU(), nn.Conv2d(32, 64, 5, stride=2, padding=2), nn.ReLU(), nn.Flatten(), nn.Linear(64 * 8 * 8, 128), nn.ReLU()
        )
        self.head = nn.Linear(128, 10)
        self.net = nn.Sequential(self.features, self.head)
        self.path = path

    def prepare(self, images, labels, epochs=2):
        torch = self.torch
        if os.path.exists(self.path):
            self.net.load_state_dict(torch.load(self.path))
        else:
            opt = torch.optim.Adam(self.net.parameters(), 1e-3)
            x, y = self.tensor(images), torch.from_numpy(labels).long()
            for _ in range(epochs):
                for take in torch.randperm(len(x)).split(128):
                    opt.zero_grad()
                    torch.nn.functional.cross_entropy(self.net(x[take]), y[take]).backward()
                    opt.step()
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            torch.save(self.net.state_dict(), self.path)
        self.net.eval()
        return self

    def tensor(self, images):
        return self.torch.from_numpy(np.array(images)).float()[:, None] / 127.5 - 1

    def __call__(self, images):
        """Features [n, 128] and classes [n]."""
        with self.torch.no_grad():
            parts = [self.features(self.tensor(images[i : i + 1000])) for i in range(0, len(images), 1000)]
            features = self.torch.cat(parts)
            return features.double().numpy(), self.head(features).argmax(1).numpy()


def mode_counts(points, data):
    """Modes with a point within three standard deviations, and the share of such points, from the papers' own numbers."""
    if data == 'ring8':
        scale, std = 2.5, 0.02
        centres = np.array([[2 * math.cos(2 * math.pi * i / 8), 2 * math.sin(2 * math.pi * i / 8)] for i in range(8)])
    else:
        scale, std = 5, 0.05
        centres = np.array([[x, y] for x in range(-4, 5, 2) for y in range(-4, 5, 2)], dtype=float)
    apart = np.linalg.norm(points.reshape(-1, 1, 2) * scale - centres, axis=2)
    close = apart.min(1) <= 3 * std
    return {'modes': len(set(apart.argmin(1)[close])), 'highQuality': float(close.mean())}


def kl_of_modes(found, real, modes=1000):
    """Kullback-Leibler divergence of the histogram of generated modes from the real one's; unseen ones add nothing."""
    p = np.bincount(found, minlength=modes) / len(found)
    q = (np.bincount(real, minlength=modes) + 1e-9) / len(real)
    seen = p > 0
    return float((p[seen] * np.log(p[seen] / q[seen])).sum())


class Evaluator:
    def __init__(self, work, folder, cache, threads):
        self.work = work
        wanted = work['metrics']
        self.real = np.load(f'{folder}/real.npy', mmap_mode='r')
        random = np.random.default_rng(0)
        some = np.sort(random.permutation(len(self.real))[:10_000])
        if 'pixel' in wanted:
            self.real_pixels = pixels(self.real[some])
        if 'class' in wanted or 'kl' in wanted:
            self.classifier = Classifier(f'{cache}/fashion-mnist.pt', threads)
            if work['data'] == 'stacked':  # single pictures: the first channel, with the first of the three classes
                labels = np.load(f'{folder}/labels.npy') // 100
                self.classifier.prepare(self.real[..., 0], labels)
                self.real_modes = self.modes_of(self.real)
            else:
                self.classifier.prepare(self.real[..., 0], np.load(f'{folder}/labels.npy'))
                self.real_features = self.classifier(self.real[some, ..., 0])[0]

    def modes_of(self, images):
        classes = [self.classifier(images[..., c])[1] for c in range(3)]
        return classes[0] * 100 + classes[1] * 10 + classes[2]

    def __call__(self, path):
        samples = np.load(path)
        wanted = self.work['metrics']
        if self.work['size'] == 1:
            return mode_counts(samples, self.work['data'])
        values = {}
        if 'class' in wanted:
            values['class'] = frechet(self.classifier(samples[..., 0])[0], self.real_features)
        if 'kl' in wanted:
            modes = self.modes_of(samples)
            values['modes'] = len(set(modes.tolist()))
            values['kl'] = kl_of_modes(modes, self.real_modes)
        if 'pixel' in wanted:
            values['pixel'] = frechet(pixels(samples), self.real_pixels)
        return values


def main():
    job = json.loads(sys.argv[1])
    evaluate = Evaluator(job['work'], job['dir'], job['cache'], job['threads'])
    for line in sys.stdin:
        print(json.dumps(evaluate(line.strip())), flush=True)


if __name__ == '__main__':
    main()
