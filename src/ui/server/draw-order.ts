import type {DirectionsOrder, DrawOrder} from '../protocol.js';
import {Refused} from './guard.js';

/** Images that one order may want. */
export const mostImages = 16;

/** The order in a body. @throws Refused 400 that says what is wrong */
export function checkOrder(text: string): DrawOrder {
  const {latents, classes, ...order} = parse(text);
  if (!Array.isArray(latents) || latents.length === 0 || latents.length > mostImages || !latents.every(isLatent)) {
    throw new Refused(400, `latents must be 1 to ${mostImages} lists of numbers`);
  }
  if (!latents.every((row) => row.length === latents[0]?.length))
    throw new Refused(400, 'all latents must have the same length');
  if (classes !== undefined && !isLatent(classes)) throw new Refused(400, 'classes must be a list of numbers');
  return {...order, latents, ...(classes && {classes})};
}

/** The same without images. */
export function checkDirectionsOrder(text: string): DirectionsOrder {
  const {latents: _, classes: __, ...order} = parse(text);
  return order;
}

function parse(text: string): DirectionsOrder & {latents: unknown; classes: unknown} {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refused(400, 'the request is not JSON');
  }
  const {run, step, latents, classes, backend, optional} = (value ?? {}) as Record<string, unknown>;
  if (typeof run !== 'string') throw new Refused(400, 'run must be the name of a run');
  if (step !== undefined && !Number.isSafeInteger(step))
    throw new Refused(400, 'step must be the step of a checkpoint');
  if (typeof backend !== 'string' || backend.length > 200)
    throw new Refused(400, 'backend must be the name of a backend');
  return {
    run,
    latents,
    classes,
    backend,
    ...(step !== undefined && {step: step as number}),
    ...(optional === true && {optional}),
  };
}

const isLatent = (row: unknown): row is number[] =>
  Array.isArray(row) && row.length > 0 && row.every((value) => typeof value === 'number' && Math.abs(value) < 1e6);
