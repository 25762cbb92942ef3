import {testBackend} from 'gankit/testing';
import {needsAddon} from './support.js';

/** Operations, gradients, trainings and the recordings of fastai, on the widest instruction set of this machine. */
describe('native: the conformance kit', () => {
  needsAddon();
  testBackend('native');
});
