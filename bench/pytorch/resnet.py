"""The residual networks of SNGAN (arXiv 1802.05957, appendix B.4) in plain PyTorch, with 32 channels next to the image. The networks are those of src/gan/nets/resnet.ts."""
from torch import nn

from wgan import Wgan

FEATURES = 32


class Residual(nn.Module):
    def __init__(self, branch, shortcut):
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x):
        return self.branch(x) + self.shortcut(x)


class GlobalSum(nn.Module):
    def forward(self, x):
        return x.sum((2, 3))


def conv(ni, nf, ks=3):
    return nn.Conv2d(ni, nf, ks, padding=ks // 2)


def up(ni, nf):
    branch = [nn.BatchNorm2d(ni), nn.ReLU(inplace=True), nn.Upsample(scale_factor=2), conv(ni, nf), nn.BatchNorm2d(nf), nn.ReLU(inplace=True), conv(nf, nf)]
    return Residual(nn.Sequential(*branch), nn.Sequential(conv(ni, nf, 1), nn.Upsample(scale_factor=2)))


def down(ni, nf, first=False):
    between = nf if first else ni
    branch = [*([] if first else [nn.ReLU()]), conv(ni, between), nn.ReLU(inplace=True), conv(between, nf), nn.AvgPool2d(2)]
    return Residual(nn.Sequential(*branch), nn.Sequential(nn.AvgPool2d(2), conv(ni, nf, 1)))


def plain(ni, nf):
    return Residual(nn.Sequential(nn.ReLU(), conv(ni, ni), nn.ReLU(inplace=True), conv(ni, nf)), nn.Identity() if ni == nf else conv(ni, nf, 1))


def channels(size):
    """From the image to 4 x 4 pixels."""
    return [FEATURES * 2 ** min(stage, 4) for stage in range((size // 4).bit_length())]


def generator(size, latent=100):
    widths = channels(size)[::-1]
    blocks = [up(ni, nf) for ni, nf in zip(widths, widths[1:])]
    start = [nn.Linear(latent, 16 * widths[0]), nn.Unflatten(1, (widths[0], 4, 4))]
    return nn.Sequential(*start, *blocks, nn.BatchNorm2d(widths[-1]), nn.ReLU(inplace=True), conv(widths[-1], 3), nn.Tanh())


def critic(size):
    widths = channels(size)
    blocks = [down(3, widths[0], first=True), *(down(ni, nf) for ni, nf in zip(widths[:-2], widths[1:-1]))]
    return nn.Sequential(*blocks, plain(widths[-2], widths[-1]), nn.ReLU(), GlobalSum(), nn.Linear(widths[-1], 1))


class Resnet(Wgan):
    """The steps of a WGAN."""

    networks = staticmethod(lambda size: (critic(size), generator(size)))
