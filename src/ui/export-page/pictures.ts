import {sidesOf} from '../../options/image-size.js';
import {h} from '../page/dom.js';
import type {Facts} from './generator.js';

/**
 * Pixels of image `index` of what the generator gave, by the run's normalisation: grey or RGB, with transparency or
 * without.
 */
export function pixelsOf(values: Float32Array, index: number, {imageSize, channels, mean, std}: Facts): ImageData {
  const [height, width] = sidesOf(imageSize);
  const count = height * width;
  const pixels = new ImageData(width, height);
  const at = index * count * channels;
  for (let i = 0; i < count; i++) {
    const byte = (c: number): number => (values[at + i * channels + c]! * std[c]! + mean[c]!) * 255;
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = byte(channels < 3 ? 0 : c);
    pixels.data[4 * i + 3] = channels % 2 === 0 ? byte(channels - 1) : 255;
  }
  return pixels;
}

export function draw(canvas: HTMLCanvasElement, pixels: ImageData): void {
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
}

/** Canvases of one size in rows of `columns`, as one picture. */
export function sheet(canvases: readonly HTMLCanvasElement[], columns: number): HTMLCanvasElement {
  const gap = 2;
  const {width, height} = canvases[0]!;
  const result = h('canvas', {
    width: columns * (width + gap) - gap,
    height: Math.ceil(canvases.length / columns) * (height + gap) - gap,
  });
  const context = result.getContext('2d')!;
  canvases.forEach((canvas, i) =>
    context.drawImage(canvas, (i % columns) * (width + gap), Math.floor(i / columns) * (height + gap)),
  );
  return result;
}

export function download(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((blob) => {
    if (!blob) return;
    const link = h('a', {href: URL.createObjectURL(blob), download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }, 'image/png');
}
