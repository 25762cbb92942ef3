"""basic_generator and basic_critic of fastai in plain torch, and safetensors by hand: the other side of torch.test.ts.

    torch_nets.py run CONFIG WEIGHTS INPUTS RESULTS   loads weights, writes images and scores of the inputs
    torch_nets.py make CONFIG WEIGHTS INPUTS RESULTS  draws weights and inputs itself, writes them all
"""
import json
import struct
import sys

import torch
from torch import nn
from torch.nn.utils import spectral_norm


def read(path):
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    (length,) = struct.unpack('<Q', data[:8])
    header = json.loads(data[8:8 + length])
    header.pop('__metadata__', None)
    types = {'F32': torch.float32, 'I64': torch.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry['data_offsets'])
        tensors[name] = torch.frombuffer(data[begin:end], dtype=types[entry['dtype']]).reshape(entry['shape']).clone()
    return tensors


def write(path, tensors):
    header, body = {}, b''
    for name, tensor in tensors.items():
        raw = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {'dtype': {torch.float32: 'F32', torch.int64: 'I64'}[tensor.dtype], 'shape': list(tensor.shape), 'data_offsets': [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + body)


class AddChannels(nn.Module):
    def forward(self, x):
        return x[..., None, None]


def conv_layer(conv, ni, nf, ks, stride, padding, norm):
    """Convolution, norm, ReLU, numbered 0, 1, 2."""
    if norm == 'Batch':
        return nn.Sequential(conv(ni, nf, ks, stride, padding, bias=False), nn.BatchNorm2d(nf), nn.ReLU())
    layer = conv(ni, nf, ks, stride, padding)
    return nn.Sequential(spectral_norm(layer) if norm == 'Spectral' else layer, nn.ReLU())


def generator(size, channels, latent, features, extra, norm):
    sides = size // 4
    f = features // 2 * sides
    layers = [AddChannels(), conv_layer(nn.ConvTranspose2d, latent, f, 4, 1, 0, norm)]
    side = 4
    while side < size // 2:
        layers.append(conv_layer(nn.ConvTranspose2d, f, f // 2, 4, 2, 1, norm))
        f, side = f // 2, side * 2
    layers += [conv_layer(nn.ConvTranspose2d, f, f, 3, 1, 1, norm) for _ in range(extra)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(f, channels, 4, 2, 1, bias=False), nn.Tanh())


def critic(size, channels, features, extra, norm):
    layers = [conv_layer(nn.Conv2d, channels, features, 4, 2, 1, None)]
    layers += [conv_layer(nn.Conv2d, features, features, 3, 1, 1, norm) for _ in range(extra)]
    side, f = size // 2, features
    while side > 4:
        layers.append(conv_layer(nn.Conv2d, f, 2 * f, 4, 2, 1, norm))
        f, side = 2 * f, side // 2
    return nn.Sequential(*layers, nn.Conv2d(f, 1, 4), nn.Flatten())


class GAN(nn.Module):
    def __init__(self, size, channels, latent, features, extra, norm):
        super().__init__()
        self.generator = generator(size, channels, latent, features, extra, norm)
        self.critic = critic(size, channels, features, extra, norm)


def main(mode, config, weights, inputs, results):
    with open(config) as file:
        config = json.load(file)
    torch.manual_seed(1)
    gan = GAN(**config)
    if mode == 'run':
        gan.load_state_dict(read(weights), strict=True)
        latents = read(inputs)['latents']
    else:
        latents = torch.randn(3, config['latent'])
        for _ in range(3):  # moves running statistics, counters and singular vectors off their starts
            gan.critic(gan.generator(torch.randn(5, config['latent'])))
        write(weights, gan.state_dict())
        write(inputs, {'latents': latents})
    gan.eval()
    with torch.no_grad():
        images = gan.generator(latents)
        write(results, {'images': images, 'scores': gan.critic(images)})


if __name__ == '__main__':
    main(*sys.argv[1:])
