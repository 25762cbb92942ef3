/**
 * The built-in images: one simple shape each, of a random kind, colour, place, angle and size, on a soft background.
 * Drawn by the program, so that it can train with no download. Kinds and colours are even, so that a generator which
 * makes a few only (mode collapse) is found out at a glance.
 */
import {GanError} from '../../errors.js';
import {Rng} from '../rng.js';
import type {Channels, Rgb} from './pixels.js';
import {outlines, shapeNames, type ShapeName} from './shape-outlines.js';
import type {FiniteSource} from './types.js';

export interface ShapesOptions {
  /** Pixels: the side of a square, or [height, width]; each >= 4. Default 64. */
  size?: number | readonly [number, number];
  /** Grey, RGB (default), or RGB with an opaque fourth channel. */
  channels?: Channels;
  /** How many images there are. Default 8192. */
  items?: number;
  /** Another seed, another set. Default 0. */
  seed?: number | string;
}

/**
 * The content of one image. Lengths are in units of the shorter side. Positions are relative to the centre, y
 * downwards.
 */
export interface Scene {
  kind: ShapeName;
  x: number;
  y: number;
  radius: number;
  /** Radians. */
  angle: number;
  /** 0..255, as all colours here. */
  colour: Rgb;
  /** The background goes from one colour to the other. */
  background: readonly [Rgb, Rgb];
  /** Direction of that change, radians. */
  slope: number;
}

/**
 * @returns items [height, width, channels], bytes; about 0.1 ms for 64x64
 * @throws GanError GAN_SHAPES_OPTIONS for sizes or counts that make no sense
 */
export function shapesSource({size = 64, channels = 3, items = 8192, seed = 0}: ShapesOptions = {}): FiniteSource {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  for (const [name, value, least] of [
    ['height', height, 4],
    ['width', width, 4],
    ['items', items, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new GanError(
        'config',
        'GAN_SHAPES_OPTIONS',
        `builtin:shapes with ${name} ${value}; a whole number of at least ${least} is needed`,
      );
    }
  }
  return {
    shape: [height, width, channels],
    size: items,
    read: (index) => drawScene(shapesScene(index, seed), height, width, channels),
    describe: (index) => `builtin:shapes ${index} (${shapesScene(index, seed).kind})`,
    labelling: {names: shapeNames, each: 'one', of: (index) => [shapeNames.indexOf(shapesScene(index, seed).kind)]},
  };
}

/** Returns the content of image `index` of the set. */
export function shapesScene(index: number, seed: number | string = 0): Scene {
  const rng = new Rng(seed).fork('shapes', index);
  const between = (low: number, high: number) => low + (high - low) * rng.float();
  const kind = shapeNames[rng.int(shapeNames.length)]!;
  const radius = between(0.2, 0.34);
  const room = 0.47 - radius; // so that the shape stays inside, at any angle
  const dark = rng.float() < 0.5; // a light shape on a dark background, or the reverse
  const hue = rng.float();
  const backHue = hue + between(0.25, 0.75);
  const backdrop = () =>
    hsl(backHue + between(-0.08, 0.08), between(0.25, 0.55), dark ? between(0.1, 0.26) : between(0.78, 0.93));
  return {
    kind,
    radius,
    x: between(-room, room),
    y: between(-room, room),
    angle: between(0, 2 * Math.PI),
    colour: hsl(hue, between(0.65, 0.95), dark ? between(0.52, 0.68) : between(0.36, 0.5)),
    background: [backdrop(), backdrop()],
    slope: between(0, 2 * Math.PI),
  };
}

/** Bytes [height, width, channels]; edges are antialiased by the distance to the outline. */
export function drawScene(scene: Scene, height: number, width: number, channels: Channels): Uint8Array {
  const unit = Math.min(height, width);
  const outline = outlines[scene.kind];
  const radius = scene.radius * unit; // pixels
  const centreX = width / 2 + scene.x * unit;
  const centreY = height / 2 + scene.y * unit;
  const turnX = Math.cos(scene.angle) / radius;
  const turnY = Math.sin(scene.angle) / radius;
  const slopeX = Math.cos(scene.slope) / Math.hypot(height, width);
  const slopeY = Math.sin(scene.slope) / Math.hypot(height, width);
  const [[r0, g0, b0], [r1, g1, b1]] = scene.background;
  const [red, green, blue] = scene.colour;
  const out = new Uint8Array(height * width * channels).fill(255);
  for (let y = 0, at = 0; y < height; y++) {
    const dy = y + 0.5 - centreY;
    for (let x = 0; x < width; x++, at += channels) {
      const dx = x + 0.5 - centreX;
      const ramp = 0.5 + slopeX * (x + 0.5 - width / 2) + slopeY * (y + 0.5 - height / 2); // 0..1
      let r = r0 + (r1 - r0) * ramp;
      let g = g0 + (g1 - g0) * ramp;
      let b = b0 + (b1 - b0) * ramp;
      if (Math.abs(dx) <= radius + 1 && Math.abs(dy) <= radius + 1) {
        const distance = radius * outline(turnX * dx + turnY * dy, turnX * dy - turnY * dx); // pixels
        const cover = Math.min(Math.max(0.5 - distance, 0), 1);
        r += (red - r) * cover;
        g += (green - g) * cover;
        b += (blue - b) * cover;
      }
      if (channels <= 2)
        out[at] = 0.299 * r + 0.587 * g + 0.114 * b + 0.5; // luma of ITU-R BT.601
      else {
        out[at] = r + 0.5;
        out[at + 1] = g + 0.5;
        out[at + 2] = b + 0.5;
      }
    }
  }
  return out;
}

/** Hue (any number, 1 = once around), saturation and lightness 0..1 to RGB 0..255 (CSS Color 4, hslToRgb). */
function hsl(hue: number, saturation: number, lightness: number): Rgb {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number) => {
    const k = (((n + hue * 12) % 12) + 12) % 12;
    return 255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}
