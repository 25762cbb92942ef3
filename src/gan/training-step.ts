import {GanError} from '../errors.js';
import {noGrad} from '../backends/fused/no-grad.js';
import {tf, type Tensor} from '../backends/tf.js';
import type {Progress} from './callbacks/schedule.js';
import type {GANModule} from './gan-module.js';
import type {Terms} from './losses/terms.js';
import {wholeStep, type Pass} from './passes.js';
import type {StepRandom} from './step-random.js';
import type {Turn} from './switchers/switcher.js';

/**
 * The real or the generated images of a step. Each of these is computed when it is first asked for, and once for all
 * who ask.
 */
export interface StepImages {
  /** [batch, height, width, channels], normalised as the networks see them. */
  readonly images: Tensor;
  /** The critic's scores of the images, [batch, ...]. */
  readonly scores: Tensor;
  /**
   * The gradient of the sum of the scores by the images, shaped like the images. It belongs to the pass of the critic
   * that gave the scores and can be differentiated again.
   */
  readonly slopes: Tensor;
}

/** How far the training is when a step begins. */
export interface StepProgress extends Progress {
  /** Steps of the network whose turn it is before this one. */
  networkStep: number;
  /** Real images in all steps before this one, of both networks. */
  images: number;
}

/**
 * One training step, as losses and penalties see it. Everything is on the gradient tape, except that the generated
 * images are constants in a critic's step. Numbers of the host, such as `progress`, stand still when a step is repeated
 * from a recording: what changes with them has to go through `nn.perStepTensor`.
 */
export interface TrainingStep {
  /** The network that is trained in this step. */
  readonly turn: Turn;
  readonly real: StepImages;
  readonly fake: StepImages;
  /** The generator's input: latents, [batch, n], or input images. */
  readonly latents: Tensor;
  /**
   * What each real image shows: its class, int32 [batch], or shares of classes, float32 [batch, classes]; undefined
   * where the data has no labels.
   */
  readonly labels: Tensor | undefined;
  /**
   * Scores of any images, augmented and with the step's labels as the others, from a pass of their own: [n, height,
   * width, channels] -> [n, ...].
   */
  critic(images: Tensor): Tensor;
  /** Images made of any latents, with the step's labels, from a pass of their own. */
  generator(latents: Tensor): Tensor;
  readonly progress: StepProgress;
  /**
   * The part of the step that this is, where gradients are accumulated: losses and penalties are asked for each pass,
   * with its images. Who keeps something from step to step has to take this into account.
   */
  readonly pass: Pass;
  readonly random: StepRandom;
}

/** What a step is made of. What is known already is not computed again. */
export interface StepFacts {
  model: GANModule;
  turn: Turn;
  latents?: Tensor;
  labels?: Tensor | undefined;
  real: {images?: Tensor; scores?: Tensor};
  fake: {images?: Tensor};
  progress: StepProgress;
  /** Absent: the step is computed at once. */
  pass?: Pass;
  /** Changes the images that the critic sees; absent: it sees them as they are. */
  augment?: (images: Tensor) => Tensor;
}

/**
 * The state of a step that its losses and penalties share; each of them gets a view with a random stream of its own.
 */
export class SharedStep {
  readonly #facts: StepFacts;
  readonly #real: LazyImages;
  readonly #fake: LazyImages;
  readonly #kept: Tensor[] = [];

  private constructor(facts: StepFacts) {
    const {real, fake, latents, labels} = facts;
    const others = [real.images, real.scores, fake.images, latents, labels];
    const keep = (tensor: Tensor): Tensor => {
      if (others.includes(tensor)) return tensor; // a network that gives back its input
      this.#kept.push(tensor);
      return tf.keep(tensor);
    };
    const score = (images: Tensor): Tensor => this.#critic(images);
    this.#facts = facts;
    this.#real = new LazyImages(() => given(real.images, 'the real images'), score, keep, real.scores);
    this.#fake = new LazyImages(
      () => fake.images ?? keep(this.#generator(given(latents, "the generator's input"))),
      score,
      keep,
    );
  }

  /**
   * The terms that `compute` gives for a step. What was computed for the step alone is freed; the tape has kept what a
   * backward pass needs of it.
   */
  static terms(facts: StepFacts, compute: (step: SharedStep) => Terms): Terms {
    const step = new SharedStep(facts);
    try {
      const terms = Object.entries(compute(step));
      return Object.fromEntries(terms.map(([name, term]) => [name, step.#kept.includes(term) ? tf.clone(term) : term]));
    } finally {
      tf.dispose(step.#kept);
    }
  }

  /** The step as one of its parts sees it. */
  view(random: StepRandom): TrainingStep {
    const {turn, latents, labels, progress, pass = wholeStep} = this.#facts;
    return {
      turn,
      real: this.#real,
      fake: this.#fake,
      get latents() {
        return given(latents, "the generator's input");
      },
      labels,
      critic: (images) => this.#critic(images),
      generator: (input) => this.#generator(input),
      progress,
      pass,
      random,
    };
  }

  #critic(images: Tensor): Tensor {
    const {model, labels, augment} = this.#facts;
    return model.runNetwork('critic', augment ? augment(images) : images, labels);
  }

  /** In a critic's step its images are constants: no gradient flows to the generator. */
  #generator(latents: Tensor): Tensor {
    const {model, labels, turn} = this.#facts;
    const forward = (): Tensor => model.runNetwork('generator', latents, labels);
    return turn === 'critic' ? noGrad(forward) : forward();
  }
}

class LazyImages implements StepImages {
  readonly #make: () => Tensor;
  readonly #score: (images: Tensor) => Tensor;
  readonly #keep: (tensor: Tensor) => Tensor;
  #images: Tensor | undefined;
  #scores: Tensor | undefined;
  #slopes: Tensor | undefined;

  /** @param keep of what is computed here: authors may ask for it inside a tidy of their own */
  constructor(
    make: () => Tensor,
    score: (images: Tensor) => Tensor,
    keep: (tensor: Tensor) => Tensor,
    scores?: Tensor,
  ) {
    this.#make = make;
    this.#score = score;
    this.#keep = keep;
    this.#scores = scores;
  }

  get images(): Tensor {
    return (this.#images ??= this.#make());
  }

  get scores(): Tensor {
    return (this.#scores ??= this.#keep(this.#score(this.images)));
  }

  get slopes(): Tensor {
    return (this.#slopes ??= this.#keep(this.#differentiate()));
  }

  /**
   * On the tape the operations from the images to the scores are there already; outside of it they are not, and have to
   * run again.
   */
  #differentiate(): Tensor {
    const {images, scores} = this;
    const isOnTape = tf.engine().state.gradientDepth > 0;
    return tf.grad((x) => tf.sum(isOnTape ? scores : this.#score(x)))(images);
  }
}

function given(tensor: Tensor | undefined, what: string): Tensor {
  if (tensor) return tensor;
  throw new GanError('usage', 'GAN_ARGUMENT', `the loss asks for ${what}, which this step was not given`, {
    suggestions: ['train with a GANLearner, which gives its losses the whole step'],
  });
}
