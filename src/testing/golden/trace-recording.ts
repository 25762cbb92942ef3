/** The content of a recorded training trace (the JSON next to its tensors). */
export interface TraceConfig {
  size: number;
  channels: number;
  noise: number;
  nf_gen: number;
  nf_crit: number;
  extra: number;
  nets: 'basic' | 'gan_critic' | 'image';
  crit_act: string;
  learner: 'wgan' | 'from_func' | 'from_learners';
  bs: number;
  blocks?: number;
  y_range?: [number, number];
  weights_gen?: [number, number];
  epochs: number;
  batches: number;
  valid_batches?: number;
  opt: {name: string; mom?: number; sqr_mom?: number; wd?: number} | null;
  fit: {lr?: number; wd?: number; one_cycle?: boolean; lr_max?: number};
  switcher?: {kind: string; n_crit?: number; n_gen?: number; gen_thresh?: number | null; critic_thresh?: number | null};
  dlr?: {mult: number; where: 'constructor' | 'fit'};
  clip?: number;
  train_metrics?: boolean;
}

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

export interface TraceRecording {
  case: string;
  kind: 'trace';
  config: TraceConfig;
  columns: string[];
  epoch_rows: (number | null)[][];
  steps: TrainStep[];
  valid_steps: TraceStep[];
  counters_final: Record<string, number>;
  opt_steps_final: Record<string, number>;
  opt_param_order: string[];
  no_weight_decay: string[];
  /** How far the same run in float64 lies from the recorded one: what rounding alone does. */
  f64_deviation: {
    loss: {max_abs: number; per_step: number[]};
    final_state_max_abs: Record<string, number>;
  } & Record<string, unknown>;
}
