/**
 * The types of configuration files, for editors: `import {defineConfig} from 'gankit/config'`. A file in JavaScript or
 * TypeScript exports the outcome by default. JSON and YAML files have a schema for the same (`gan config schema`).
 */
import type {GivenSize} from '../options/image-size.js';
import type {OptionSpec} from '../options/options.js';
import type {ConfigKeys, ListKey, MapKey, ScalarKey, SingleKey} from '../options/config-keys.js';

type Plain = string | number | boolean | null;

/**
 * A part: its name, or its name and its options, side by side or under `options`. Without a name: options of the part
 * that a recipe chose.
 */
export type PartConfig =
  | string
  | {name?: string; options?: Record<string, Plain>; [option: string]: Plain | Record<string, Plain> | undefined};

/** One of several parts. */
export type ListedPartConfig =
  string | {name: string; options?: Record<string, Plain>; [option: string]: Plain | Record<string, Plain> | undefined};

/** The TypeScript type of a value by its specification; `null` leaves out one that may be left out. */
type Value<S extends OptionSpec> =
  | (S['type'] extends 'bool'
      ? boolean
      : S['type'] extends 'int' | 'num'
        ? number
        : S['type'] extends 'size'
          ? GivenSize
          : S extends {values: readonly (infer V extends string)[]}
            ? V | NumberIn<V>
            : string)
  | (undefined extends S['default'] ? null : never);

/** `'3'` also as 3. */
type NumberIn<V extends string> = V extends `${infer N extends number}` ? N : never;

/** The content of a configuration file. docs/configuration.md explains the keys. */
export type GanConfig = {
  -readonly [K in keyof Pick<ConfigKeys, ScalarKey>]?:
    Value<ConfigKeys[K]['spec']> | (ConfigKeys[K] extends {auto: true} ? 'auto' : never);
} & {
  -readonly [K in keyof Pick<ConfigKeys, SingleKey>]?: PartConfig | null;
} & {
  -readonly [K in keyof Pick<ConfigKeys, MapKey>]?: Readonly<Record<string, PartConfig | null>>;
} & {
  -readonly [K in keyof Pick<ConfigKeys, ListKey>]?: readonly ListedPartConfig[] | PartConfig | null;
} & {
  /** A folder of images, relative to the file, or `builtin:NAME`. */
  data?: string;
  /** Options of built-in data. */
  source?: Record<string, Plain>;
};

/** The configuration as it is; its type is checked. */
export const defineConfig = (config: GanConfig): GanConfig => config;
