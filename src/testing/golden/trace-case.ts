import type {Tensor} from '../../backends/tf.js';
import type {Callback} from '../../gan/callback.js';
import {GANDiscriminativeLR} from '../../gan/callbacks/discriminative-lr.js';
import type {GANLearner} from '../../gan/gan-learner.js';
import type {Learner} from '../../gan/learner.js';
import type {Module, StateDict} from '../../gan/module.js';
import {compareArrays, compareSeries, type CaseResult, type Deviation} from './compare.js';
import {defined} from './fields.js';
import {channelsFirst, withPrefix} from './torch-layout.js';
import {traceLearner} from './trace-learner.js';
import type {TraceRecording, TraceStep, TrainStep} from './trace-recording.js';

/** Relative deviation that is allowed, where float64 and float32 do not lie further apart themselves. */
const bound = 1e-4;
/**
 * How many times the distance between the float32 and the float64 recording may be reached by rounding in another
 * order.
 */
const roundings = 100;
const floorFor = (deviation: number): number => (roundings * deviation) / bound;

/** Trains as the recording did, and compares every step, the rows, and all that is left at the end. */
export async function runTraceCase(recording: TraceRecording, tensors: StateDict, file: string): Promise<CaseResult> {
  const learn = traceLearner(recording.config, tensors, `${file}, config`);
  for (const net of ['generator', 'critic'] as const)
    learn.ganModel.network(net).loadStateDict(withPrefix(tensors, `init.${net}.`));
  const observer = new Observer(learn);
  await train(learn, recording, observer);

  const deviations = [
    ...stepDeviations(recording, observer),
    ...historyDeviations(recording, learn),
    ...(await stateDeviations(learn, recording, tensors)),
    ...predictionDeviations(tensors, observer),
  ];
  const mismatches = await allMismatches(learn, recording, observer);
  learn.opt!.dispose();
  learn.model.dispose();
  return {name: recording.case, deviations, mismatches};
}

async function train(learn: GANLearner, {config}: TraceRecording, observer: Observer): Promise<void> {
  const {epochs, fit, dlr} = config;
  const cbs: Callback[] = [...(dlr?.where === 'fit' ? [new GANDiscriminativeLR(dlr.mult)] : []), observer];
  const {lr, lr_max, wd, div, div_final, pct_start} = fit;
  if (fit.one_cycle)
    await learn.fitOneCycle(epochs, lr_max, {cbs, ...defined({wd, div, divFinal: div_final, pctStart: pct_start})});
  else await learn.fit(epochs, lr, {cbs, ...defined({wd})});
}

/** Notes at every batch what the recording noted. */
class Observer implements Callback {
  readonly name = 'observer';
  readonly runAfter = ['recorder', 'discriminative-lr', 'param-scheduler'];
  readonly steps: TrainStep[] = [];
  readonly validSteps: TraceStep[] = [];
  readonly predictions: Float32Array[] = [];
  /** Epoch and values, without the time. */
  rows: (number | null)[][] = [];
  readonly #learn: GANLearner;
  #forward:
    Pick<TraceStep, 'mode' | 'gen_training' | 'crit_training' | 'gen_requires_grad' | 'crit_requires_grad'> | undefined;
  #lr: number[] = [];
  #mom = 0;

  constructor(learn: GANLearner) {
    this.#learn = learn;
  }

  /** Runs after all other callbacks, so it sees the values that the step uses. */
  beforeBatch({training, opt}: Learner): void {
    const {ganModel} = this.#learn;
    const [generator, critic] = [ganModel.network('generator'), ganModel.network('critic')];
    this.#forward = {
      mode: ganModel.genMode ? 'generator' : 'critic',
      gen_training: generator.training,
      crit_training: critic.training,
      gen_requires_grad: generator.parameters().every(({requiresGrad}) => requiresGrad),
      crit_requires_grad: critic.parameters().every(({requiresGrad}) => requiresGrad),
    };
    if (!training) return;
    this.#lr = opt!.hypers.map(({lr}) => lr);
    this.#mom = opt!.hypers.at(-1)!['mom']!;
  }

  afterEpoch(): void {
    this.rows = this.#learn.recorder!.rows.map(({epoch, values}) => [epoch, ...values]);
  }

  async afterBatch(learn: Learner): Promise<void> {
    const {ganModel, ganTrainer, recorder} = this.#learn;
    await learn.readLosses();
    const step: TraceStep = {
      ...this.#forward!,
      pred_mean: await mean(learn.pred!),
      loss: learn.pendingLoss!.value,
      gen_param_norm: await parameterNorm(ganModel.network('generator')),
    };
    if (!learn.training) {
      this.validSteps.push(step);
      this.predictions.push(await channelsFirst(learn.pred!));
      return;
    }
    this.steps.push({
      ...step,
      lr_step: this.#lr,
      mom_step: this.#mom,
      recorder_smooth_loss: recorder!.smoothLoss.value!,
      gen_loss_smooth: ganTrainer.genSmooth.value ?? null,
      crit_loss_smooth: ganTrainer.critSmooth.value ?? null,
      lr_recorded: recorder!.lrs.at(-1)!,
      lr_after: learn.opt!.hypers[0]!.lr,
      mode_after: ganTrainer.turn,
      crit_param_norm: await parameterNorm(ganModel.network('critic')),
    });
  }
}

