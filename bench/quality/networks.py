"""The networks of src/gan/nets/resnet.ts (SNGAN, arXiv 1802.05957, appendix B.4), light.ts and mlp.ts in plain PyTorch."""
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


class Blur(nn.Module):
    """The filter [1, 2, 1] along both axes, zeros beyond the border."""

    def __init__(self, channels):
        super().__init__()
        taps = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer('taps', (taps[:, None] * taps).expand(channels, 1, 3, 3).contiguous())

    def forward(self, x):
        return F.conv2d(x, self.taps, padding=1, groups=x.shape[1])


def widened(weight):
    """A 3x3 filter with a 2x2 box: 4x4."""
    padded = F.pad(weight, (1, 1, 1, 1))
    return padded[..., 1:, 1:] + padded[..., 1:, :-1] + padded[..., :-1, 1:] + padded[..., :-1, :-1]


class UpConv(nn.Module):
    """Nearest-neighbour upsampling by 2 and a 3x3 convolution, as one transposed convolution with stride 2."""

    def __init__(self, ni, nf):
        super().__init__()
        self.conv = light_layer(nn.Conv2d(ni, nf, 3))

    def forward(self, x):
        weight = widened(self.conv.weight.flip(2, 3)).transpose(0, 1)
        return F.conv_transpose2d(x, weight, self.conv.bias, stride=2, padding=1)


class DownConv(nn.Module):
    """A 3x3 convolution and the means of 2x2 pixels, as one convolution with stride 2."""

    def __init__(self, ni, nf):
        super().__init__()
        self.conv = light_layer(nn.Conv2d(ni, nf, 3))

    def forward(self, x):
        return F.conv2d(x, widened(self.conv.weight) / 4, self.conv.bias, stride=2, padding=1)


class PixelNorm(nn.Module):
    def forward(self, x):
        return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class MinibatchStddev(nn.Module):
    """One channel more: the standard deviation over groups of four images (arXiv 1710.10196, section 3)."""

    def forward(self, x):
        n, c, h, w = x.shape
        group = max(size for size in range(1, 5) if n % size == 0)
        deviations = (x.reshape(group, n // group, c * h * w).var(0, correction=0) + 1e-8).sqrt()
        channel = deviations.mean(1).repeat(group).reshape(n, 1, 1, 1).expand(n, 1, h, w)
        return torch.cat([x, channel], 1)


def light_layer(layer):
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


class LightGenerator(nn.Module):
    def __init__(self, size, channels, latent, width, extra):
        super().__init__()
        count, self.base = halvings(size)
        at = lambda stage: min(width * 2**stage, 256)
        self.dense = light_layer(nn.Linear(latent, self.base * self.base * at(count)))
        act = lambda: [PixelNorm(), nn.LeakyReLU(0.2)]
        block = lambda nf: Residual(light_layer(nn.Conv2d(nf, nf, 3, padding=1)), *act())
        stage = lambda nf: [*act(), *(block(nf) for _ in range(extra))]
        layers = stage(at(count))
        for i in range(count, 0, -1):
            layers += [UpConv(at(i), at(i - 1)), Blur(at(i - 1)), *stage(at(i - 1))]
        self.layers = nn.Sequential(*layers, prepared(nn.Conv2d(at(0), channels, 1), 1), nn.Tanh())

    def forward(self, z):
        # rows of pixels, as this project's images are
        x = self.dense(z).view(len(z), self.base, self.base, -1).permute(0, 3, 1, 2)
        return self.layers(x)


class LightCritic(nn.Module):
    def __init__(self, size, channels, width, extra):
        super().__init__()
        count, base = halvings(size)
        at = lambda stage: min(width * 2**stage, 256)
        layers = []
        for i in range(count):
            ni = channels if i == 0 else at(i)
            layers += [Blur(ni), DownConv(ni, at(i + 1)), nn.LeakyReLU(0.2)]
            layers += (Residual(light_layer(nn.Conv2d(at(i + 1), at(i + 1), 3, padding=1)), nn.LeakyReLU(0.2)) for _ in range(extra))
        self.layers = nn.Sequential(*layers, MinibatchStddev())
        self.dense = light_layer(nn.Linear(base * base * (at(count) + 1), 1))

    def forward(self, x):
        return self.dense(self.layers(x).flatten(1))


def mlp(ni, nf, width, layers):
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
        layers = work['layers']
        values = size * size * channels
        generator = nn.Sequential(mlp(latent, values, width, layers), nn.Unflatten(1, (channels, size, size)))
        return generator, nn.Sequential(nn.Flatten(), mlp(values, 1, width, layers))
    if work['arch'] == 'light':
        nets = LightGenerator(size, channels, latent, width, work['extra']), LightCritic(size, channels, width, work['extra'])
        return tuple(net.to(memory_format=torch.channels_last) for net in nets)
    nets = ResnetGenerator(size, channels, latent, width), ResnetCritic(size, channels, width, work['spectral'])
    return tuple(net.to(memory_format=torch.channels_last) for net in nets)
