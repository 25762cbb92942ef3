/* eslint-disable @typescript-eslint/no-empty-object-type -- what they hold is of no interest here */
/**
 * What the types of tfjs-core name of a browser, and Node's types do not have: so that a project without the library
 * `dom` compiles with `skipLibCheck: false`. With `dom`, TypeScript's own declarations of WebGPU and those that
 * tfjs-core depends on contradict each other.
 */
declare global {
  type BufferSource = ArrayBufferView | ArrayBuffer;
  type PredefinedColorSpace = 'srgb' | 'display-p3';
  interface EventInit {}
  interface HTMLImageElement {}
  interface HTMLSourceElement {}
  interface IDBFactory {}
  interface ImageBitmap {}
  interface ImageData {}
  interface Storage {}
  interface VideoFrame {}
  interface WebGLContextAttributes {}
  interface WebGLTexture {}
}
export {};