async function mean(x: Tensor): Promise<number> {
  const values = (await x.data()) as Float32Array;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function parameterNorm(module: Module): Promise<number> {
  let sum = 0;
  for (const {variable} of module.parameters()) for (const value of await variable.data()) sum += value * value;
  return Math.sqrt(sum);
}

function stepDeviations(recording: TraceRecording, observer: Observer): Deviation[] {
  const series = (name: keyof TrainStep): Deviation => {
    const noise = (recording.f64_deviation[name] as {max_abs: number} | undefined)?.max_abs ?? 0;
    const values = (steps: TrainStep[]): number[] =>
      steps.flatMap((step) => (step[name] as number | number[] | null) ?? NaN);
    return compareSeries(
      name,
      values(observer.steps),
      values(recording.steps),
      bound,
      Math.max(floorFor(noise), 1e-12),
    );
  };
  const names = [
    'loss',
    'recorder_smooth_loss',
    'gen_loss_smooth',
    'crit_loss_smooth',
    'lr_step',
    'mom_step',
    'lr_recorded',
    'lr_after',
    'gen_param_norm',
    'crit_param_norm',
  ] as const;
  const noise = recording.f64_deviation.loss.max_abs;
  const valid = (steps: TraceStep[]): number[] => steps.map(({loss}) => loss);
  const flat = (rows: (number | null)[][]): number[] => rows.flat().map((value) => value ?? NaN);
  return [
    ...names.map(series),
    compareSeries(
      'pred_mean',
      observer.steps.map((s) => s.pred_mean),
      recording.steps.map((s) => s.pred_mean),
      bound,
      Math.max(floorFor(noise), 1e-2),
    ),
    compareSeries('valid loss', valid(observer.validSteps), valid(recording.valid_steps), bound, floorFor(noise)),
    compareSeries('epoch rows', flat(observer.rows), flat(recording.epoch_rows), bound, floorFor(noise)),
  ];
}

/** The curves that the callbacks keep, and the optimiser's last hyperparameters. */
function historyDeviations(recording: TraceRecording, {ganTrainer, recorder, opt}: GANLearner): Deviation[] {
  const {recorder_smooth_loss, gen_loss_smooth, crit_loss_smooth} = recording.f64_deviation;
  const compare = (what: string, got: number[], recorded: number[], noise: unknown): Deviation =>
    compareSeries(what, got, recorded, bound, Math.max(floorFor((noise as {max_abs: number}).max_abs), 1e-12));
  const named = {sqr_mom: 'sqrMom'} as Record<string, string>;
  return [
    compare('recorder.losses', recorder!.losses, recording.recorder_losses, recorder_smooth_loss),
    compare('gen_losses', ganTrainer.genLosses, recording.gan_trainer_gen_losses, gen_loss_smooth),
    compare('crit_losses', ganTrainer.critLosses, recording.gan_trainer_crit_losses, crit_loss_smooth),
    ...recording.opt_hypers.flatMap((hypers, group) =>
      Object.entries(hypers).map(([name, value]) => {
        const got = opt!.hypers[group]?.[named[name] ?? name] ?? NaN;
        return compareSeries(`opt_hypers ${group} ${name}`, [got], [value], bound, 1e-12);
      }),
    ),
  ];
}

async function stateDeviations(
  learn: GANLearner,
  {f64_deviation: {final_state_max_abs: noise}}: TraceRecording,
  tensors: StateDict,
): Promise<Deviation[]> {
  const state = await learn.model.stateDict();
  const averages = await learn.opt!.stateDict(learn.parameterNames());
  const compare = (prefix: string, got: StateDict) =>
    [...withPrefix(tensors, prefix)].map(([name, {data}]) =>
      compareArrays(
        `${prefix}${name}`,
        (got.get(name)?.data ?? []) as Float32Array,
        data as Float32Array,
        bound,
        Math.max(floorFor(noise[name] ?? 0), 1e-12),
      ),
    );
  return [...compare('final.', state), ...compare('opt.', averages)];
}

function predictionDeviations(tensors: StateDict, {predictions}: Observer): Deviation[] {
  const recorded = tensors.get('valid.pred');
  if (!recorded) return [];
  const all = Float32Array.from(predictions.flatMap((values) => [...values]));
  return [compareArrays('valid.pred', all, recorded.data as Float32Array, bound)];
}

async function allMismatches(learn: GANLearner, recording: TraceRecording, observer: Observer): Promise<string[]> {
  const facts = ['mode', 'gen_training', 'crit_training', 'gen_requires_grad', 'crit_requires_grad'] as const;
  const wrong: string[] = [];
  const differ = (what: string, got: unknown, recorded: unknown): void => {
    if (JSON.stringify(got) !== JSON.stringify(recorded))
      wrong.push(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(recorded)}`);
  };
  for (const fact of facts) {
    differ(
      fact,
      observer.steps.map((step) => step[fact]),
      recording.steps.map((step) => step[fact]),
    );
    differ(
      `valid ${fact}`,
      observer.validSteps.map((step) => step[fact]),
      recording.valid_steps.map((step) => step[fact]),
    );
  }
  differ(
    'mode_after',
    observer.steps.map((step) => step.mode_after),
    recording.steps.map((step) => step.mode_after),
  );
  differ('columns', learn.recorder!.columns, recording.columns);
  const names = learn.parameterNames();
  differ(
    'optimiser parameters',
    learn.opt!.parameters().map((parameter) => names.get(parameter)),
    recording.opt_param_order,
  );
  differ(
    'no weight decay',
    learn
      .opt!.parameters()
      .filter((parameter) => learn.opt!.marks.noDecay.has(parameter))
      .map((parameter) => names.get(parameter)),
    recording.no_weight_decay,
  );
  const steps = new Map([...names].map(([parameter, name]) => [name, learn.opt!.stepsOf(parameter)]));
  for (const [name, count] of Object.entries(recording.opt_steps_final))
    differ(`updates of ${name}`, steps.get(name), count);
  const state = await learn.model.stateDict();
  for (const [name, count] of Object.entries(recording.counters_final))
    differ(name, Number(state.get(name)?.data[0]), count);
  return wrong;
}
