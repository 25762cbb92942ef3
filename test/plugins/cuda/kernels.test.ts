import {testBackend} from 'gankit/testing';
import {emulatorName, noCompiler, openEmulator} from './emulator/index.js';

describe('cuda: the kernels, run on the CPU by the emulator', () => {
  const why = noCompiler();
  if (why === undefined) testBackend(emulatorName, {open: openEmulator});
  else it(`the conformance kit (skipped: ${why})`);
});
