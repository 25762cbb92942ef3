import {tf, type Tensor} from '../../backends/tf.js';
import type {Module, Parameter, StateDict} from '../../gan/module.js';
import {toTorch} from '../../gan/module.js';
import {compareArrays, type CaseResult, type Deviation} from './compare.js';
import {buildNetwork} from './python-call.js';
import {channelsFirst, channelsLast, withPrefix} from './torch-layout.js';

export interface LayerRecording {
  case: string;
  kind: 'layers';
  build: string;
  parameters: [string, number[]][];
  counters_after: Record<string, number>;
}

/** Relative to the largest value of each tensor. */
const bound = 1e-4;
/** Tensors that are 0 in exact arithmetic (gradients behind gamma = 0) are compared absolutely. */
const floor = 1e-6;

/** Forward in eval mode, forward and backward in train mode, forward in eval mode again; everything against the recording. */
export async function runLayerCase(recording: LayerRecording, tensors: StateDict): Promise<CaseResult> {
  const net = buildNetwork(recording.build);
  const deviations: Deviation[] = [];
  const mismatches: string[] = [];
  const check = async (what: string, got: Promise<Float32Array>): Promise<void> => {
    deviations.push(compareArrays(what, await got, tensors.get(what)!.data as Float32Array, bound, floor));
  };
  const names = net
    .namedParameters()
    .map(([name, {variable, layout}]) => `${name} ${torchShapeText(variable.shape, layout)}`);
  const wanted = recording.parameters.map(([name, shape]) => `${name} [${shape.join()}]`);
  if (names.join('\n') !== wanted.join('\n')) mismatches.push('names, shapes or order of the parameters');

  net.loadStateDict(withPrefix(tensors, 'before.'));
  const input = channelsLast(tensors.get('input')!);
  const evaluate = async (what: string): Promise<void> => {
    net.eval();
    const out = tf.tidy(() => net.forward(input));
    await check(what, channelsFirst(out));
    out.dispose();
  };
  await evaluate('out.eval_before');
  await checkTraining(net, input, check);
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

async function checkTraining(
  net: Module,
  input: Tensor,
  check: (what: string, got: Promise<Float32Array>) => Promise<void>,
): Promise<void> {
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
  tf.dispose([value, out!, x, grads]);
}

async function torchGradient({variable, layout}: Parameter, gradient: Tensor): Promise<Float32Array> {
  return toTorch((await gradient.data()) as Float32Array, variable.shape, layout);
}

function torchShapeText(shape: number[], layout: Parameter['layout']): string {
  const axes = layout.permutation ? layout.permutation.map((axis) => shape[axis]) : shape;
  return `[${axes.join()}]`;
}
