/** Tests for the parts of plug-ins, to be run by their authors. */
export * from './conformance/index.js';
export * from './golden/index.js';
export {testPlugin, type TestPluginOptions} from './parts/index.js';
