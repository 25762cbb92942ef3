/**
 * What each kind of part has to give, checked where it comes from a plug-in. A training asks some of these questions in
 * every step, so they look at types and shapes and read nothing from the device.
 */
import type {PartKind} from '../options/kinds.js';
import {describeValue, isPromise, isRecord, isTensor} from './values.js';

/** A question about a value. */
export interface Wanted {
  /** The answer that is right, in words: `a scalar tensor`. */
  what: string;
  /** Whether the value, or what its promise gives, is right. */
  fits(value: unknown, args: readonly unknown[]): boolean;
  /** A promise of it will do. */
  mayWait?: boolean;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';
const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isCount = (value: unknown, least: number): boolean => Number.isInteger(value) && (value as number) >= least;
const maybe = (value: unknown, fits: (value: unknown) => boolean): boolean => value === undefined || fits(value);
const has = (value: unknown, ...functions: string[]): value is Record<string, unknown> =>
  isRecord(value) && functions.every((name) => isFunction(value[name]));

const isScalar = (value: unknown): boolean =>
  isTensor(value) && value.rank === 0 && value.dtype === 'float32' && !value.isDisposed;

const loss: Wanted = {
  what: 'a scalar float32 tensor, or an object of them by name',
  fits: (value) => {
    if (isTensor(value)) return isScalar(value);
    if (!isRecord(value)) return false;
    const terms = Object.values(value);
    return terms.length > 0 && terms.every(isScalar);
  },
};

const saved: Wanted = {
  what: 'what JSON can hold: null, texts, truth values, finite numbers, and plain arrays and objects of them',
  fits: (value) => isJson(value, []),
  mayWait: true,
};

/** Nothing of a value would be lost or changed in JSON. */
function isJson(value: unknown, within: readonly unknown[]): boolean {
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || within.includes(value) || within.length > 100) return false;
  const path = [...within, value];
  if (Array.isArray(value)) return value.every((each) => isJson(each, path));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return false;
  return !('toJSON' in value) && Object.values(value).every((each) => isJson(each, path));
}

const isItem = (value: unknown, length: number): boolean => {
  if (!(value instanceof Uint8Array || value instanceof Float32Array) || value.length !== length) return false;
  for (let i = 0; i < Math.min(length, 16); i++) if (Number.isNaN(value[i])) return false;
  return true;
};

/** `read`, `batch` and `label` of a data source, once its factory has said what it has. */
export function sourceContract({shape, classes}: {shape: readonly number[]; classes?: number}): Record<string, Wanted> {
  const length = shape.reduce((product, side) => product * side, 1);
  const numbers = `a Uint8Array, or a Float32Array without NaN, of`;
  return {
    read: {
      what: `${numbers} ${length} values, for the shape [${shape.join(', ')}]`,
      fits: (value) => isItem(value, length),
      mayWait: true,
    },
    batch: {
      what: `a Float32Array without NaN, of n times ${length} values, for the shape [${shape.join(', ')}]`,
      fits: (value, [n]) => value instanceof Float32Array && isItem(value, Number(n) * length),
      mayWait: true,
    },
    label: {
      what: `a whole number from 0 to ${(classes ?? 1) - 1}`,
      fits: (value) => isCount(value, 0) && (classes === undefined || (value as number) < classes),
    },
    describe: {what: 'a text', fits: isText},
  };
}

/** `forward` of a network. @param size numbers of an image; absent: of a critic, whose scores have any shape */
export const networkContract = (size?: number): Wanted => ({
  what: `a float32 tensor with ${size === undefined ? 'scores' : `${size} numbers`} for each of its inputs`,
  fits: (value, [input]) =>
    isTensor(value) &&
    !value.isDisposed &&
    value.dtype === 'float32' &&
    isTensor(input) &&
    value.shape[0] === input.shape[0] &&
    (size === undefined || value.size === input.shape[0]! * size),
});

