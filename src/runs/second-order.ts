import {tf, type Scalar, type Tensor} from '../backends/tf.js';
import {GanError, isGanError, messageOf} from '../errors.js';
import {rowCount} from '../gan/classes.js';
import {sidesOf} from '../options/image-size.js';
import {kindLabel, type PartKind} from '../options/kinds.js';
import {shortName} from '../plugin/names.js';
import type {PreparedTraining} from './train.js';

/** tfjs's messages for an operation without a gradient, or with a wrong one. */
const missing = /gradient function not found for (\w+)|Error in gradient for op (\w+)/;

interface Used {
  kind: PartKind;
  name: string;
  package: string | undefined;
}

/**
 * The error of a training whose penalty needs a derivative that an operation does not have: it names the operation and
 * the part that used it. Undefined for any other error.
 * @param owner the package of a part; undefined for a built-in one
 */
export function secondOrderError(
  error: unknown,
  {config, learn, dls}: Pick<PreparedTraining, 'config' | 'learn' | 'dls'>,
  owner: (kind: PartKind, name: string) => string | undefined,
): GanError | undefined {
  const text = missing.exec(messageOf(isGanError(error) ? (error.cause ?? error) : error));
  if (!text || (isGanError(error) && error.code !== 'GAN_PLUGIN_FAILED')) return undefined;
  const operation = text[1] ?? text[2]!;
  const use = (kind: PartKind, name: string): Used => ({kind, name, package: owner(kind, name)});
  const images = (): Tensor => tf.zeros([2, ...sidesOf(config.size), config.channels]);
  const {classes} = dls;
  const score = (x: Tensor): Tensor =>
    learn.ganModel.runNetwork('critic', x, classes && tf.zeros([2, rowCount(classes)]));
  const suspects: Used[] = fails(() => twice(score, images()))
    ? [use('architecture', config.arch.name)]
    : [
        ...config.augment.map(({name}) => use('augmentation', name)),
        ...config.penalty.map(({name}) => use('penalty', name)),
        use('loss', config.loss.name),
      ].filter((one) => one.package !== undefined);
  const words = (one: Used): string =>
    `the ${kindLabel(one.kind)} '${shortName(one.name)}'${one.package === undefined ? '' : ` of ${one.package}`}`;
  const penalties = config.penalty.map(({name}) => shortName(name)).join(', ');
  return new GanError(
    'config',
    'GAN_SECOND_ORDER',
    `The operation ${operation} has no derivative, which ${penalties === '' ? 'this training' : `the penalty ${penalties}`} needs` +
      `${suspects.length === 0 ? '' : `; ${suspects.map(words).join(', or ')} uses it`}.`,
    {
      cause: error,
      suggestions: [
        ...(penalties === '' ? [] : ['Train without the penalty: --penalty none']),
        ...suspects
          .slice(0, 1)
          .map((one) => `Replace the operation in ${words(one)} by others, or use another ${kindLabel(one.kind)}.`),
      ],
    },
  );
}

/**
 * The derivatives of the squared derivative of a network's output by its input: by the weights, as a training needs
 * them, and by the input, on which an operation that is not linear makes it depend.
 */
function twice(f: (x: Tensor) => Tensor, x: Tensor): void {
  const slope = tf.grad((input: Tensor) => tf.sum(f(input)));
  const steepness = (input: Tensor): Scalar => tf.sum(tf.square(slope(input)));
  tf.tidy(() => {
    tf.variableGrads(() => steepness(x));
    tf.grad(steepness)(x);
  });
  x.dispose();
}

function fails(work: () => void): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return missing.test(messageOf(error));
  }
}
