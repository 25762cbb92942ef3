"""The WGAN of fastai's documentation in plain PyTorch. The networks are those of src/gan/nets, layer by layer; data lie in memory."""
import torch
from torch import nn


def conv_layer(ni, nf, ks, stride, padding, activation, norm=True, transpose=False):
    kind = nn.ConvTranspose2d if transpose else nn.Conv2d
    layers = [kind(ni, nf, ks, stride=stride, padding=padding, bias=not norm)]
    if norm:
        layers.append(nn.BatchNorm2d(nf))
    return nn.Sequential(*layers, activation())


def critic(size, features=64):
    leaky = lambda: nn.LeakyReLU(0.2, inplace=True)
    layers = [conv_layer(3, features, 4, 2, 1, leaky, norm=False), conv_layer(features, features, 3, 1, 1, leaky)]
    side = size // 2
    while side > 4:
        layers.append(conv_layer(features, features * 2, 4, 2, 1, leaky))
        features, side = features * 2, side // 2
    return nn.Sequential(*layers, nn.Conv2d(features, 1, 4), nn.Flatten())


def generator(size, latent=100):
    relu = lambda: nn.ReLU(inplace=True)
    features = 32 * (size // 4)
    layers = [nn.Unflatten(1, (latent, 1, 1)), conv_layer(latent, features, 4, 1, 0, relu, transpose=True)]
    side = 4
    while side < size // 2:
        layers.append(conv_layer(features, features // 2, 4, 2, 1, relu, transpose=True))
        features, side = features // 2, side * 2
    layers.append(conv_layer(features, features, 3, 1, 1, relu, transpose=True))
    return nn.Sequential(*layers, nn.ConvTranspose2d(features, 3, 4, stride=2, padding=1, bias=False), nn.Tanh())


class Wgan:
    """Critic and generator steps of the training in which fastai's GANLearner.wgan ends."""

    networks = staticmethod(lambda size: (critic(size), generator(size)))

    def __init__(self, size, batch, device='cpu', memory_format=torch.contiguous_format, compiled=False):
        torch.manual_seed(42)
        self.device = device
        self.critic, self.generator = (net.to(device, memory_format=memory_format) for net in self.networks(size))
        make = lambda net: torch.optim.RMSprop(net.parameters(), lr=2e-4, alpha=0.99, eps=1e-8)
        self.critic_opt, self.generator_opt = make(self.critic), make(self.generator)
        if compiled:
            self.critic, self.generator = torch.compile(self.critic), torch.compile(self.generator)
        self.real = (torch.rand(batch, 3, size, size) * 2 - 1).to(device, memory_format=memory_format)
        self.batch = batch

    def critic_step(self):
        for parameter in self.critic.parameters():
            parameter.requires_grad_(True)
            parameter.data.clamp_(-0.01, 0.01)
        with torch.no_grad():
            fake = self.generator(torch.randn(self.batch, 100, device=self.device))
        loss = self.critic(self.real).mean() - self.critic(fake).mean()
        self.critic_opt.zero_grad()
        loss.backward()
        self.critic_opt.step()
        return loss

    def generator_step(self):
        for parameter in self.critic.parameters():
            parameter.requires_grad_(False)
        loss = self.critic(self.generator(torch.randn(self.batch, 100, device=self.device))).mean()
        self.generator_opt.zero_grad()
        loss.backward()
        self.generator_opt.step()
        return loss
