import {GanError} from '../../errors.js';
import type {Module} from '../../gan/module.js';
import {LeakyReLU, ReLU, Sigmoid, Tanh} from '../../gan/layers/activations.js';
import type {ActivationFactory, NormType} from '../../gan/layers/conv-layer.js';
import {basicCritic, type BasicOptions} from '../../gan/nets/basic-critic.js';
import {basicGenerator} from '../../gan/nets/basic-generator.js';
import {ganCritic} from '../../gan/nets/gan-critic.js';

/** A call as Python writes it, such as `basic_critic(32,1,n_features=8,act_cls=LeakyReLU(0.2))`. */
interface PythonCall {
  name: string;
  positional: string[];
  named: Map<string, string>;
}

function parseCall(text: string): PythonCall {
  const match = /^\s*([A-Za-z_]\w*)\s*\((.*)\)\s*$/s.exec(text.split(';')[0]!);
  if (!match) throw new GanError('data', 'GAN_GOLDEN', `'${text}' is not a call of a network`);
  const call: PythonCall = {name: match[1]!, positional: [], named: new Map()};
  for (const argument of splitArguments(match[2]!)) {
    const [, key, value] = /^\s*([A-Za-z_]\w*)\s*=(.*)$/s.exec(argument) ?? [];
    if (key !== undefined) call.named.set(key, value!.trim());
    else call.positional.push(argument.trim());
  }
  return call;
}

/** Splits at the commas that lie in no inner parentheses. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')') depth--;
    if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)].filter((part) => part.trim() !== '');
}

function parseActivation(text: string): ActivationFactory {
  if (text === 'None') return null;
  const [, name, slope] = /^(\w+)(?:\(([\d.]*)\))?$/.exec(text) ?? [];
  const makers: Record<string, () => Module> = {
    ReLU: () => new ReLU(),
    Tanh: () => new Tanh(),
    Sigmoid: () => new Sigmoid(),
    LeakyReLU: () => (slope ? new LeakyReLU(Number(slope)) : new LeakyReLU()),
  };
  const maker = makers[name ?? ''];
  if (!maker) throw new GanError('data', 'GAN_GOLDEN', `'${text}' is not an activation that this reader knows`);
  return maker;
}

function basicOptions({named}: PythonCall): BasicOptions {
  const number = (key: string): number | undefined => (named.has(key) ? Number(named.get(key)) : undefined);
  const [features, extra, act, norm] = [
    number('n_features'),
    number('n_extra_layers'),
    named.get('act_cls'),
    named.get('norm_type'),
  ];
  return {
    ...(features !== undefined && {nFeatures: features}),
    ...(extra !== undefined && {nExtraLayers: extra}),
    ...(act !== undefined && {actCls: parseActivation(act)}),
    ...(norm !== undefined && {normType: norm === 'None' ? null : (norm.replace('NormType.', '') as NormType)}),
  };
}

/** Builds the network that a recording names. */
export function buildNetwork(text: string): Module {
  const call = parseCall(text);
  const {positional, named} = call;
  const at = (index: number, key: string, fallback: number): number =>
    Number(positional[index] ?? named.get(key) ?? fallback);
  switch (call.name) {
    case 'basic_critic':
      return basicCritic(at(0, 'in_size', NaN), at(1, 'n_channels', NaN), basicOptions(call));
    case 'basic_generator':
      return basicGenerator(at(0, 'out_size', NaN), at(1, 'n_channels', NaN), {
        ...basicOptions(call),
        inSize: at(2, 'in_sz', 100),
      });
    case 'gan_critic':
      return ganCritic({
        nChannels: at(0, 'n_channels', 3),
        nf: at(1, 'nf', 128),
        nBlocks: at(2, 'n_blocks', 3),
        p: at(3, 'p', 0.15),
      });
    default:
      throw new GanError('data', 'GAN_GOLDEN', `'${call.name}' is not a network that this reader knows`);
  }
}
