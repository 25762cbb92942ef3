import {tf, type Tensor} from '../../backends/tf.js';
import {Dropout2d} from '../../gan/layers/dropout.js';
import type {Buffer, Module, Parameter, StateDict} from '../../gan/module.js';
import {toTorch} from '../../gan/module.js';
import {compareArrays, compareSeries, type CaseResult, type Deviation} from './compare.js';
import {fields, number, refuse, result, text, whole, type ReadBy} from './fields.js';
import {buildNetwork} from './python-call.js';
import {channelsFirst, channelsLast, withPrefix} from './torch-layout.js';

/** A recorded network (the JSON beside its tensors). */
export const layerRecording = fields({
  case: text,
  kind: text,
  versions: result<Record<string, string>>(),
  build: text,
  /** The random generator of the parameters and the input, which are among the tensors. */
  seed: whole,
  input_shape: result<number[]>(),
  note: text,
  /** Sum of the squares of the output in train mode. */
  loss: number,
  /** Name and class of each of PyTorch's modules. The names of parameters and buffers say the same. */
  structure: result<[string, string][]>(),
  parameters: result<[string, number[]][]>(),
  buffers: result<[string, number[]][]>(),
  counters_after: result<Record<string, number>>(),
});
type LayerRecording = ReadBy<typeof layerRecording>;

/** Relative to the largest value of each tensor. */
const bound = 1e-4;
/** Tensors that are 0 in exact arithmetic (gradients behind gamma = 0) are compared absolutely. */
const floor = 1e-6;

/**
 * Forward in eval mode, forward and backward in train mode, forward in eval mode again; everything against the
 * recording.
 */
export async function runLayerCase(recording: LayerRecording, tensors: StateDict, file: string): Promise<CaseResult> {
  const net = buildNetwork(recording.build, `${file}, build`);
  for (const {p} of net.modules().filter((module) => module instanceof Dropout2d))
    if (p > 0) refuse(`${file}, build`, `Dropout2d(${p}) draws masks, which no recording holds; wanted p=0`);
  const deviations: Deviation[] = [];
  const mismatches: string[] = [];
  const check = async (what: string, got: Promise<Float32Array>): Promise<void> => {
    deviations.push(compareArrays(what, await got, tensors.get(what)!.data as Float32Array, bound, floor));
  };
  const differ = (what: string, got: [string, Parameter | Buffer][], recorded: [string, number[]][]): void => {
    const names = got.map(([name, {variable, layout}]) => `${name} ${torchShapeText(variable.shape, layout)}`);
    if (names.join('\n') !== recorded.map(([name, shape]) => `${name} [${shape.join()}]`).join('\n'))
      mismatches.push(`names, shapes or order of the ${what}`);
  };
  differ('parameters', net.namedParameters(), recording.parameters);
  const isCounter = ([name]: [string, unknown]): boolean => name in recording.counters_after;
  differ(
    'buffers',
    net.namedBuffers(),
    recording.buffers.filter((buffer) => !isCounter(buffer)),
  );
  if (tensors.get('input')!.shape.join() !== recording.input_shape.join()) mismatches.push('shape of the input');

  net.loadStateDict(withPrefix(tensors, 'before.'));
  const input = channelsLast(tensors.get('input')!);
  const evaluate = async (what: string): Promise<void> => {
    net.eval();
    const out = tf.tidy(() => net.forward(input));
    await check(what, channelsFirst(out));
    out.dispose();
  };
  await evaluate('out.eval_before');
  deviations.push(compareSeries('loss', [await checkTraining(net, input, check)], [recording.loss], bound, floor));
  const after = await net.stateDict();
  for (const [name, {data}] of withPrefix(tensors, 'after.'))
    deviations.push(compareArrays(`after.${name}`, after.get(name)!.data as Float32Array, data as Float32Array, bound));
  for (const [name, count] of Object.entries(recording.counters_after))
    if (Number(after.get(name)?.data[0]) !== count) mismatches.push(`counter ${name}`);
  await evaluate('out.eval_after');
  input.dispose();
  net.dispose();
  return {name: recording.case, deviations, mismatches};
}

/** Returns the loss, the sum of the squares of the output. */
async function checkTraining(
  net: Module,
  input: Tensor,
  check: (what: string, got: Promise<Float32Array>) => Promise<void>,
): Promise<number> {
  net.train();
  const parameters = net.namedParameters();
  const x = tf.variable(input);
  let out: Tensor | undefined;
  const {grads, value} = tf.variableGrads(() => {
    out = tf.keep(net.forward(x));
    return tf.sum(tf.square(out));
  }, [x, ...parameters.map(([, {variable}]) => variable)]);
  await check('out.train', channelsFirst(out!));
  await check('grad.input', channelsFirst(grads[x.name]!));
  for (const [name, parameter] of parameters)
    await check(`grad.${name}`, torchGradient(parameter, grads[parameter.variable.name]!));
  const [loss] = await value.data();
  tf.dispose([value, out!, x, grads]);
  return loss!;
}

async function torchGradient({variable, layout}: Parameter, gradient: Tensor): Promise<Float32Array> {
  return toTorch((await gradient.data()) as Float32Array, variable.shape, layout);
}

function torchShapeText(shape: number[], layout: Parameter['layout']): string {
  const axes = layout.shape ?? (layout.permutation ? layout.permutation.map((axis) => shape[axis]) : shape);
  return `[${axes.join()}]`;
}
