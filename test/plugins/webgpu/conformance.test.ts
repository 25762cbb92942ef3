import {groups, testBackend} from 'gankit/testing';
import {needsAdapter, plugin} from './support.js';

describe('webgpu: the conformance kit', () => {
  needsAdapter();
  // The recordings take more than a minute on a software adapter: golden.test.ts replays the quick ones, `gan backends
  // test` all.
  for (const only of groups.filter((group) => group !== 'golden'))
    testBackend('webgpu', {packages: [plugin], options: {software: 'true'}, only});
});
