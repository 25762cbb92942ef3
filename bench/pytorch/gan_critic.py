"""fastai's gan_critic in plain PyTorch, trained to tell two kinds of images apart, as its documentation does before a GAN."""
import torch
from torch import nn
from torch.nn.utils import spectral_norm


def conv(ni, nf, ks, stride, padding, attention=False):
    layers = [spectral_norm(nn.Conv2d(ni, nf, ks, stride=stride, padding=padding)), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, *([SelfAttention(nf)] if attention else []))


class SelfAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.query, self.key, self.value = (spectral_norm(nn.Conv1d(channels, features, 1, bias=False)) for features in (channels // 8, channels // 8, channels))
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        flat = x.flatten(2)
        weights = torch.softmax(torch.bmm(self.query(flat).transpose(1, 2), self.key(flat)), dim=1)
        return (self.gamma * torch.bmm(self.value(flat), weights) + flat).view_as(x)


class Dense(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.layers = nn.Sequential(conv(features, features, 3, 1, 1), conv(features, features, 3, 1, 1))

    def forward(self, x):
        return torch.cat([self.layers(x), x], dim=1)


def gan_critic(features=128, blocks=3, p=0.15):
    layers = [conv(3, features, 4, 2, 1), nn.Dropout2d(p / 2), Dense(features)]
    features *= 2
    for block in range(blocks):
        layers += [nn.Dropout2d(p), conv(features, features * 2, 4, 2, 1, attention=block == 0)]
        features *= 2
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(features, 1, 4, bias=False)), nn.Flatten())


class GanCritic:
    """A step of Adam on binary cross-entropy, the first half of the batch being real."""

    def __init__(self, size, batch, memory_format=torch.contiguous_format, compiled=False):
        torch.manual_seed(42)
        self.critic = gan_critic().to(memory_format=memory_format)
        self.opt = torch.optim.Adam(self.critic.parameters(), lr=1e-4, betas=(0.9, 0.99), eps=1e-5, fused=True)
        if compiled:
            self.critic = torch.compile(self.critic)
        self.images = (torch.rand(batch, 3, size, size) * 2 - 1).contiguous(memory_format=memory_format)
        self.labels = (torch.arange(batch) < batch // 2).float()

    def critic_step(self):
        scores = self.critic(self.images)
        loss = nn.functional.binary_cross_entropy_with_logits(scores, self.labels[:, None].expand_as(scores))
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss
