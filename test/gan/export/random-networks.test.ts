import fc from 'fast-check';
import {withDevice} from '../../device.js';
import {inEachFormat, shake} from './helpers.js';
import {drawNetwork} from './random-networks.js';

const cases = Math.min(40, Number(process.env['GAN_TEST_CASES'] ?? 40));

describe('exported networks of random layers', () => {
  withDevice();

  inEachFormat((expectSame) => {
    it(`compute the same (${cases} networks)`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(1e6), async (seed) => {
          const {network, itemShape, words} = drawNetwork(seed);
          try {
            shake(network, seed);
            await expectSame(network, itemShape);
          } catch (error) {
            throw new Error(`${words}\n${(error as Error).message}`, {cause: error});
          } finally {
            network.dispose();
          }
        }),
        {numRuns: cases, endOnFailure: true},
      );
    });
  });
});
