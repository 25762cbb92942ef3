import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';

/** A number that a shader reads as `uniforms.NAME`. */
export type Uniforms = Readonly<Record<string, {type: 'int32' | 'float32'; data: [number]}>>;

export const int = (value: number): Uniforms[string] => ({type: 'int32', data: [value]});
export const float = (value: number): Uniforms[string] => ({type: 'float32', data: [value]});

/** A compute shader of this package: unlike a program of tfjs it may have several results. */
export interface Shader {
  /** Name for Dawn's messages. It must be unique, because pipelines are cached by it. */
  name: string;
  /** An extension of WGSL that it needs. */
  enable?: 'f16';
  /** Elements of the buffers' arrays. */
  element: 'f32' | 'vec4f' | 'u32';
  /** Names under which `code` finds the tensors, results included. */
  reads: readonly string[];
  writes: readonly string[];
  uniforms: readonly [name: string, type: 'i32' | 'f32'][];
  /** Everything but the bindings; its entry point is `main`. All that is bound has to be used. */
  code: string;
}

const pipelines = new WeakMap<WebGPUBackend, Map<string, GPUComputePipeline>>();

function pipelineOf(backend: WebGPUBackend, shader: Shader): GPUComputePipeline {
  const mine = pipelines.get(backend) ?? new Map<string, GPUComputePipeline>();
  pipelines.set(backend, mine);
  const kept = mine.get(shader.name);
  if (kept) return kept;
  const module = backend.device.createShaderModule({label: shader.name, code: source(shader)});
  const pipeline = backend.device.createComputePipeline({
    label: shader.name,
    layout: 'auto',
    compute: {module, entryPoint: 'main'},
  });
  mine.set(shader.name, pipeline);
  return pipeline;
}

/** Results come first, then what is read, then the uniforms. */
function source({enable, element, reads, writes, uniforms, code}: Shader): string {
  const arrays = [...writes.map((name) => [name, 'read_write']), ...reads.map((name) => [name, 'read'])];
  return [
    ...(enable ? [`enable ${enable};`] : []),
    `struct Uniforms {${uniforms.map(([name, type]) => `${name}: ${type}`).join(', ')}};`,
    ...arrays.map(
      ([name, access], i) => `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${element}>;`,
    ),
    `@group(0) @binding(${arrays.length}) var<uniform> uniforms: Uniforms;`,
    code,
  ].join('\n');
}

/**
 * Hands a shader over, in the order of all else that tfjs-backend-webgpu hands over.
 * @param reads in the order of the shader's names
 * @param writes tensors that were made for the results
 * @param workgroups how many, along x, y and z; each fits the device's limit
 */
export function dispatch(
  backend: WebGPUBackend,
  shader: Shader,
  {
    reads,
    writes,
    uniforms,
    workgroups,
  }: {
    reads: readonly TensorInfo[];
    writes: readonly TensorInfo[];
    uniforms: Uniforms;
    workgroups: readonly [x: number, y: number, z?: number];
  },
): void {
  const tensors = [...writes, ...reads];
  for (const {dataId} of tensors) backend.uploadToGPU(dataId); // before the pass: uploading ends one
  const pipeline = pipelineOf(backend, shader);
  const values = shader.uniforms.map(([name]) => uniforms[name]!);
  const resources = [...tensors.map((tensor) => backend.tensorToBinding(tensor)), backend.makeUniforms(values)];
  const bindGroup = backend.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({binding, resource})),
  });
  for (const {dataId} of tensors) backend.commandQueueOwnedIds.add(dataId);
  backend.ensureCommandEncoderReady();
  const pass = (backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass());
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
  if (++backend.dispatchCountInPass < submitEvery) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** Same as tfjs's WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE. */
const submitEvery = 15;

/** Threads in a workgroup: what every device can do. */
export const workgroupSize = 256;

/** Workgroups for so many threads, along y too where x does not hold them; `flatIndex` counts the threads. */
export function workgroupsFor(threads: number, {device: {limits}}: WebGPUBackend): [x: number, y: number] {
  const groups = Math.ceil(threads / workgroupSize);
  const rows = Math.ceil(groups / limits.maxComputeWorkgroupsPerDimension);
  return [Math.ceil(groups / rows), rows];
}

/** WGSL: the head of an entry point with a thread for each element, and the number of the thread, `i`. */
export const threadForEach = `
@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * ${workgroupSize} + local;`;
