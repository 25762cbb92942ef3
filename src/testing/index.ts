/** Tests for the parts of plug-ins, to be run by their authors. */
export * from './golden/index.js';
