import {
  fields,
  flag,
  number,
  oneOf,
  optional,
  orNull,
  pair,
  refuse,
  result,
  tagged,
  text,
  whole,
  type ReadBy,
  type Reader,
} from './fields.js';

const decay = {wd: optional(number), decouple_wd: optional(flag)};

/** The keys under which a training was recorded, with fastai's names. An absent one means fastai's default. */
const keys = fields({
  size: whole,
  channels: whole,
  /** Length of a latent vector. */
  noise: whole,
  nf_gen: whole,
  nf_crit: whole,
  /** `n_extra_layers` of the basic networks. */
  extra: whole,
  nets: oneOf('basic', 'gan_critic', 'image'),
  crit_act: text,
  /** `n_blocks` and `p` of `gan_critic`. */
  blocks: optional(whole),
  p: optional(number),
  /** Bounds of the image generator's outputs. */
  y_range: optional(pair),
  image_to_image: optional(flag),
  learner: oneOf('wgan', 'from_func', 'from_learners'),
  weights_gen: optional(pair),
  bs: whole,
  epochs: whole,
  batches: whole,
  valid_batches: optional(whole),
  /** The random generator of the initial weights and the batches, which are among the tensors. */
  net_seed: optional(whole),
  data_seed: optional(whole),
  opt: orNull(
    tagged('name', {
      SGD: {mom: optional(number), ...decay},
      RMSProp: {mom: optional(number), sqr_mom: optional(number), ...decay}, // fastai ignores its eps
      Adam: {mom: optional(number), sqr_mom: optional(number), eps: optional(number), ...decay},
    }),
  ),
  fit: fields({
    lr: optional(number),
    wd: optional(number),
    one_cycle: optional(flag),
    lr_max: optional(number),
    div: optional(number),
    div_final: optional(number),
    pct_start: optional(number),
  }),
  switcher: optional(
    tagged('kind', {
      fixed: {n_crit: optional(whole), n_gen: optional(whole)},
      adaptive: {gen_thresh: optional(orNull(number)), critic_thresh: optional(orNull(number))},
    }),
  ),
  gen_first: optional(flag),
  switch_eval: optional(flag),
  clip: optional(number),
  dlr: optional(fields({mult: number, where: oneOf('constructor', 'fit')})),
  train_metrics: optional(flag),
});
export type TraceConfig = ReadBy<typeof keys>;

/** Reads a configuration. Keys that would have no effect beside the others are refused too. */
const traceConfig: Reader<TraceConfig> = (value, where) => {
  const config = keys(value, where);
  const {nets, learner, fit} = config;
  const pointless = (key: string, why: string): never => refuse(where, `'${key}' has no effect ${why}`);
  if (nets === 'basic') {
    for (const key of ['blocks', 'p'] as const) if (config[key] !== undefined) pointless(key, 'on a basic critic');
  } else if (config.crit_act !== 'relu') pointless('crit_act', 'on gan_critic, whose activation is LeakyReLU(0.2)');
  if (config.p) refuse(where, `'p' is ${config.p}; the masks of dropout are no part of a recording, so it must be 0`);
  if ((nets === 'image') !== (config.y_range !== undefined)) refuse(where, `'y_range' belongs to nets 'image'`);
  if ((nets === 'image') !== (config.image_to_image ?? false))
    refuse(where, `'image_to_image' must be true for nets 'image', and for no other`);
  if (nets === 'image' && config.extra !== 0) pointless('extra', `for nets 'image'`);
  if (learner === 'wgan' && config.weights_gen) pointless('weights_gen', 'on the WGAN losses');
  const ofOther = fit.one_cycle ? (['lr'] as const) : (['lr_max', 'div', 'div_final', 'pct_start'] as const);
  for (const key of ofOther)
    if (fit[key] !== undefined) pointless(`fit.${key}`, fit.one_cycle ? 'with one_cycle' : 'without one_cycle');
  return config;
};

export interface TraceStep {
  mode: string;
  gen_training: boolean;
  crit_training: boolean;
  gen_requires_grad: boolean;
  crit_requires_grad: boolean;
  pred_mean: number;
  loss: number;
  gen_param_norm: number;
}

export interface TrainStep extends TraceStep {
  lr_step: number[];
  mom_step: number;
  recorder_smooth_loss: number;
  gen_loss_smooth: number | null;
  crit_loss_smooth: number | null;
  lr_recorded: number;
  lr_after: number;
  mode_after: string;
  crit_param_norm: number;
}

/** A recorded training (the JSON beside its tensors). */
export const traceRecording = fields({
  case: text,
  kind: text,
  versions: result<Record<string, string>>(),
  config: traceConfig,
  columns: result<string[]>(),
  epoch_rows: result<(number | null)[][]>(),
  steps: result<TrainStep[]>(),
  valid_steps: result<TraceStep[]>(),
  gan_trainer_gen_losses: result<number[]>(),
  gan_trainer_crit_losses: result<number[]>(),
  recorder_losses: result<number[]>(),
  counters_final: result<Record<string, number>>(),
  opt_steps_final: result<Record<string, number>>(),
  opt_param_order: result<string[]>(),
  /** One value per parameter group. */
  opt_hypers: result<Record<string, number>[]>(),
  no_weight_decay: result<string[]>(),
  /** How far the same run in float64 lies from the recorded one: what rounding alone does. */
  f64_deviation: result<
    {
      loss: {max_abs: number; per_step: number[]};
      final_state_max_abs: Record<string, number>;
    } & Record<string, unknown>
  >(),
});
export type TraceRecording = ReadBy<typeof traceRecording>;
