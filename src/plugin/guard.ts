import {GanError, isGanError, messageOf} from '../errors.js';
import {kindLabel} from '../options/kinds.js';
import {networkContract, resultFault, resultOf, sourceContract, updateContract, type Wanted} from './contracts.js';
import {culpritOf, readError} from './culprit.js';
import type {DeclaredPart} from './manifest.js';
import {settle} from './settle.js';
import {isPromise, isRecord} from './values.js';

/** Errors that a training throws on purpose (see `Cancel` in gan/callback.ts). */
function isControl(error: unknown): boolean {
  try {
    return error instanceof Error && Object.hasOwn(error, 'phase') && error.name === 'Cancel';
  } catch {
    return false;
  }
}

/** What the library says of a wrong use of it: in a plug-in that is the plug-in's fault, not the user's. */
const misuse: readonly string[] = ['GAN_SHAPE', 'GAN_ARGUMENT'];

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * A part of a plug-in that says its name when one of its functions throws, rejects or returns what its kind must not,
 * in the middle of a training for instance. GanErrors pass as they are: the plug-in has found the words for them.
 */
export function guard<T extends object>(part: T, declared: DeclaredPart): T {
  const wrap = (f: AnyFunction, self: unknown, name: string): AnyFunction =>
    watch(f, self, name, declared, resultOf(declared.kind, name));
  /** Wrapped once each, so that a call in every step costs little. */
  const wrapped = new Map<PropertyKey, {f: unknown; watched: AnyFunction}>();
  const call = typeof part === 'function' ? wrap(part as AnyFunction, undefined, '') : undefined;
  // `part` itself may be frozen, and then no proxy may change what it gives
  const standIn = typeof part === 'function' ? () => {} : {};
  return new Proxy(standIn, {
    apply: (_, __, args) => call!(...(args as unknown[])),
    get(_, key) {
      const value: unknown = Reflect.get(part, key);
      if (typeof value !== 'function') return value;
      const before = wrapped.get(key);
      if (before?.f === value) return before.watched;
      const watched = wrap(value as AnyFunction, part, String(key));
      wrapped.set(key, {f: value, watched});
      return watched;
    },
    has: (_, key) => key in part,
  }) as T;
}

/** A function whose faults are told as those of its part. */
function watch(
  f: AnyFunction,
  self: unknown,
  name: string,
  declared: DeclaredPart,
  wanted: Wanted | undefined,
): AnyFunction {
  const check = (value: unknown, args: readonly unknown[]): unknown => {
    const fault = wanted && resultFault(wanted, value, args);
    if (fault !== undefined) throw failure(fault, declared, name);
    return within(value, args, name, declared);
  };
  /** Who probes and opens a backend says its name. */
  const tell = (error: unknown): never => {
    if (declared.kind === 'backend') throw error;
    return blame(error, declared, name);
  };
  return (...args) => {
    try {
      const result: unknown = Reflect.apply(f, self, args);
      if (!isPromise(result)) return check(result, args);
      if (wanted && wanted.mayWait !== true) {
        result.then(undefined, () => {}); // nobody will wait for it
        return check(result, args);
      }
      return settle(result).then((value) => check(value, args), tell);
    } catch (error) {
      return tell(error);
    }
  };
}

/** What parts give that has functions of its own: a source, a network, an optimizer. */
function within(value: unknown, args: readonly unknown[], name: string, declared: DeclaredPart): unknown {
  if (declared.kind === 'source' && name === '') return watchSource(value as Record<string, unknown>, declared);
  if (declared.kind === 'architecture' && (name === 'generator' || name === 'critic')) {
    const {height, width, channels} = args[0] as Record<'height' | 'width' | 'channels', number>;
    replace(
      value as Record<string, unknown>,
      'forward',
      `the ${name}'s forward`,
      declared,
      networkContract(name === 'critic' ? undefined : height * width * channels),
    );
  }
  if (declared.kind === 'optimizer' && name === '') {
    const {rules} = value as {rules?: unknown};
    for (const rule of Array.isArray(rules) ? rules : [])
      if (isRecord(rule)) replace(rule, 'update', `${String(rule['name'])}.update`, declared, updateContract);
  }
  return value;
}

