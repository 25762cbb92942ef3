import {partKinds} from '../options/kinds.js';
import type {PartKind} from '../options/kinds.js';
import type {OptionSpec, OptionSpecs} from '../options/options.js';
import type {Registry} from '../plugin/registry.js';
import {dataPrefix} from './data.js';
import {
  configKeys,
  listKeys,
  mapKeys,
  scalarFacts,
  scalarKeys,
  singleFacts,
  singleKeys,
} from '../options/config-keys.js';

/** A JSON Schema, draft 7, which is what editors know best. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

/** A part by the names that it goes by; one that does not load, or is not installed, has names only. */
interface NamedPart {
  names: string[];
  summary?: string;
  options?: OptionSpecs;
}

/**
 * The schema of configuration files, for editors: the keys, and the parts of this installation with their options.
 * Loads the parts' modules, not tfjs.
 */
export async function configSchema(registry: Registry): Promise<JsonSchema> {
  const sources = await partsOf(registry, 'source');
  const parts = await Promise.all(
    singleKeys.map(async (key) => {
      const {kind, optional, auto} = singleFacts(key);
      const found = await partsOf(registry, kind);
      const others = [...(auto ? ['auto'] : []), ...(optional ? ['none'] : [])];
      return [
        key,
        {
          description: `${partKinds[kind].noun}, and its options`,
          anyOf: [...partSchemas(found, others), unnamed(found), ...(optional ? [{type: 'null'}] : [])],
        },
      ] as const;
    }),
  );
  const maps = await Promise.all(
    mapKeys.map(async (key) => {
      const {kind, of, options: more} = configKeys[key];
      const {noun, manifestKey} = partKinds[kind];
      const found = (await partsOf(registry, kind)).map(({options, ...part}) => ({
        ...part,
        ...(options && {options: {...options, ...more}}),
      }));
      return [
        key,
        {
          type: 'object',
          description: `${manifestKey} of ${of}, by name`,
          additionalProperties: {
            description: `${noun}, and its options`,
            anyOf: [...partSchemas(found, ['none']), unnamed(found), {type: 'null'}],
          },
        },
      ] as const;
    }),
  );
  const lists = await Promise.all(
    listKeys.map(async (key) => {
      const {kind} = configKeys[key];
      const {noun, manifestKey} = partKinds[kind];
      const found = await partsOf(registry, kind);
      return [
        key,
        {
          description: `${manifestKey}, in their order; a single one may stand for itself`,
          anyOf: [
            {type: 'array', items: found.length > 0 && {description: noun, anyOf: partSchemas(found)}},
            {type: 'string', pattern: listPattern(found)},
            ...partSchemas(found).slice(1),
            unnamed(found),
            {type: 'null'},
          ],
        },
      ] as const;
    }),
  );
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'gan',
    description: 'A configuration file of gan: docs/configuration.md',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: {type: 'string'},
      data: {
        type: 'string',
        description: `a folder of images, relative to this file, or ${sources.map(({names}) => dataPrefix + names[0]).join(', ')}`,
      },
      source: {
        type: 'object',
        description: 'options of built-in data',
        additionalProperties: false,
        properties: allOptions(sources),
      },
      ...Object.fromEntries(parts),
      ...Object.fromEntries(maps),
      ...Object.fromEntries(lists),
      ...Object.fromEntries(
        scalarKeys.map((key) => {
          const {spec, auto} = scalarFacts(key);
          const schema = optionSchema(spec);
          return [key, auto ? {anyOf: [schema, {enum: ['auto']}]} : schema];
        }),
      ),
    },
  };
}

async function partsOf(registry: Registry, kind: PartKind): Promise<NamedPart[]> {
  const there = await Promise.all(
    registry.list(kind).map(async ({name}): Promise<NamedPart> => {
      const names = [...new Set([name, registry.fullName(kind, name)])];
      // `gan parts` and `gan doctor` say why
      const definition = await registry.describe(kind, name).catch(() => undefined);
      return {names, ...(definition && {summary: definition.summary, options: definition.options ?? {}})};
    }),
  );
  return [...there, ...registry.installable(kind).map(({name}) => ({names: [name]}))];
}

