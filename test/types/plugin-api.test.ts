/** Each `@ts-expect-error` is a misuse of the plug-in API that the types refuse; the test compiles this very file. */
import {expect} from 'chai';
import {fileURLToPath} from 'node:url';
import ts from 'typescript';
import type {PartChoice, RunConfig} from '../../dist/options/run-config.js';
import type {Architecture, Backend, Gan, StepLoss, PartKind, PartKinds} from '../../dist/plugin/index.js';
import {kindNames} from '../../dist/options/kinds.js';
import type {RunParts} from '../../dist/config/parts.js';
import type {Schedule} from '../../dist/plugin/index.js';
import type {NamedImageMetric} from '../../dist/gan/metrics/image-metrics.js';
import type {Registry} from '../../dist/plugin/registry.js';

describe('the types of the plug-in API', () => {
  const file = fileURLToPath(import.meta.url);
  let program: ts.Program;
  before(() => {
    const {config} = ts.readConfigFile(
      fileURLToPath(new URL('../../tsconfig.base.json', import.meta.url)),
      ts.sys.readFile,
    ) as {config: {compilerOptions: object}};
    const {options} = ts.convertCompilerOptionsFromJson(
      {...config.compilerOptions, types: ['node', 'mocha'], noEmit: true, declaration: false},
      fileURLToPath(new URL('../..', import.meta.url)),
    );
    program = ts.createProgram([file], options);
  });

  it('accept the right uses in this file and refuse the wrong ones', () => {
    const faults = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
    expect(faults.map(({messageText}) => ts.flattenDiagnosticMessageText(messageText, '\n'))).to.deep.equal([]);
  });

  it('explain in an editor each value of a run, and the function of each kind', () => {
    const checker = program.getTypeChecker();
    /** The names of a declared type's properties that have no comment. */
    const unexplained = (declaredIn: string, name: string): string[] => {
      const source = program.getSourceFile(fileURLToPath(new URL(`../../dist/${declaredIn}`, import.meta.url)))!;
      const symbol = checker
        .getExportsOfModule(checker.getSymbolAtLocation(source)!)
        .find((each) => each.name === name)!;
      const properties = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
      expect(properties.length).to.be.greaterThan(10);
      return properties.filter((each) => each.getDocumentationComment(checker).length === 0).map((each) => each.name);
    };
    const parts = ['arch', 'loss', 'opt', 'switcher', 'metrics', 'callbacks']; // say it by their names
    expect(unexplained('options/run-config.d.ts', 'RunConfig').filter((key) => !parts.includes(key))).to.deep.equal([]);
    const unexplainedKinds = unexplained('plugin/index.d.ts', 'Gan').filter((key) =>
      (kindNames as string[]).includes(key),
    );
    expect(unexplainedKinds).to.deep.equal([]);
  });
}).timeout(60_000);

