import type {SystemLimits} from 'gankit/plugin';
import {instructionSets, type InstructionSet} from './addon.js';

/** The user's options. */
export interface Options {
  threads: number | undefined;
  isa: 'auto' | InstructionSet;
  precision: 'fp32' | 'bf16';
}

/** What the device will use; no `widest` stands for what the processor has. */
export interface Settings {
  threads: number;
  widest?: InstructionSet;
  /** The factors of products are rounded to bfloat16. */
  bf16: boolean;
}

/** The options, and GAN_NATIVE_ISA where they leave the instruction set open. */
export function settings({threads, isa, precision}: Options, {processors}: SystemLimits): Settings {
  const wanted = isa === 'auto' ? process.env['GAN_NATIVE_ISA'] : isa;
  const widest = instructionSets.find((name) => name === wanted);
  return {threads: threads ?? processors.value, ...(widest && {widest}), bf16: precision === 'bf16'};
}
