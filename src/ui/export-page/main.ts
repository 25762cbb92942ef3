/** The page: what its controls do. */
import {drawLatent, slerp} from '../../gan/latents.js';
import {classSliders} from '../page/class-sliders.js';
import {openDevice, type DeviceName} from './device.js';
import {isSingleFile} from './embedded.js';
import {fillGrid} from './grid.js';
import {loadGenerator, type Generator} from './generator.js';
import {download, draw, pixelsOf, sheet} from './pictures.js';
import {makeSliders} from './sliders.js';

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const input = (id: string): HTMLInputElement => element(id);
const status = element('status');

function say(text: string, isError = false): void {
  status.textContent = text;
  status.classList.toggle('error', isError);
}

/** A whole number from 0; what is no number counts as 0. */
const seedIn = (field: HTMLInputElement): number => Math.max(0, Math.floor(Number(field.value) || 0));

function start(generator: Generator, device: DeviceName): void {
  const {facts, title} = generator;
  const picture = element<HTMLCanvasElement>('picture');
  let index = 0;
  let latent = drawLatent(facts.latentSize, 0);
  let drawing = false;
  let wanted = false;

  /** Draws the newest latent; while one is being drawn, others only wait. */
  const redraw = async (): Promise<void> => {
    wanted = true;
    if (drawing) return;
    drawing = true;
    try {
      while (wanted) {
        wanted = false;
        const began = performance.now();
        draw(picture, pixelsOf(await generator.run(latent, classes.shares()), 0, facts));
        say(
          `Runs on ${device === 'webgpu' ? 'WebGPU' : 'WASM'}: ${Math.round(performance.now() - began)} ms for a picture.`,
        );
      }
    } catch (error) {
      say((error as Error).message, true);
    } finally {
      drawing = false;
    }
  };
  const classes = classSliders(() => {
    void redraw();
    refill();
  });
  classes.setNames(facts.classes ?? []);
  element('classes').append(classes.element);
  const sliders = makeSliders(element('sliders'), facts.latentSize, (axis, value) => {
    stop();
    latent[axis] = value;
    void redraw();
  });
  const show = (next: Float32Array): void => {
    latent = next;
    sliders.set(latent);
    void redraw();
  };
  const ofSeed = (): Float32Array => drawLatent(facts.latentSize, seedIn(input('seed')), index);

  const grid = fillGrid(
    element('grid'),
    generator,
    () => classes.shares(),
    (picked) => {
      stop();
      index = picked;
      show(ofSeed());
    },
    (error) => say(error.message, true),
  );
  const refill = (): void =>
    void grid.fill(seedIn(input('seed')), Number(element<HTMLSelectElement>('count').value), index);

  const seedChanged = (): void => {
    stop();
    index = 0;
    show(ofSeed());
    refill();
  };
  input('seed').addEventListener('change', seedChanged);
  element('next').addEventListener('click', () => {
    input('seed').value = String(seedIn(input('seed')) + 1);
    seedChanged();
  });
  element('reset').addEventListener('click', () => {
    stop();
    show(ofSeed());
  });
  element('count').addEventListener('change', refill);

  const move = (): void => {
    const ends = ['from', 'to'].map((id) => drawLatent(facts.latentSize, seedIn(input(id))));
    show(slerp(ends[0]!, ends[1]!, Number(input('between').value)));
  };
  let playing = 0;
  const stop = (): void => {
    cancelAnimationFrame(playing);
    playing = 0;
    element('play').textContent = 'Play';
    element('play').setAttribute('aria-pressed', 'false');
  };
  const play = (began: number): void => {
    playing = requestAnimationFrame(() => {
      input('between').value = String((1 - Math.cos((performance.now() - began) / 1000)) / 2); // there and back in 6 s
      if (!drawing) move();
      if (playing) play(began);
    });
  };
  element('play').addEventListener('click', () => {
    if (playing) return stop();
    const position = Number(input('between').value);
    element('play').textContent = 'Stop';
    element('play').setAttribute('aria-pressed', 'true');
    play(performance.now() - 1000 * Math.acos(1 - 2 * position));
  });
  for (const id of ['from', 'to', 'between'])
    input(id).addEventListener('input', () => {
      stop();
      move();
    });
  element('save').addEventListener('click', () => download(picture, `${facts.run}-${seedIn(input('seed'))}.png`));
  element('save-grid').addEventListener('click', () => {
    const canvases = grid.canvases();
    download(sheet(canvases, Math.sqrt(canvases.length)), `${facts.run}-${seedIn(input('seed'))}-grid.png`);
  });

  element('title').textContent = title;
  document.title = title;
  element('facts').textContent =
    `Generator of ${facts.imageSize} × ${facts.imageSize} pictures from ${facts.latentSize} numbers, ${facts.architecture}, ${facts.checkpoint}`;
  element('main').hidden = false;
  show(latent);
  refill();
}

async function main(): Promise<void> {
  if (location.protocol === 'file:' && !isSingleFile()) {
    return say(
      'A browser lets this page read its files from a web server only. In its folder, run "npx serve" or "python3 -m http.server" and open the address that it shows.',
      true,
    );
  }
  const wanted = new URLSearchParams(location.search).get('device');
  const device = await openDevice(wanted === 'webgpu' || wanted === 'wasm' ? wanted : 'auto');
  const generator = await loadGenerator(device);
  // for programs that drive this page: the numbers behind the pictures
  Object.assign(globalThis, {
    gan: {device, facts: generator.facts, generate: generator.run},
  });
  start(generator, device);
}

main().catch((error: unknown) => say(`The generator cannot run here: ${(error as Error).message}`, true));
