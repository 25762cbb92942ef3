/**
 * The built-in parts as values: `penalties.r1({gamma: 1})` is what a configuration makes of `--penalty r1`. They are
 * those of package.json, made by the same functions.
 */
import {GanError} from './errors.js';
import {systemLimits} from './system-limits.js';
import {registerKernels} from './backends/kernels.js';
import {defineOperation} from './backends/operation.js';
import {tf} from './backends/tf.js';
import * as data from './gan/data/built-in.js';
import {exportTools} from './gan/export/tools.js';
import {measures} from './gan/metrics/measures.js';
import {nn} from './gan/nn.js';
import {Rng} from './gan/rng.js';
import {kindNames, kindLabel, type PartKind} from './options/kinds.js';
import {checkOptions} from './options/options-check.js';
import {opt, type OptionSpecs, type OptionValues} from './options/options.js';
import {apiVersion, type Definition, type Gan} from './plugin/index.js';
import ada from './parts/augmentations/ada.js';
import color from './parts/augmentations/color.js';
import cutout from './parts/augmentations/cutout.js';
import flip from './parts/augmentations/flip.js';
import translation from './parts/augmentations/translation.js';
import hub from './parts/exporters/hub.js';
import onnx from './parts/exporters/onnx.js';
import safetensors from './parts/exporters/safetensors.js';
import tfjs from './parts/exporters/tfjs.js';
import web from './parts/exporters/web.js';
import bce from './parts/losses/bce.js';
import hinge from './parts/losses/hinge.js';
import leastSquares from './parts/losses/least-squares.js';
import logistic from './parts/losses/logistic.js';
import relativistic from './parts/losses/relativistic.js';
import wgan from './parts/losses/wgan.js';
import checkerboard from './parts/metrics/checkerboard.js';
import coverage from './parts/metrics/coverage.js';
import density from './parts/metrics/density.js';
import fd from './parts/metrics/fd.js';
import highQuality from './parts/metrics/high-quality.js';
import kid from './parts/metrics/kid.js';
import modes from './parts/metrics/modes.js';
import msSsim from './parts/metrics/ms-ssim.js';
import pointModes from './parts/metrics/point-modes.js';
import precision from './parts/metrics/precision.js';
import recall from './parts/metrics/recall.js';
import swdPyramid from './parts/metrics/swd-pyramid.js';
import swd from './parts/metrics/swd.js';
import lecam from './parts/penalties/lecam.js';
import r1 from './parts/penalties/r1.js';
import r2 from './parts/penalties/r2.js';
import wganGp from './parts/penalties/wgan-gp.js';
import dcganRecipe from './parts/recipes/dcgan.js';
import ganRecipe from './parts/recipes/gan.js';
import lightRecipe from './parts/recipes/light.js';
import pointsRecipe from './parts/recipes/points.js';
import quickRecipe from './parts/recipes/quick.js';
import r1Recipe from './parts/recipes/r1.js';
import resnetRecipe from './parts/recipes/resnet.js';
import snganRecipe from './parts/recipes/sngan.js';
import wganGpRecipe from './parts/recipes/wgan-gp.js';
import wganRecipe from './parts/recipes/wgan.js';

/** The API that a part gets, with everything loaded: who imports this file has tfjs already. */
const gan: Gan = {
  ...(Object.fromEntries(kindNames.map((kind) => [kind, <T>(definition: T): T => definition])) as Pick<Gan, PartKind>),
  apiVersion,
  opt,
  GanError,
  limits: () => systemLimits(),
  Rng,
  tf,
  nn,
  kernels: {register: registerKernels},
  operation: defineOperation,
  exports: exportTools,
  data,
  measures,
};

/** A function of the part's options, those that are left out at their defaults. */
type Value<Created, S extends OptionSpecs> = (options?: Partial<OptionValues<S>>) => Created;

/** @throws GanError GAN_CONFIG_VALUE, GAN_CONFIG_UNKNOWN_KEY of an option */
function create<Created, S extends OptionSpecs>(
  kind: PartKind,
  {name, options: specs, create}: Definition<Created, S>,
  options: Partial<OptionValues<S>>,
): Created {
  const owner = `${kindLabel(kind)} ${name}`;
  const given = new Map(
    Object.entries<unknown>(options)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, {value, origin: 'the program', blame: 'usage' as const}]),
  );
  return create(checkOptions(owner, specs ?? {}, given).values as OptionValues<S>);
}

const part =
  (kind: PartKind) =>
  <Created, S extends OptionSpecs>(declare: (gan: Gan) => Definition<Created, S>): Value<Created, S> =>
  (options = {}) =>
    create(kind, declare(gan), options);

/** A part that is known by its name where it is used: the column of a metric, the term of a penalty. */
const named =
  (kind: PartKind) =>
  <Created extends object, S extends OptionSpecs>(
    declare: (gan: Gan) => Definition<Created, S>,
  ): Value<Created & {name: string}, S> =>
  (options = {}) => {
    const definition = declare(gan);
    return Object.assign(create(kind, definition, options), {name: definition.name});
  };

const [augmentation, metric, penalty] = [named('augmentation'), named('metric'), named('penalty')];
const [exporter, loss, recipe] = [part('exporter'), part('loss'), part('recipe')];

/** Changes of training images: `color`, `cutout`, `translation` and `ada` of all that the critic sees. */
export const augmentations = {
  ada: augmentation(ada),
  color: augmentation(color),
  cutout: augmentation(cutout),
  flip: augmentation(flip),
  translation: augmentation(translation),
};

/** What both networks minimise, for `GANLearner`. */
export const losses = {
  bce: loss(bce),
  hinge: loss(hinge),
  leastSquares: loss(leastSquares),
  logistic: loss(logistic),
  relativistic: loss(relativistic),
  wgan: loss(wgan),
};

/** What a network minimises beside the loss: `new GANLearner(..., {penalties: [penalties.r1({gamma: 1})]})`. */
export const penalties = {lecam: penalty(lecam), r1: penalty(r1), r2: penalty(r2), wganGp: penalty(wganGp)};

/** Numbers that say how good images are, for `openTraining(settings, {parts: {metrics: [metrics.swd()]}})`. */
export const metrics = {
  checkerboard: metric(checkerboard),
  coverage: metric(coverage),
  density: metric(density),
  fd: metric(fd),
  highQuality: metric(highQuality),
  kid: metric(kid),
  modes: metric(modes),
  msSsim: metric(msSsim),
  pointModes: metric(pointModes),
  precision: metric(precision),
  recall: metric(recall),
  swd: metric(swd),
  swdPyramid: metric(swdPyramid),
};

/** Formats of `Run.export`: `run.export(exporters.onnx({network: 'both'}), 'models')`. */
export const exporters = {
  hub: exporter(hub),
  onnx: exporter(onnx),
  safetensors: exporter(safetensors),
  tfjs: exporter(tfjs),
  web: exporter(web),
};

/** Configurations with the origin of their numbers: `openTraining({...recipes.quick().values, data: 'photos'})`. */
export const recipes = {
  dcgan: recipe(dcganRecipe),
  gan: recipe(ganRecipe),
  light: recipe(lightRecipe),
  points: recipe(pointsRecipe),
  quick: recipe(quickRecipe),
  r1: recipe(r1Recipe),
  resnet: recipe(resnetRecipe),
  sngan: recipe(snganRecipe),
  wgan: recipe(wganRecipe),
  wganGp: recipe(wganGpRecipe),
};