/** An exact type, both ways. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_ extends true>(): void => {};

export const switchers = ({switcher, opt}: Gan) => [
  // Options reach `create` in the type of their specification.
  switcher({
    name: 'typed',
    summary: 's',
    options: {i: opt.int(1), n: opt.num(undefined), s: opt.str('x'), b: opt.bool(false), o: opt.oneOf(['a', 'b'], 'a')},
    create: ({i, n, s, b, o}) => {
      holds<Same<typeof i, number>>();
      holds<Same<typeof n, number | undefined>>();
      holds<Same<typeof s, string>>();
      holds<Same<typeof b, boolean>>();
      holds<Same<typeof o, 'a' | 'b'>>();
      return ({last}) => last;
    },
  }),
  switcher({name: 'plain', summary: 's', create: () => () => 'critic'}),
  // @ts-expect-error no summary
  switcher({name: 'x', create: () => () => 'critic'}),
  // @ts-expect-error `create` must make something that names a network
  switcher({name: 'x', summary: 's', create: () => () => 'discriminator'}),
  switcher({
    name: 'x',
    summary: 's',
    options: {n: opt.int(1)},
    // @ts-expect-error an option that is not specified
    create: ({m}) => {
      return () => (m ? 'critic' : 'generator');
    },
  }),
  // @ts-expect-error an option specified by hand, without its type
  switcher({name: 'x', summary: 's', options: {n: {default: 1}}, create: () => () => 'critic'}),
  switcher({
    name: 'x',
    summary: 's',
    create: () => {
      // @ts-expect-error a fact that is not told
      return ({epoch}) => (epoch ? 'critic' : 'generator');
    },
  }),
];

export const specifications = ({opt}: Gan) => [
  // @ts-expect-error the default is none of the values
  opt.oneOf(['a', 'b'], 'c'),
  // @ts-expect-error text for a number
  opt.int('1'),
  // @ts-expect-error an unknown rule
  opt.num(1, {minimum: 0}),
];

export const losses = ({loss, tf}: Gan) => [
  loss({
    name: 'x',
    summary: 's',
    create: (): StepLoss => ({
      critic: ({real, fake}) => tf.sub(tf.mean(real.scores), tf.mean(fake.scores)),
      generator: ({fake}) => ({adversarial: tf.mean(fake.scores)}),
    }),
  }),
  // @ts-expect-error half a loss: the signs could drift apart
  loss({name: 'x', summary: 's', create: () => ({critic: ({real}) => tf.mean(real.scores)})}),
  loss({
    name: 'x',
    summary: 's',
    // @ts-expect-error a step has no target: it has real.images
    create: () => ({critic: ({target}) => tf.mean(target), generator: ({fake}) => tf.mean(fake.scores)}),
  }),
];

export const backends = ({backend}: Gan) => [
  backend({
    name: 'x',
    summary: 's',
    create: (): Backend => ({probe: async () => ({ok: true}), open: async () => ({tfBackend: 'cpu'})}),
  }),
  backend({
    name: 'x',
    summary: 's',
    // @ts-expect-error a refusal without a remedy
    create: () => ({probe: async () => ({ok: false, why: 'because'}), open: async () => ({tfBackend: 'cpu'})}),
  }),
  // @ts-expect-error which tfjs backend?
  backend({name: 'x', summary: 's', create: () => ({probe: async () => ({ok: true}), open: async () => ({info: {}})})}),
];

export const created = async (registry: Registry) => {
  holds<Same<Awaited<ReturnType<typeof architecture>>, Architecture>>();
  const architecture = () => registry.create('architecture', 'basic');
  // @ts-expect-error there is no such kind
  await registry.create('layer', 'basic');
};

/** What the tables of keys and kinds come to, for some of their rows. */
export const derived = (config: RunConfig, parts: RunParts) => {
  holds<Same<keyof PartKinds, PartKind>>(); // a kind has its type, and a type its kind
  holds<Same<Extract<keyof Gan, PartKind>, PartKind>>();
  holds<Same<typeof config.size, number | `${number}x${number}`>>();
  holds<Same<typeof config.channels, 1 | 2 | 3 | 4>>();
  holds<Same<typeof config.resize, 'crop' | 'pad' | 'squish'>>();
  holds<Same<typeof config.tensorboard, boolean>>();
  holds<Same<typeof config.steps, number | undefined>>();
  holds<Same<typeof config.keepBest, string | undefined>>();
  holds<Same<typeof config.arch, PartChoice>>();
  holds<Same<typeof config.penalty, readonly PartChoice[]>>();
  holds<Same<typeof config.metrics, readonly PartChoice[]>>();
  holds<Same<typeof parts.architecture, Architecture>>();
  holds<Same<typeof parts.schedule, Schedule | undefined>>();
  const metrics: readonly NamedImageMetric[] = parts.metrics;
  // @ts-expect-error where a run computes is not part of its configuration
  return [metrics, config.backend];
};
