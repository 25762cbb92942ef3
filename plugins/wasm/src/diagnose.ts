import type {Finding} from 'gankit/plugin';
import {hasRelaxedSimd, isTooOldForWideSimd} from './module.js';

/**
 * Adds a finding to `gan doctor`: whether another Node would train faster here. The numbers come from
 * docs/performance.md.
 */
export async function diagnose(v8 = process.versions.v8): Promise<Finding[]> {
  if (!hasRelaxedSimd() || !isTooOldForWideSimd(v8)) return [];
  return [
    {
      name: 'speed',
      state: 'warning',
      what: `Node ${process.versions.node} computes with vectors of 128 bits, and this processor has 256`,
      fix: 'train with Node 24, 25 or 26: 1.5 to 1.7 times as many images a second',
    },
  ];
}
