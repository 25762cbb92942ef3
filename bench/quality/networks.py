"""The networks of src/gan/nets/resnet.ts (SNGAN, arXiv 1802.05957, appendix B.4) and mlp.ts in plain PyTorch."""
import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm


def conv(ni, nf, size, gain, spectral=False):
    layer = nn.Conv2d(ni, nf, size, padding=size // 2)
    return prepared(layer, gain, spectral)


def prepared(layer, gain, spectral=False):
    nn.init.xavier_uniform_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return spectral_norm(layer) if spectral else layer


class GeneratorBlock(nn.Module):
    def __init__(self, ni, nf):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(ni), nn.BatchNorm2d(nf)
        self.conv1, self.conv2 = conv(ni, nf, 3, math.sqrt(2)), conv(nf, nf, 3, math.sqrt(2))
        self.shortcut = conv(ni, nf, 1, 1)

    def forward(self, x):
        y = self.conv1(F.interpolate(F.relu(self.norm1(x)), scale_factor=2))
        y = self.conv2(F.relu(self.norm2(y)))
        return y + F.interpolate(self.shortcut(x), scale_factor=2)


class CriticBlock(nn.Module):
    def __init__(self, ni, nf, spectral, halve=False, first=False):
        super().__init__()
        inner = nf if first else ni
        self.first, self.halve = first, halve
        self.conv1, self.conv2 = conv(ni, inner, 3, math.sqrt(2), spectral), conv(inner, nf, 3, math.sqrt(2), spectral)
        self.shortcut = conv(ni, nf, 1, 1, spectral) if halve or ni != nf else nn.Identity()

    def forward(self, x):
        y = self.conv1(x if self.first else F.relu(x))
        y = self.conv2(F.relu(y))
        if self.halve:
            y, x = F.avg_pool2d(y, 2), F.avg_pool2d(x, 2)
        return y + self.shortcut(x)


def widths(size, width, part):
    """Channels by the number of halvings from the image."""
    return (lambda stage: -(-width // part)) if size <= 32 else (lambda stage: width * 2 ** min(stage, 4))


def halvings(size):
    count = 0
    while size > 4 and size % 2 == 0:
        size, count = size // 2, count + 1
    return count, size


class ResnetGenerator(nn.Module):
    def __init__(self, size, channels, latent, width):
        super().__init__()
        count, self.base = halvings(size)
        at = widths(size, width, 1)
        self.dense = prepared(nn.Linear(latent, self.base * self.base * at(count)), 1)
        self.blocks = nn.Sequential(*(GeneratorBlock(at(i), at(i - 1)) for i in range(count, 0, -1)))
        self.norm, self.out = nn.BatchNorm2d(at(0)), conv(at(0), channels, 3, 1)

    def forward(self, z):
        x = self.dense(z).view(len(z), -1, self.base, self.base).contiguous(memory_format=torch.channels_last)
        return torch.tanh(self.out(F.relu(self.norm(self.blocks(x)))))


class ResnetCritic(nn.Module):
    def __init__(self, size, channels, width, spectral):
        super().__init__()
        flat = size <= 32
        at = widths(size, width, 2)
        downs = min(halvings(size)[0], 2) if flat else halvings(size)[0]
        last = at(downs)
        blocks = [CriticBlock(channels if i == 0 else at(i - 1), at(i), spectral, halve=True, first=i == 0) for i in range(downs)]
        if flat:
            blocks.append(CriticBlock(last, last, spectral))
        blocks.append(CriticBlock(last if flat else at(downs - 1), last, spectral))
        self.blocks = nn.Sequential(*blocks)
        self.dense = prepared(nn.Linear(last, 1), 1, spectral)

    def forward(self, x):
        return self.dense(F.relu(self.blocks(x)).sum((2, 3)))


def mlp(ni, nf, width, layers=3):
    sizes = [ni] + [width] * layers
    parts = []
    for a, b in zip(sizes, sizes[1:]):
        parts += [nn.Linear(a, b), nn.ReLU()]
    net = nn.Sequential(*parts, nn.Linear(width, nf))
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
    return net


def networks(work):
    size, channels, latent, width = (work[name] for name in ('size', 'channels', 'latent', 'width'))
    if work['arch'] == 'mlp':
        values = size * size * channels
        generator = nn.Sequential(mlp(latent, values, width), nn.Unflatten(1, (channels, size, size)))
        return generator, nn.Sequential(nn.Flatten(), mlp(values, 1, width))
    nets = ResnetGenerator(size, channels, latent, width), ResnetCritic(size, channels, width, work['spectral'])
    return tuple(net.to(memory_format=torch.channels_last) for net in nets)
