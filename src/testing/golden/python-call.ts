import type {Module} from '../../gan/module.js';
import {LeakyReLU, ReLU, Sigmoid, Tanh} from '../../gan/layers/activations.js';
import type {ActivationFactory, NormType} from '../../gan/layers/conv-layer.js';
import {basicCritic, type BasicOptions} from '../../gan/nets/basic-critic.js';
import {basicGenerator} from '../../gan/nets/basic-generator.js';
import {ganCritic} from '../../gan/nets/gan-critic.js';
import {defined, refuse} from './fields.js';

/** The parameters of fastai's networks: by position or name, and by name only. */
const signatures: Record<string, {positional: string[]; named: string[]}> = {
  basic_critic: {
    positional: ['in_size', 'n_channels', 'n_features', 'n_extra_layers', 'norm_type'],
    named: ['act_cls', 'bias', 'bn_1st'],
  },
  basic_generator: {
    positional: ['out_size', 'n_channels', 'in_sz', 'n_features', 'n_extra_layers'],
    named: ['norm_type', 'act_cls', 'bias', 'bn_1st'],
  },
  gan_critic: {positional: ['n_channels', 'nf', 'n_blocks', 'p'], named: []},
};

/**
 * Builds the network that a call in Python names, such as `basic_critic(32,1,n_features=8,act_cls=LeakyReLU(0.2))`.
 * What follows a semicolon is a note on the weights, which are recorded. Absent arguments have fastai's defaults.
 * @throws GanError GAN_GOLDEN for a network, an argument or a value that it does not know
 */
export function buildNetwork(text: string, where = 'network'): Module {
  const {name, given} = parseCall(text, where);
  const number = (key: string): number | undefined => {
    const value = given.get(key);
    if (value !== undefined && !/^\d+(\.\d*)?$/.test(value)) refuse(where, `'${key}' is ${value}, wanted a number`);
    return value === undefined ? undefined : Number(value);
  };
  const needed = (key: string): number => number(key) ?? refuse(where, `${name} needs '${key}'`);
  const basic = (): BasicOptions => ({
    ...defined({nFeatures: number('n_features'), nExtraLayers: number('n_extra_layers')}),
    ...convLayerOptions(given, where),
  });
  switch (name) {
    case 'basic_critic':
      return basicCritic(needed('in_size'), needed('n_channels'), basic());
    case 'basic_generator':
      return basicGenerator(needed('out_size'), needed('n_channels'), {
        ...basic(),
        ...defined({inSize: number('in_sz')}),
      });
    default:
      return ganCritic(
        defined({nChannels: number('n_channels'), nf: number('nf'), nBlocks: number('n_blocks'), p: number('p')}),
      );
  }
}

/** The network's name, and its arguments as texts by the names of the parameters. */
function parseCall(text: string, where: string): {name: string; given: Map<string, string>} {
  const [, name, list] = /^\s*([A-Za-z_]\w*)\s*\((.*)\)\s*$/s.exec(text.split(';')[0]!) ?? [];
  if (name === undefined || list === undefined) refuse(where, `'${text}' is not a call of a network`);
  if (!Object.hasOwn(signatures, name))
    refuse(where, `unknown network '${name}'; known: ${Object.keys(signatures).join(', ')}`);
  const {positional, named} = signatures[name]!;
  const given = new Map<string, string>();
  splitArguments(list).forEach((argument, i) => {
    const [, byName, value = argument] = /^\s*([A-Za-z_]\w*)\s*=(.*)$/s.exec(argument) ?? [];
    const key = byName ?? positional[i] ?? refuse(where, `${name} takes ${positional.length} arguments without a name`);
    if (![...positional, ...named].includes(key))
      refuse(where, `unknown argument '${key}' of ${name}; known: ${[...positional, ...named].join(', ')}`);
    if (given.has(key)) refuse(where, `'${key}' is given twice`);
    given.set(key, value.trim());
  });
  return {name, given};
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

function convLayerOptions(given: Map<string, string>, where: string): BasicOptions {
  const [act, norm] = [given.get('act_cls'), given.get('norm_type')];
  const flag = (key: string): boolean | undefined => {
    const value = given.get(key);
    if (value !== undefined && value !== 'True' && value !== 'False')
      refuse(where, `'${key}' is ${value}, wanted True or False`);
    return value === undefined ? undefined : value === 'True';
  };
  return {
    ...defined({bias: flag('bias'), bn1st: flag('bn_1st')}),
    ...(act !== undefined && {actCls: parseActivation(act, where)}),
    ...(norm !== undefined && {normType: parseNorm(norm, where)}),
  };
}

function parseNorm(text: string, where: string): NormType | null {
  if (text === 'None') return null;
  const norms: NormType[] = ['Batch', 'BatchZero', 'Weight', 'Spectral', 'Instance', 'InstanceZero'];
  return norms.find((norm) => text === `NormType.${norm}`) ?? refuse(where, `unknown norm '${text}'`);
}

function parseActivation(text: string, where: string): ActivationFactory {
  if (text === 'None') return null;
  const [, name = '', slope] = /^(\w+)(?:\(([\d.]*)\))?$/.exec(text) ?? [];
  const makers: Record<string, () => Module> = {
    ReLU: () => new ReLU(),
    Tanh: () => new Tanh(),
    Sigmoid: () => new Sigmoid(),
    LeakyReLU: () => (slope ? new LeakyReLU(Number(slope)) : new LeakyReLU()),
  };
  if (slope && name !== 'LeakyReLU') refuse(where, `'${text}': only LeakyReLU has a slope`);
  return makers[name] ?? refuse(where, `unknown activation '${text}'`);
}
