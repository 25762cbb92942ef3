import {GanError} from '../../errors.js';
import type {DeepTensor, HostData, HostTensor} from './host-tensor.js';

/** Mean and standard deviation per channel, of pixels in [0, 1]. */
export interface ChannelStats {
  mean: readonly number[];
  std: readonly number[];
}

/** Mean and standard deviation of ImageNet's RGB training images, as torchvision and fastai document them. */
export const imagenetStats: ChannelStats = {mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]};

/**
 * Turns pixel bytes into (pixel / 255 - mean) / std per channel, and back.
 * Rounds to float32 after every operation, as fastai does, so that the results are the same bit for bit.
 */
export class Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly #table: Float32Array;

  /** @throws GanError GAN_NORMALIZATION when the lengths differ, or a std is not positive */
  constructor({mean, std}: ChannelStats) {
    if (
      mean.length === 0 ||
      mean.length !== std.length ||
      ![...mean, ...std].every(Number.isFinite) ||
      std.some((s) => s <= 0)
    ) {
      throw new GanError(
        'config',
        'GAN_NORMALIZATION',
        `normalisation with mean [${mean.join(', ')}] and std [${std.join(', ')}] is impossible`,
        {
          suggestions: ['Give one mean and one std above 0 per channel, for pixels in [0, 1].'],
        },
      );
    }
    this.mean = [...mean];
    this.std = [...std];
    const channels = mean.length;
    const mean32 = Float32Array.from(mean);
    const std32 = Float32Array.from(std);
    this.#table = Float32Array.from({length: 256 * channels}, (_, i) => {
      const c = i % channels;
      const pixel = Math.fround(Math.floor(i / channels) / 255);
      return Math.fround(pixel - mean32[c]!) / std32[c]!;
    });
  }

  /** Mean and std 0.5 in every channel: bytes 0..255 become [-1, 1]. */
  static symmetric(channels: number): Normalization {
    const halves = new Array<number>(channels).fill(0.5);
    return new Normalization({mean: halves, std: halves});
  }

  get channels(): number {
    return this.mean.length;
  }

  /**
   * Returns the normalised value of each byte, at [byte * channels + channel]. Always returns the same array.
   * @param shape of the bytes, ending in the channels
   * @throws GanError GAN_NORMALIZATION when that is another number of channels
   */
  tableFor(shape: readonly number[]): Float32Array {
    this.#check(shape);
    return this.#table;
  }

  /**
   * Bytes, normalised; floats are returned as they are (the same array).
   * @param tensor any shape that ends in the channels
   * @returns [same shape], float32
   * @throws GanError GAN_NORMALIZATION when bytes have another number of channels
   */
  apply(tensor: HostTensor): Float32Array {
    const {data} = tensor;
    if (data instanceof Float32Array) return data;
    const table = this.tableFor(tensor.shape);
    const channels = this.channels;
    const out = new Float32Array(data.length);
    for (let i = 0; i < data.length;) {
      for (let c = 0; c < channels; c++, i++) out[i] = table[data[i]! * channels + c]!;
    }
    return out;
  }

  /**
   * Values of 0 to 65535, normalised: 257 times a byte becomes what the byte does.
   * @param shape any that ends in the channels
   * @throws GanError GAN_NORMALIZATION for another number of channels
   */
  applyDeep(values: Uint16Array, shape: readonly number[]): Float32Array {
    this.#check(shape);
    const {channels} = this;
    const mean = Float32Array.from(this.mean);
    const std = Float32Array.from(this.std);
    const out = new Float32Array(values.length);
    for (let i = 0; i < values.length;) {
      for (let c = 0; c < channels; c++, i++)
        out[i] = Math.fround(Math.fround(values[i]! / 65535) - mean[c]!) / std[c]!;
    }
    return out;
  }

  /** As `undo`, in 16 bits. */
  undoDeep(values: Float32Array, shape: readonly number[]): DeepTensor {
    this.#check(shape);
    const {mean, std, channels} = this;
    const data = new Uint16Array(values.length);
    for (let i = 0; i < values.length;) {
      for (let c = 0; c < channels; c++, i++) {
        const value = (values[i]! * std[c]! + mean[c]!) * 65535;
        data[i] = Math.min(Math.max(Math.round(value), 0), 65535); // NaN becomes 0
      }
    }
    return {data, shape: [...shape]};
  }

  /**
   * Pixel bytes of normalised values: rounded to the nearest byte, ties to the even one, and clamped; NaN becomes 0.
   * @param values flat, any shape that ends in the channels
   */
  undo(values: HostData, shape: readonly number[]): HostTensor {
    this.#check(shape);
    if (values instanceof Uint8Array) return {data: values, shape: [...shape]};
    const {mean, std, channels} = this;
    const out = new Uint8ClampedArray(values.length); // rounds and clamps what is assigned to it
    for (let i = 0; i < values.length;) {
      for (let c = 0; c < channels; c++, i++) out[i] = (values[i]! * std[c]! + mean[c]!) * 255;
    }
    return {data: new Uint8Array(out.buffer), shape: [...shape]};
  }

  #check(shape: readonly number[]): void {
    if (shape.at(-1) === this.channels) return;
    throw new GanError(
      'config',
      'GAN_NORMALIZATION',
      `normalisation has ${this.channels} channels, the images [${shape.join(', ')}] have ${shape.at(-1) ?? 'none'}`,
      {
        suggestions: ['Give as many means and stds as the images have channels.'],
      },
    );
  }
}