const replaced = new WeakSet();

/** Puts a watched function in the place of an object's own; not twice. */
function replace(
  owner: Record<string, unknown>,
  key: string,
  name: string,
  declared: DeclaredPart,
  wanted: Wanted,
): void {
  const f = owner[key];
  if (typeof f !== 'function' || replaced.has(f) || !Object.isExtensible(owner)) return;
  const value = watch(f as AnyFunction, owner, name, declared, wanted);
  replaced.add(value);
  Object.defineProperty(owner, key, {value, writable: true, configurable: true});
}

/** An item that cannot be read is nothing unusual, and another takes its place; what is wrong with one is. */
function watchSource(source: Record<string, unknown>, declared: DeclaredPart): unknown {
  const contract = sourceContract(source as unknown as Parameters<typeof sourceContract>[0]);
  const functions = Object.entries(contract).flatMap(([name, wanted]) => {
    const f = source[name];
    if (typeof f !== 'function') return [];
    const check = (value: unknown, args: unknown[]): unknown => {
      const fault = resultFault(wanted, value, args);
      if (fault !== undefined) throw failure(fault, declared, name);
      return value;
    };
    const call = (...args: unknown[]): unknown => {
      const value: unknown = Reflect.apply(f, source, args);
      return isPromise(value) && wanted.mayWait ? settle(value).then((item) => check(item, args)) : check(value, args);
    };
    const isReading = name === 'read' || name === 'describe';
    return [[name, isReading ? call : watch(call, source, name, declared, undefined)]];
  });
  const watched = new Map<PropertyKey, unknown>(functions as [string, unknown][]);
  return new Proxy(
    {},
    {
      get: (_, key) => {
        if (watched.has(key)) return watched.get(key);
        const value: unknown = Reflect.get(source, key);
        return typeof value === 'function' ? (value.bind(source) as unknown) : value;
      },
      has: (_, key) => key in source,
    },
  );
}

/** The error of a result that is not what a function of the part must give. */
const failure = (fault: string, {kind, name, package: from}: DeclaredPart, what: string): GanError =>
  new GanError(
    kind === 'backend' ? 'backend' : 'config',
    'GAN_PLUGIN_FAILED',
    `The ${kindLabel(kind)} '${name}' of ${from} failed${what === '' ? '' : ` in ${what}`}: ${fault}.`,
    {suggestions: [`Report this to the author of ${from}, or leave the ${kindLabel(kind)} out.`]},
  );

/**
 * @throws GanError GAN_PLUGIN_FAILED that names the part; GanErrors and what cancels a training as they are.
 * @param what the function that failed
 */
export function blame(error: unknown, {kind, name, package: from}: DeclaredPart, what: string): never {
  if (isControl(error) || (isGanError(error) && !misuse.includes(error.code))) throw error;
  const where = what === '' ? '' : ` in ${what}`;
  const {stack} = readError(error);
  const at =
    culpritOf(stack)?.at ??
    stack
      .split('\n')
      .find((line) => line.includes('file:'))
      ?.trim()
      .replace(/^at /, '');
  throw new GanError(
    kind === 'backend' ? 'backend' : 'config',
    'GAN_PLUGIN_FAILED',
    `The ${kindLabel(kind)} '${name}' of ${from} failed${where}: ${messageOf(error)}`,
    {
      cause: error,
      suggestions: [
        ...(isGanError(error) ? error.suggestions : []),
        ...(at === undefined ? [] : [`It was thrown at ${at}.`]),
        `Report this to the author of ${from}, or leave the ${kindLabel(kind)} out.`,
      ],
    },
  );
}
