"""The half of bench/quality.mjs that trains with PyTorch: a line of JSON {images, seconds, file} for each evaluation.

    python3 peer.py JOB      as bench/quality/own.mjs; the images are real.npy in the folder
"""
import copy
import json
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F

from networks import networks


def color(x):
    """DiffAugment (arXiv 2006.10738): brightness, saturation, contrast."""
    n = len(x)
    draw = lambda: torch.rand(n, 1, 1, 1)
    x = x + (draw() - 0.5)
    mean = x.mean(1, keepdim=True)
    x = mean + (x - mean) * (draw() * 2)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * (draw() + 0.5)


def translation(x, ratio=0.125):
    n, _, h, w = x.shape
    dy, dx = int(h * ratio + 0.5), int(w * ratio + 0.5)
    rows = torch.arange(h) + torch.randint(-dy, dy + 1, (n, 1)) + dy
    columns = torch.arange(w) + torch.randint(-dx, dx + 1, (n, 1)) + dx
    padded = F.pad(x, (dx, dx, dy, dy)).permute(0, 2, 3, 1)
    moved = padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def cutout(x, ratio=0.5):
    n, _, h, w = x.shape
    cut = lambda side: (int(side * ratio + 0.5), torch.randint(0, side + 1 - int(side * ratio + 0.5) % 2, (n, 1)))
    (ly, my), (lx, mx) = cut(h), cut(w)
    rows = (torch.arange(h) >= my - ly // 2) & (torch.arange(h) < my - ly // 2 + ly)
    columns = (torch.arange(w) >= mx - lx // 2) & (torch.arange(w) < mx - lx // 2 + lx)
    return x * (~(rows[:, :, None] & columns[:, None, :]))[:, None]


augmentations = {'color': color, 'translation': translation, 'cutout': cutout}


class Batches:
    """Real images in random order, again and again."""

    def __init__(self, path, batch):
        images = torch.from_numpy(np.load(path)).permute(0, 3, 1, 2)
        self.images = images if images.dtype == torch.uint8 else images.float()
        self.batch = batch
        self.order = torch.empty(0, dtype=torch.long)

    def next(self):
        if len(self.order) < self.batch:
            self.order = torch.randperm(len(self.images))
        take, self.order = self.order[: self.batch], self.order[self.batch :]
        images = self.images[take]
        if images.dtype == torch.uint8:
            images = images.float().div_(127.5).sub_(1)
        return images.contiguous(memory_format=torch.channels_last)


def adam(net, work):
    options = dict(lr=work['lr'], betas=(float(work['beta1']), float(work['beta2'])), eps=1e-8)
    try:
        return torch.optim.Adam(net.parameters(), **options, fused=True)
    except RuntimeError:  # on a processor from PyTorch 2.4 on
        return torch.optim.Adam(net.parameters(), **options)


class Training:
    def __init__(self, work, seed, path):
        torch.manual_seed(seed)
        self.work = work
        self.generator, self.critic = networks(work)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.generator_opt, self.critic_opt = (adam(net, work) for net in (self.generator, self.critic))
        self.batches = Batches(path, work['batch'])
        self.augment = [augmentations[name] for name in work['augment'].split(',') if name]
        self.generated = 0
        self.critic_steps = 0

    def set_rate(self, done):
        """The learning rate after a share of the budget."""
        falls = max(0, 2 * done - 1) if self.work['schedule'] == 'linear' else 0
        for opt in (self.generator_opt, self.critic_opt):
            for group in opt.param_groups:
                group['lr'] = self.work['lr'] * (1 - min(falls, 1))

    def noise(self):
        return torch.randn(self.work['batch'], self.work['latent'])

    def scores(self, images):
        for augment in self.augment:
            images = augment(images)
        return self.critic(images)

    def critic_step(self):
        self.critic.requires_grad_(True)
        real = self.batches.next()
        with torch.no_grad():
            fake = self.generator(self.noise())
        penalised = []
        if self.critic_steps % self.work['every'] == 0:
            images = {'r1': real, 'r2': fake}
            penalised = [images[name].requires_grad_(True) for name in self.work['penalties'].split(',') if name]
        self.critic_steps += 1
        real_scores, fake_scores = self.scores(real), self.scores(fake)
        if self.work['loss'] == 'hinge':
            loss = F.relu(1 - real_scores).mean() + F.relu(1 + fake_scores).mean()
        else:
            loss = F.softplus(fake_scores - real_scores).mean()
        if penalised:
            slopes = torch.autograd.grad(real_scores.sum() + fake_scores.sum(), penalised, create_graph=True)
            weight = self.work['every'] * self.work['gamma'] / 2
            loss = loss + sum(weight * slope.square().sum((1, 2, 3)).mean() for slope in slopes)
        self.critic_opt.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_opt.step()

    def generator_step(self):
        self.critic.requires_grad_(False)
        scores = self.scores(self.generator(self.noise()))
        if self.work['loss'] == 'hinge':
            loss = -scores.mean()
        else:
            loss = F.softplus(self.scores(self.batches.next()) - scores).mean()
        self.generator_opt.zero_grad(set_to_none=True)
        loss.backward()
        self.generator_opt.step()
        self.update_average()

    @torch.no_grad()
    def update_average(self):
        half_life = min(self.work['ema'], 0.05 * self.generated)
        beta = 0.5 ** (self.work['batch'] / half_life) if half_life > 0 else 0.0
        averages, currents = list(self.average.parameters()), list(self.generator.parameters())
        torch._foreach_mul_(averages, beta)
        torch._foreach_add_(averages, currents, alpha=1 - beta)
        for average, current in zip(self.average.buffers(), self.generator.buffers()):
            average.copy_(current)
        self.generated += self.work['batch']

    @torch.no_grad()
    def draw(self, seed):
        """Bytes as this project rounds them; points as floats. [n, height, width, channels]"""
        random = torch.Generator().manual_seed(1000 + seed)
        parts = []
        for done in range(0, self.work['samples'], 250):
            n = min(250, self.work['samples'] - done)
            images = self.average(torch.randn(n, self.work['latent'], generator=random)).permute(0, 2, 3, 1)
            parts.append(images if self.work['size'] == 1 else ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8))
        return torch.cat(parts).contiguous().numpy()


def main():
    job = json.loads(sys.argv[1])
    work, seed, folder = job['work'], job['seed'], job['dir']
    torch.set_num_threads(job['threads'])
    training = Training(work, seed, f'{folder}/real.npy')
    images, paused, began = 0, 0.0, time.perf_counter()
    seconds = lambda: time.perf_counter() - began - paused
    most = job['evaluations'][-1]
    done = lambda: images / most['images'] if 'images' in most else seconds() / most['seconds']
    for target in job['evaluations']:
        while images < target['images'] if 'images' in target else seconds() < target['seconds']:
            training.set_rate(done())
            for _ in range(work['nCrit']):
                training.critic_step()
                images += work['batch']
            training.generator_step()
        at, start = seconds(), time.perf_counter()
        file = f'{folder}/peer-{seed}-{images}.npy'
        np.save(file, training.draw(seed))
        paused += time.perf_counter() - start
        print(json.dumps({'images': images, 'seconds': at, 'file': file}), flush=True)


if __name__ == '__main__':
    main()