/** A part by name, and each with its options beside the name or under `options`. */
function partSchemas(parts: readonly NamedPart[], others: readonly string[] = []): JsonSchema[] {
  return [
    {type: 'string', enum: [...parts.flatMap(({names}) => names), ...others]},
    ...parts.map(({names, summary, options}) =>
      objectSchema({name: {enum: names}}, options, {
        required: ['name'],
        ...(summary !== undefined && {description: summary}),
      }),
    ),
  ];
}

/** Names separated by commas, or `none`. */
function listPattern(parts: readonly NamedPart[]): string {
  const names = parts.flatMap(({names}) => names.map((name) => name.replaceAll(/[^\w-]/g, String.raw`\$&`)));
  const one = `\\s*(${names.join('|')})\\s*`;
  return names.length > 0 ? `^(none|${one}(,${one})*)$` : '^none$';
}

/** Options of whichever part a recipe or a flag chooses. */
function unnamed(parts: readonly NamedPart[]): JsonSchema {
  const properties = allOptions(parts);
  return {
    type: 'object',
    additionalProperties: false,
    properties: {...properties, options: {type: 'object', additionalProperties: false, properties}},
  };
}

/** The options of all parts; what several have may be as any of them wants it. */
function allOptions(parts: readonly NamedPart[]): JsonSchema {
  const all = parts.flatMap(({options = {}}) => Object.entries(options));
  return Object.fromEntries(
    [...new Set(all.map(([key]) => key))].map((key) => [
      key,
      either(all.filter(([other]) => other === key).map(([, spec]) => optionSchema(spec))),
    ]),
  );
}

const either = (schemas: JsonSchema[]): JsonSchema => (schemas.length === 1 ? schemas[0]! : {anyOf: schemas});

/** Accepts any options of a part whose options are unknown. */
function objectSchema(properties: JsonSchema, specs: OptionSpecs | undefined, extra: JsonSchema): JsonSchema {
  const options = Object.fromEntries(Object.entries(specs ?? {}).map(([key, spec]) => [key, optionSchema(spec)]));
  const additionalProperties = specs === undefined;
  return {
    type: 'object',
    ...extra,
    additionalProperties,
    properties: {...options, options: {type: 'object', additionalProperties, properties: options}, ...properties},
  };
}

/** The schema of one value; `null` and `none` leave out one that may be left out. */
export function optionSchema(spec: OptionSpec): JsonSchema {
  const schema = {...typeSchema(spec), ...(spec.help !== undefined && {description: spec.help})};
  if (spec.default !== undefined) return {...schema, default: spec.default};
  return {...(spec.help !== undefined && {description: spec.help}), anyOf: [typeSchema(spec), {enum: [null, 'none']}]};
}

function typeSchema(spec: OptionSpec): JsonSchema {
  switch (spec.type) {
    case 'int':
    case 'num':
      return {
        type: spec.type === 'int' ? 'integer' : 'number',
        ...(spec.min !== undefined && {minimum: spec.min}),
        ...(spec.max !== undefined && {maximum: spec.max}),
      };
    case 'bool':
      return {type: 'boolean'};
    case 'str':
      return {type: 'string', minLength: 1};
    case 'oneOf':
      return {enum: [...spec.values, ...spec.values.map(Number).filter((number) => !Number.isNaN(number))]};
    case 'size': {
      const side = {
        type: 'integer',
        minimum: spec.min ?? 1,
        ...(spec.max !== undefined && {maximum: spec.max}),
      };
      return {
        anyOf: [
          side,
          {type: 'string', pattern: '^[1-9][0-9]*x[1-9][0-9]*$'},
          {type: 'array', items: side, minItems: 2, maxItems: 2},
        ],
      };
    }
  }
}
