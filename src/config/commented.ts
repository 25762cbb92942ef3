import {partKinds} from '../options/kinds.js';
import {describeSpec, type OptionValue} from '../options/options-check.js';
import type {PartKind} from '../options/kinds.js';
import type {PartChoice} from '../options/run-config.js';
import type {Assignments} from './assignments.js';
import {optionsOf} from './assignments.js';
import type {ResolvedConfig} from './resolve.js';
import {
  configKeys,
  isListKey,
  isMapKey,
  isScalarKey,
  listKeys,
  mapKeys,
  scalarFacts,
  scalarKeys,
  singleKeys,
  type ListKey,
  type MapKey,
  type SingleKey,
} from '../options/config-keys.js';

/** How a commented configuration can be written. JSON has no comments. */
export const commentedFormats = ['yaml', 'ts', 'mjs'] as const;
export type CommentedFormat = (typeof commentedFormats)[number];

type Value = OptionValue | null | Value[] | {[key: string]: Value};

interface Syntax {
  comment: string;
  indent: string;
  head: string[];
  tail: string[];
  line(key: string, value: string): string;
  text(value: string): string;
}

const script: Syntax = {
  comment: '//',
  indent: '  ',
  head: ["import {defineConfig} from 'gankit/config';", '', 'export default defineConfig({'],
  tail: ['});'],
  line: (key, value) => `${key}: ${value},`,
  text: (value) => (/['\\\n]/.test(value) ? JSON.stringify(value) : `'${value}'`),
};

const syntaxes: Record<CommentedFormat, Syntax> = {
  yaml: {
    comment: '#',
    indent: '',
    head: [],
    tail: [],
    line: (key, value) => `${key}: ${value}`,
    text: (value) =>
      /^[a-z][\w./-]*$/i.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
        ? value
        : JSON.stringify(value), // JSON's texts are YAML's, too
  },
  ts: script,
  mjs: script,
};

export interface CommentedRequest {
  format: CommentedFormat;
  /** The values to set. Every other key becomes a comment with its value. */
  chosen: Assignments;
  /** The configuration that results. */
  resolved: ResolvedConfig;
  names(kind: PartKind): string[];
  /** Path of the schema for editors, relative to the file. YAML only, because TypeScript has types. */
  schema?: string;
}

/**
 * A configuration file that explains itself: each key with what it means and may be. Prose has a space after its
 * comment sign, keys have none.
 */
export function commentedConfig({format, chosen, resolved, names, schema}: CommentedRequest): string {
  const syntax = syntaxes[format];
  const {comment, indent, head, tail} = syntax;
  const lines = entries(resolved, names).flatMap(({key, help, value}) => {
    const set = chosenValue(key, chosen, resolved);
    const line = syntax.line(key, render(set ?? value, syntax));
    return ['', `${comment} ${help}`, set === undefined ? comment + line : line];
  });
  const intro = [
    ...(format === 'yaml' && schema !== undefined ? [`# yaml-language-server: $schema=${schema}`] : []),
    `${comment} Configuration of gan. Keys after ${comment} have the value that is shown; take the ${comment} away to set them.`,
    `${comment} What is in force, and why: gan config show --origin`,
  ];
  return [
    ...intro,
    ...(head.length > 0 ? ['', ...head] : []),
    ...lines.map((line) => (line === '' ? '' : indent + line)).slice(head.length > 0 ? 1 : 0),
    ...tail,
    '',
  ].join('\n');
}

interface Entry {
  key: string;
  help: string;
  value: Value;
}

/** All keys, with the values that they have. */
function entries({config, backend, recipe, auto}: ResolvedConfig, names: CommentedRequest['names']): Entry[] {
  const part = (key: SingleKey): Value => {
    if (key === 'recipe') return recipe ?? 'none';
    const choice: PartChoice | undefined = key === 'backend' ? backend : config[key];
    return choice === undefined ? 'none' : withOptions(choice);
  };
  const list = (key: ListKey): Value => config[key].map(withOptions);
  const map = (key: MapKey): Value =>
    Object.fromEntries(Object.entries(config[key]).map(([name, choice]) => [name, withOptions(choice)]));
  const ofParts = (kind: PartKind, what: string): string => `${what}: ${names(kind).join(', ') || 'none is installed'}`;
  return [
    {
      key: 'data',
      help: `a folder of images, relative to this file, or ${names('source')
        .map((name) => `builtin:${name}`)
        .join(', ')}`,
      value: config.data,
    },
    ...singleKeys.map((key) => {
      const {kind} = configKeys[key];
      const help =
        key === 'recipe'
          ? `${ofParts(kind, 'values to start from')}; what one sets: gan config show --recipe NAME`
          : ofParts(kind, partKinds[kind].noun);
      return {key, help, value: part(key)};
    }),
    ...mapKeys.map((key) => {
      const {kind, of} = configKeys[key];
      return {key, help: ofParts(kind, `${partKinds[kind].manifestKey} of ${of}, by name`), value: map(key)};
    }),
    ...listKeys.map((key) => {
      const {kind} = configKeys[key];
      return {key, help: ofParts(kind, `any number of ${partKinds[kind].manifestKey}`), value: list(key)};
    }),
    ...scalarKeys.map((key) => {
      const {spec} = scalarFacts(key);
      return {
        key,
        help: `${spec.help ?? key} (${describeSpec(spec)})`,
        value: auto.includes(key) ? 'auto' : (config[key] ?? null),
      };
    }),
  ];
}

const withOptions = ({name, options}: PartChoice): Value =>
  Object.keys(options).length === 0 ? name : {name, ...(options as Record<string, OptionValue>)};

/** Returns the value that was set for a key, in its type; undefined if none was. */
function chosenValue(key: string, chosen: Assignments, {config, backend}: ResolvedConfig): Value {
  const given = chosen.get(key)?.value as Value;
  const options = [...optionsOf(chosen, key).keys()];
  if (isListKey(key))
    return given === undefined && options.length === 0
      ? undefined
      : config[key].map((choice) => (options.length > 0 ? withOptions(choice) : choice.name));
  if (isMapKey(key))
    return given === undefined && options.length === 0
      ? undefined
      : Object.fromEntries(Object.entries(config[key]).map(([name, choice]) => [name, withOptions(choice)]));
  if (options.length > 0) {
    const all = (key === 'backend' ? backend : config[key as 'arch']).options as Record<string, OptionValue>;
    return {
      ...(given !== undefined && {name: given}),
      ...Object.fromEntries(options.map((option) => [option, all[option]])),
    };
  }
  if (given === undefined) return undefined;
  return isScalarKey(key) ? (config[key] ?? null) : given;
}

function render(value: Value, syntax: Syntax): string {
  if (Array.isArray(value)) return `[${value.map((each) => render(each, syntax)).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, each]) => `${/^[a-z]\w*$/i.test(key) ? key : JSON.stringify(key)}: ${render(each, syntax)}`)
      .join(', ')}}`;
  return typeof value === 'string' ? syntax.text(value) : String(value ?? null);
}
