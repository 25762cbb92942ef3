/** `navigator.gpu`, where tfjs-backend-webgpu looks for WebGPU. Node has `navigator` from version 21 on. */

const hadNavigator = 'navigator' in globalThis;

export function showGpu(gpu: GPU): void {
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', {value: {}, configurable: true});
  Object.defineProperty(globalThis.navigator, 'gpu', {value: gpu, configurable: true});
}

/** Leaves everything as it was before `showGpu`. */
export function hideGpu(): void {
  if (hadNavigator) Reflect.deleteProperty(globalThis.navigator, 'gpu');
  else Reflect.deleteProperty(globalThis, 'navigator');
}