const network: Wanted = {
  what: 'a network: an nn.Module',
  fits: (value) => has(value, 'forward', 'namedParameters', 'stateDict'),
};

/** What an update rule gives for a parameter. */
export const updateContract: Wanted = {
  what: '{delta, averages}: a tensor like the parameter, and tensors by name',
  fits: (value, [gradient]) =>
    isRecord(value) &&
    isTensor(value['delta']) &&
    isTensor(gradient) &&
    value['delta'].size === gradient.size &&
    !value['delta'].isDisposed &&
    isRecord(value['averages']) &&
    Object.values(value['averages']).every((each) => isTensor(each) && !each.isDisposed),
};

const finding: Wanted = {
  what: "an array of findings {name, state: 'ok', 'warning' or 'problem', what}",
  fits: (value) =>
    Array.isArray(value) &&
    value.every(
      (each) =>
        isRecord(each) &&
        isText(each['name']) &&
        isText(each['what']) &&
        ['ok', 'warning', 'problem'].includes(String(each['state'])) &&
        maybe(each['fix'], isText),
    ),
  mayWait: true,
};

const nothing: Wanted = {what: 'nothing: this event does not wait for a promise', fits: () => true};

/** What a part itself must be, and what its functions must give; '' is the part as a function. */
interface Contract extends Wanted {
  results: Readonly<Record<string, Wanted>>;
}

