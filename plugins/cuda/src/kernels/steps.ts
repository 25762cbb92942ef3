import type {KernelSource} from '../gpu.js';
import type {View} from './kernel.js';
import {source} from './source.js';

/** A variant of a source, and how many channels it takes at a time (STEP). */
export interface Step {
  source: KernelSource;
  step: 1 | 4;
}

/** The variants of a source of kernels/ for images: four channels at a time where all images given allow it. */
export function bySteps(file: string): (...images: View[]) => Step {
  const [one, four] = ([1, 4] as const).map((step) => ({
    source: source(file, `${step}`, {STEP: `${step}`}),
    step,
  })) as [Step, Step];
  return (...images) =>
    images.every(({shape, address}) => shape.at(-1)! % 4 === 0 && address % 16n === 0n) ? four : one;
}
