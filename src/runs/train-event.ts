import type {Finding} from './watch/finding.js';

/** What a run tells while it trains, for progress bars and `--json`. */
export type TrainEvent =
  /** `notCaptured`: why no step will be repeated from a recording, as far as that is known before the first. */
  | {
      type: 'start';
      run: string;
      step: number;
      steps: number;
      epochs: number;
      items: number;
      generatorParameters: number;
      criticParameters: number;
      notCaptured?: string;
    }
  | {
      type: 'step';
      step: number;
      steps: number;
      epoch: number;
      mode: 'critic' | 'generator';
      loss: number;
      lr: number;
      genLoss?: number;
      critLoss?: number;
      images: number;
      imagesPerSecond: number;
      secondsLeft: number;
    }
  | {type: 'epoch'; columns: string[]; row: (number | null)[]; seconds: number}
  /** The watch over the training sees something, or it is over. */
  | ({type: 'finding'; step: number} & Finding)
  /** The run goes back to the checkpoint of `step`, because of what `why` says. */
  | {type: 'retry'; step: number; attempt: number; retries: number; lr: number; why: string}
  | {type: 'sample'; step: number; path: string}
  | {type: 'checkpoint'; step: number; path: string}
  | {type: 'warning'; message: string};
