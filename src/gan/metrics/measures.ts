import {checkerboardEnergy} from './checkerboard.js';
import {frechetDistance} from './frechet.js';
import {kernelDistance} from './kid.js';
import {countModes} from './modes.js';
import {meanSimilarity} from './ms-ssim.js';
import {prdc} from './prdc.js';
import {pyramidDistances} from './swd-pyramid.js';

/** What metrics are made of, for plug-ins as for the built-in ones. */
export const measures = {
  checkerboardEnergy,
  countModes,
  frechetDistance,
  kernelDistance,
  meanSimilarity,
  prdc,
  pyramidDistances,
};

export type Measures = typeof measures;
