import {createRequire} from 'node:module';

/**
 * tfjs-core, by `require`: to import its CommonJS bundle Node first searches 1 MB of text for the names of exports,
 * which takes 0.1 s.
 */
export const tf = createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof import('@tensorflow/tfjs-core');
