import {GanError, isGanError, messageOf} from '../errors.js';
import {kindLabel} from '../options/kinds.js';
import type {DeclaredPart} from './manifest.js';

/** Errors that a training throws on purpose (see `Cancel` in gan/callback.ts). */
const isControl = (error: unknown): boolean => error instanceof Error && error.name === 'Cancel';

/**
 * A part of a plug-in that says its name when one of its functions throws or rejects, in the middle of a training for
 * instance. GanErrors pass as they are: the plug-in has found the words for them. Data sources are left alone below
 * their factory, since an item that cannot be read is nothing unusual.
 */
export function guard<T extends object>(part: T, declared: DeclaredPart): T {
  const wrap =
    (f: (...args: unknown[]) => unknown, self: unknown, what: string) =>
    (...args: unknown[]): unknown => {
      try {
        const result = Reflect.apply(f, self, args);
        return result instanceof Promise ? result.catch((error: unknown) => blame(error, declared, what)) : result;
      } catch (error) {
        return blame(error, declared, what);
      }
    };
  // `part` itself may be frozen, and then no proxy may change what it gives
  const standIn = typeof part === 'function' ? () => {} : {};
  return new Proxy(standIn, {
    apply: (_, self, args) => wrap(part as (...args: unknown[]) => unknown, self, '')(...(args as unknown[])),
    get(_, key) {
      const value: unknown = Reflect.get(part, key);
      return typeof value === 'function' ? wrap(value as (...args: unknown[]) => unknown, part, String(key)) : value;
    },
    has: (_, key) => key in part,
  }) as T;
}

/**
 * @throws GanError GAN_PLUGIN_FAILED that names the part; GanErrors and what cancels a training as they are.
 * @param what the function that failed
 */
export function blame(error: unknown, {kind, name, package: from}: DeclaredPart, what: string): never {
  if (isGanError(error) || isControl(error)) throw error;
  const where = what === '' ? '' : ` in ${what}`;
  const why = messageOf(error);
  const at =
    error instanceof Error
      ? error.stack
          ?.split('\n')
          .find((line) => line.includes('file:'))
          ?.trim()
      : undefined;
  throw new GanError(
    kind === 'backend' ? 'backend' : 'config',
    'GAN_PLUGIN_FAILED',
    `The ${kindLabel(kind)} '${name}' of ${from} failed${where}: ${why}`,
    {
      cause: error,
      suggestions: [
        ...(at === undefined ? [] : [`It was thrown ${at}.`]),
        `Report this to the author of ${from}, or leave the ${kindLabel(kind)} out.`,
      ],
    },
  );
}
