import {availableParallelism} from 'node:os';

/** `--parallel` runs as many files at a time as there are processors. */
export default {
  'node-option': ['import=tsx/esm'],
  timeout: 120_000,
  ignore: ['test/**/node_modules/**'],
  jobs: availableParallelism(),
};
