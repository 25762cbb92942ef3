import type {ImageSize} from './image-size.js';

/**
 * The options of a part. One specification gives the TypeScript type, the command-line check, the configuration check
 * and the help row; it is written in the part and nowhere else.
 */
export interface Spec<Kind extends string, T> {
  type: Kind;
  /** `undefined` makes an option that may be left out. */
  default: T;
  help?: string;
  /** Results depend on it: `--backend auto` passes over a backend that does not have the option. */
  changesResults?: true;
}
export interface Range {
  min?: number;
  max?: number;
}

export type IntSpec<T = number | undefined> = Spec<'int', T> & Range;
export type NumSpec<T = number | undefined> = Spec<'num', T> & Range;
export type StrSpec<T = string | undefined> = Spec<'str', T>;
export type BoolSpec = Spec<'bool', boolean>;
export type OneOfSpec<V extends string = string> = Spec<'oneOf', V> & {values: readonly V[]};

/** Height and width of images; the range is that of each side. */
export type SizeSpec = Spec<'size', ImageSize> & Range;

export type OptionSpec = IntSpec | NumSpec | StrSpec | BoolSpec | OneOfSpec | SizeSpec;
export type OptionSpecs = Record<string, OptionSpec>;

/** The values that a part's `create` receives. */
export type OptionValues<S extends OptionSpecs> = {[K in keyof S]: S[K]['default']};

type Extra = {help?: string; changesResults?: true};
type NumberExtra = Range & Extra;

function int(value: number, extra?: NumberExtra): IntSpec<number>;
function int(value: undefined, extra?: NumberExtra): IntSpec;
function int(value: number | undefined, extra: NumberExtra = {}): IntSpec {
  return {type: 'int', default: value, ...extra};
}

function num(value: number, extra?: NumberExtra): NumSpec<number>;
function num(value: undefined, extra?: NumberExtra): NumSpec;
function num(value: number | undefined, extra: NumberExtra = {}): NumSpec {
  return {type: 'num', default: value, ...extra};
}

function str(value: string, extra?: Extra): StrSpec<string>;
function str(value: undefined, extra?: Extra): StrSpec;
function str(value: string | undefined, extra: Extra = {}): StrSpec {
  return {type: 'str', default: value, ...extra};
}

function bool(value: boolean, extra: Extra = {}): BoolSpec {
  return {type: 'bool', default: value, ...extra};
}

function oneOf<const V extends string>(values: readonly V[], value: NoInfer<V>, extra: Extra = {}): OneOfSpec<V> {
  return {type: 'oneOf', values, default: value, ...extra};
}

function size(value: ImageSize, extra: NumberExtra = {}): SizeSpec {
  return {type: 'size', default: value, ...extra};
}

/** Makers of option specifications, handed to plug-ins. */
export const opt = {int, num, str, bool, oneOf, size};
export type Opt = typeof opt;
