import {testBackend} from 'gan/testing';
import {emulatorName, noCompiler, openEmulator} from './emulator/index.js';

describe('cuda: the kernels, run on the CPU by the emulator', () => {
  testBackend(emulatorName, {open: openEmulator});
});