const contracts: Readonly<Record<PartKind, Contract>> = {
  backend: {
    what: '{probe(), open()}',
    fits: (part) => has(part, 'probe', 'open'),
    results: {
      probe: {
        what: '{ok: true}, or {ok: false, why, fix} with two texts',
        fits: (value) =>
          isRecord(value) &&
          (value['ok'] === true
            ? maybe(value['info'], isRecord) && maybe(value['devices'], Array.isArray)
            : value['ok'] === false && isText(value['why']) && isText(value['fix'])),
        mayWait: true,
      },
      open: {
        what: '{tfBackend}, the name of a backend in tfjs',
        fits: (value) => isRecord(value) && isText(value['tfBackend']),
        mayWait: true,
      },
    },
  },
  architecture: {
    what: '{generator(sizes), critic(sizes)}',
    fits: (part) => has(part, 'generator', 'critic'),
    results: {generator: network, critic: network},
  },
  loss: {
    what: '{critic(step), generator(step)}',
    fits: (part) => has(part, 'critic', 'generator'),
    results: {critic: loss, generator: loss},
  },
  penalty: {
    what: "{network: 'critic' or 'generator', compute(step)}, perhaps with every: a whole number of at least 1",
    fits: (part) =>
      has(part, 'compute') &&
      ['critic', 'generator'].includes(String(part['network'])) &&
      maybe(part['every'], (every) => isCount(every, 1)),
    results: {compute: loss, save: saved},
  },
  optimizer: {
    what: 'a function: nn.adam(...) or nn.optimizer(rule, numbers)',
    fits: isFunction,
    results: {
      '': {
        what: 'an optimizer, as nn.adam(...) and nn.optimizer(rule, numbers) make it',
        fits: (value) => has(value, 'step', 'setHyper') && Array.isArray(value['hypers']),
      },
    },
  },
  switcher: {
    what: "a function that returns 'critic' or 'generator'",
    fits: isFunction,
    results: {
      '': {what: "'critic' or 'generator'", fits: (value) => value === 'critic' || value === 'generator'},
      save: saved,
    },
  },
  schedule: {
    what: 'a function of {step, steps, position}',
    fits: isFunction,
    results: {
      '': {what: 'a finite number of at least 0', fits: (value) => Number.isFinite(value) && (value as number) >= 0},
    },
  },
  source: {
    what: 'a function of the wanted size',
    fits: isFunction,
    results: {
      '': {
        what: '{shape, size, read(index)}, perhaps with classes and label(index), or {shape, batch(n, rng)}; shape has whole numbers',
        fits: (value) =>
          isRecord(value) &&
          Array.isArray(value['shape']) &&
          value['shape'].length > 0 &&
          value['shape'].every((side) => isCount(side, 1)) &&
          (value['size'] === undefined ? has(value, 'batch') : isCount(value['size'], 0) && has(value, 'read')) &&
          maybe(value['classes'], (classes) => isCount(classes, 1) && has(value, 'label')) &&
          maybe(value['identity'], isText),
        mayWait: true,
      },
    },
  },
  augmentation: {
    what: 'a function of an image, or {apply(images, draw)} with p from 0 to 1',
    fits: (part) =>
      isFunction(part) ||
      (has(part, 'apply') &&
        maybe(part['p'], (p) => isNumber(p) && p >= 0 && p <= 1) &&
        maybe(part['adapt'], isRecord)),
    results: {
      '': {
        what: 'the changed image: an array of the type and length of the one that it was given',
        fits: (value, [data]) =>
          data instanceof Uint8Array
            ? value instanceof Uint8Array && value.length === data.length
            : isItem(value, (data as Float32Array).length),
      },
      apply: {
        what: 'images of the shape that it was given',
        fits: (value, [images]) =>
          isTensor(value) && isTensor(images) && !value.isDisposed && value.shape.join() === images.shape.join(),
      },
    },
  },
  metric: {
    what: "{better: 'lower', 'higher' or 'one', compute(images)}",
    fits: (part) =>
      has(part, 'compute') &&
      ['lower', 'higher', 'one'].includes(String(part['better'])) &&
      maybe(part['of'], (of) => ['tensors', 'pictures', 'features'].includes(String(of))),
    results: {
      compute: {
        what: 'a number, not NaN, or {value, parts} with numbers',
        fits: (value) =>
          isNumber(value) ||
          (isRecord(value) &&
            isNumber(value['value']) &&
            isRecord(value['parts']) &&
            Object.values(value['parts']).every(isNumber)),
        mayWait: true,
      },
      doubts: {what: 'an array of texts', fits: isTexts},
    },
  },
  callback: {
    what: 'an object of handlers of events',
    fits: (part) => isRecord(part) && maybe(part['runAfter'], isTexts) && maybe(part['runBefore'], isTexts),
    results: {
      save: saved,
      ...Object.fromEntries(
        ['afterPred', 'afterLoss', 'beforeBackward', 'afterBackward', 'beforeStep', 'afterStep'].map((event) => [
          event,
          nothing,
        ]),
      ),
    },
  },
  recipe: {
    what: '{values, source}: values as in a configuration file, and a text',
    fits: (part) => isRecord(part) && isRecord(part['values']) && isText(part['source']),
    results: {},
  },
  exporter: {
    what: '{write(run, out)}',
    fits: (part) => has(part, 'write'),
    results: {write: {what: 'an array of the paths of the files', fits: isTexts, mayWait: true}},
  },
  check: {what: 'a function that returns findings', fits: isFunction, results: {'': finding}},
};

/** Returns what is wrong with the result of a part's `create`, if anything. */
export function partFault(kind: PartKind, made: unknown): string | undefined {
  const {what} = contracts[kind];
  return isRight(contracts[kind], made, [])
    ? undefined
    : `its \`create\` returns ${describeValue(made)}; wanted: ${what}`;
}

/** The question about the result of a part's function; undefined where there is none. */
export const resultOf = (kind: PartKind, name: string): Wanted | undefined =>
  Object.hasOwn(contracts[kind].results, name) ? contracts[kind].results[name] : undefined;

/** Returns what is wrong with a result, if anything. */
export const resultFault = (wanted: Wanted, value: unknown, args: readonly unknown[]): string | undefined =>
  isRight(wanted, value, args) ? undefined : `it returned ${describeValue(value)}; wanted: ${wanted.what}`;

function isRight({fits}: Wanted, value: unknown, args: readonly unknown[]): boolean {
  try {
    return !isPromise(value) && fits(value, args);
  } catch {
    return false; // an object that refuses to be looked at
  }
}
