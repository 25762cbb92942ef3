"""Reads lines `KIND SIZE FILE` and writes the pixels that Pillow makes of each, RGB or RGBA."""
import sys
from PIL import Image, ImageOps

fits = {
    'crop': lambda image, size: ImageOps.fit(image, size, Image.BILINEAR),
    'squish': lambda image, size: image.resize(size, Image.BILINEAR),
    'rgba': lambda image, size: ImageOps.fit(image, size, Image.BILINEAR),
}
for line in sys.stdin:
    kind, size, file = line.rstrip('\n').split(' ', 2)
    image = ImageOps.exif_transpose(Image.open(file))
    transparent = image.mode in ('P', 'PA', 'LA', 'RGBA')
    image = image.convert('RGBA' if transparent else 'RGB')
    if kind == 'rgba':
        image = image.convert('RGBA')
    elif transparent:
        white = Image.new('RGBA', image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image).convert('RGB')
    sys.stdout.buffer.write(fits[kind](image, (int(size), int(size))).tobytes())
