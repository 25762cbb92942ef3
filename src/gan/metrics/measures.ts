import {frechetDistance} from './frechet.js';
import {kernelDistance} from './kid.js';
import {prdc} from './prdc.js';

/** What metrics are made of, for plug-ins as for the built-in ones. */
export const measures = {frechetDistance, kernelDistance, prdc};

export type Measures = typeof measures;
