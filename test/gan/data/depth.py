"""Writes images of 16 bits and of floats with numpy, zlib and Pillow, and reads what gan made of them."""
import json
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageCms

colour_types = {1: 0, 2: 4, 3: 2, 4: 6}


def chunk(kind, content):
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))


def write_png(path, pixels, *chunks):
    height, width, channels = pixels.shape
    rows = b''.join(b'\0' + row.astype('>u2').tobytes() for row in pixels)
    header = struct.pack('>IIBBBBB', width, height, 16, colour_types[channels], 0, 0, 0)
    parts = [chunk(b'IHDR', header), *chunks, chunk(b'IDAT', zlib.compress(rows)), chunk(b'IEND', b'')]
    with open(path, 'wb') as file:
        file.write(b'\x89PNG\r\n\x1a\n' + b''.join(parts))


def read_png(path):
    """Pixels of a PNG file of 16 bits without filters and interlace."""
    data = open(path, 'rb').read()
    at, rows = 8, b''
    while at < len(data):
        length, kind = struct.unpack('>I4s', data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        if kind == b'IHDR':
            width, height, bits, colour = struct.unpack('>IIBB', content[:10])
        if kind == b'IDAT':
            rows += content
        at += 12 + length
    assert bits == 16, bits
    channels = {type: n for n, type in colour_types.items()}[colour]
    raw = np.frombuffer(zlib.decompress(rows), np.uint8).reshape(height, -1)
    assert not raw[:, 0].any()
    return np.ascontiguousarray(raw[:, 1:]).view('>u2').reshape(height, width, channels).astype(np.uint16)


def write(folder):
    height, width = 40, 24
    y, x = np.mgrid[0:height, 0:width]
    grey = ((np.sin(x / 5) + np.cos(y / 7) + 2) / 4 * 65535).round().astype(np.uint16)
    rgb = np.stack([grey, grey[::-1], 65535 - grey], -1)
    rgba = np.concatenate([rgb, (grey // 2 + 20000)[..., None].astype(np.uint16)], -1)
    Image.fromarray(grey).save(f'{folder}/grey.png')
    Image.fromarray((grey / 65535).astype(np.float32)).save(f'{folder}/float.tif')
    write_png(f'{folder}/rgb.png', rgb)
    write_png(f'{folder}/rgba.png', rgba)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    write_png(f'{folder}/profile.png', rgb, chunk(b'iCCP', b'x\0\0' + zlib.compress(profile)))
    files = {'grey.png': grey, 'float.tif': grey, 'rgb.png': rgb, 'rgba.png': rgba, 'profile.png': rgb}
    found = {name: pixels.ravel().tolist() for name, pixels in files.items()}
    for h, w in [(80, 48), (20, 12)]:
        planes = [Image.fromarray(rgb[..., c].astype(np.float32)).resize((w, h), Image.BILINEAR) for c in range(3)]
        found[f'{h}x{w}'] = np.stack([np.asarray(plane) for plane in planes], -1).ravel().tolist()
    found['trained'] = (rgb.astype(np.float32) / np.float32(65535) * 2 - 1).ravel().tolist()
    return found


def packed(file):
    data = open(file, 'rb').read()
    length = struct.unpack('<Q', data[:8])[0]
    images = json.loads(data[8:8 + length])['images']
    begin, end = images['data_offsets']
    values = np.frombuffer(data[8 + length + begin:8 + length + end], '<u2')
    return {'dtype': images['dtype'], 'shape': images['shape'], 'values': values.tolist()}


if sys.argv[1] == 'write':
    print(json.dumps(write(sys.argv[2])))
elif sys.argv[1] == 'packed':
    print(json.dumps(packed(sys.argv[2])))
elif sys.argv[1] == 'png':
    print(json.dumps([read_png(path).ravel().tolist() for path in sys.argv[2:]]))
else:
    array = np.load(sys.argv[2])
    print(json.dumps({'dtype': str(array.dtype), 'shape': array.shape, 'values': array.ravel().tolist()}))
